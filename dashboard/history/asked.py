"""What a viewer asked of a history page, complete and checked: URL → Asked. Pure.

Its texts come from the catalogue; what answers it is the page's.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from dashboard.history.drill import Pick, read_pick
from dashboard.history.filters import LABELS, chosen_labels, read_filters
from dashboard.history.period import CUSTOM, Period, Problem, before, read_period
from dashboard.words import Language, Words, words
from metrics.reading import Where

# What of a URL belongs to the history pages, and goes along from one of them to the next.
SHARED: Final = ("period", "from", "until", "compare", *LABELS)
OWN: Final = ("kpi", "behind")


@dataclass(frozen=True, slots=True)
class Asked:
    page: str
    language: Language
    now: datetime  # of the shop's zone
    period: Period
    before: Period | None  # what it is compared with
    where: Where
    kpi: str  # the one that the charts show
    pick: Pick | None
    problems: tuple[Problem, ...]

    @property
    def say(self) -> Words:
        return words(self.language)

    @property
    def zone(self) -> ZoneInfo:
        return self.period.zone

    @property
    def key(self) -> Hashable:
        """What an answer depends on: whoever asks the same gets the same."""
        return (self.page, self.kpi, self.period, self.before, self.where)

    def period_said(self, period: Period | None = None) -> str:
        """`28 Oct – 24 Nov 2026`, or the day."""
        shown = period or self.period
        first, last = self.say.full_day(shown.first), self.say.full_day(shown.last)
        return first if shown.first == shown.last else self.say("history.span", a=first, b=last)

    def filters_said(self) -> str:
        parts = [
            self.say(
                "history.filter", name=self.say(f"label.{name}"), values=self.say.listing(values)
            )
            for name, values in chosen_labels(self.where)
        ]
        return "; ".join(parts) or self.say("history.all")


def read_asked(  # noqa: PLR0913 - what a URL is checked against
    page: str,
    query: Mapping[str, Sequence[str]],
    *,
    kpis: Sequence[str],
    more: Sequence[str] = (),
    known: Mapping[str, Sequence[str]],
    language: Language,
    now: datetime,
) -> Asked:
    """The wishes of a URL; what of it cannot be followed is left out and said in `problems`.

    kpis: those of the page, its usual one first; more: those that only marks lead to. known: the
    values of each filter.
    """
    single = {name: values[-1] for name, values in query.items() if values}
    period, wrong = read_period(single, now)
    where, problems = read_filters(query, known)
    if wrong is not None:
        problems.insert(0, wrong)
    kpi = single.get("kpi", kpis[0])
    if kpi not in kpis:
        problems.append(Problem("history.unknown_kpi", (("figure", kpi[:40]),)))
        kpi = kpis[0]
    pick = read_pick(single["behind"]) if "behind" in single else None
    if pick is not None and pick.kpi not in (*kpis, *more):
        pick = None
    if pick is None and "behind" in single:
        problems.append(Problem("history.unknown_pick"))
    compared = None if single.get("compare") == "0" else before(period)
    return Asked(page, language, now, period, compared, where, kpi, pick, tuple(problems))


def period_query(period: Period) -> dict[str, str]:
    """A period as it stands in a URL."""
    if period.name != CUSTOM:
        return {"period": period.name}
    return {"from": period.first.isoformat(), "until": period.last.isoformat()}
