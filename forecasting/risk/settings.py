"""The [risk] section of the configuration: what this shop calls a complaint."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from connectors.durations import Duration
from connectors.settings import Section
from forecasting.risk.labels import Complaint

_DAY = timedelta(days=1)


class RiskSettings(Section):
    """A rating of at most `rating` of its scale, a case of these kinds, a contact about these
    topics; with `quiet`, silence so long after an order's end means content."""

    rating: float = Field(default=0.4, ge=0, lt=1)
    rating_kinds: tuple[str, ...] = ("review",)
    case_kinds: tuple[str, ...] = ("complaint", "refund", "return")
    contact_topics: tuple[str, ...] = ("complaint",)
    quiet: Duration | None = None

    def complaint(self) -> Complaint:
        """The definition that training starts from; whole days of silence."""
        quiet = None if self.quiet is None else max(1, round(self.quiet / _DAY))
        return Complaint(
            self.rating, self.rating_kinds, self.case_kinds, self.contact_topics, quiet
        )
