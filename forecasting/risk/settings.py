"""The [risk] section of the configuration: what this shop calls a complaint, and how it acts."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from connectors.durations import Duration
from connectors.settings import Section
from forecasting.risk.complaint import Complaint

_DAY = timedelta(days=1)


class RiskSettings(Section):
    """A rating of at most `rating` of its scale, a case of these kinds, a contact about these
    topics; with `quiet`, silence so long after an order's end means content.

    The worklist takes about `capacity` orders a day, or all from probability `line` on; each is to
    be touched within `due`, and the share `holdout` is left alone at random.
    """

    rating: float = Field(default=0.4, ge=0, lt=1)
    rating_kinds: tuple[str, ...] = ("review",)
    case_kinds: tuple[str, ...] = ("complaint", "refund", "return")
    contact_topics: tuple[str, ...] = ("complaint",)
    quiet: Duration | None = None
    capacity: int = Field(default=40, ge=1, le=5000)
    line: float | None = Field(default=None, gt=0, lt=1)
    due: Duration = timedelta(hours=24)
    holdout: float = Field(default=0.1, ge=0, le=0.5)
    outcome_after: Duration = timedelta(days=30)
    rescore: Duration = timedelta(minutes=2)
    retrain: Duration = timedelta(days=7)

    def complaint(self) -> Complaint:
        """The definition that training starts from; whole days of silence."""
        quiet = None if self.quiet is None else max(1, round(self.quiet / _DAY))
        return Complaint(
            self.rating, self.rating_kinds, self.case_kinds, self.contact_topics, quiet
        )
