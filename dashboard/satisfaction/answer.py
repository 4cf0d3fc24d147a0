"""All that the Satisfaction page shows, without words of any language: Reader → Satisfaction.

Each KPI is read once per window; figures, course, splits and scores are sums over the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dashboard.history.asked import Asked
from dashboard.history.filters import LABELS
from dashboard.history.period import Period
from dashboard.history.study import Answer, Study, known_then, reach_of
from dashboard.history.tiles import Headline
from dashboard.satisfaction import rated, tickets
from dashboard.satisfaction.rated import Grain, Rated, Split, Stretch
from dashboard.satisfaction.sums import Tally, counted, tally
from dashboard.satisfaction.tickets import Lowest, Unanswered
from metrics.errors import UnknownLabel
from metrics.kpi import Kpi
from metrics.needs import lacks_of
from metrics.reading import Reader
from metrics.values import Values

KPIS: Final = ("csat", "csat_response_rate", "nps", "review_score", "negative_review_share",
               "negative_review_answered")  # fmt: skip
MORE: Final = ("csat_score",)  # mean of the survey's scores; its values are the distribution
# The KPI whose values are the scores behind a figure, the best first.
_SCORES: Final[Mapping[str, tuple[str, ...]]] = {
    "csat": ("csat_score", "csat"),
    "csat_response_rate": ("csat_score", "csat"),
    "nps": ("nps",),
}
_OF_REVIEWS: Final = ("review_score",)
STARS_FROM: Final = (0.0, 1.5, 2.5, 3.5, 4.5)  # where the bands of 1, 2, 3, 4 and 5 stars begin
GROUPS_FROM: Final = (-100.0, 0.0, 100.0)  # detractors, passives, promoters


@dataclass(frozen=True, slots=True)
class Scores:
    """How many answers lie in each band of a KPI's scores."""

    kpi: Kpi
    edges: tuple[float, ...]
    now: tuple[int, ...]
    before: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the funnel; `kpi` counts it, `name` is its text in the catalogue."""

    name: str
    kpi: str
    now: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """`answer` is what the frame's own parts read. Empty and None: there is nothing to show."""

    answer: Answer
    figures: tuple[Rated, ...]
    chosen: Rated
    grain: Grain
    course: tuple[Stretch, ...]
    earlier: tuple[Stretch, ...]  # as long as the course, of the days before
    splits: tuple[Split, ...]
    scores: Scores | None
    funnel: tuple[Step, ...]
    lowest: Lowest | None
    unanswered: Unanswered | None

    @property
    def as_of(self) -> datetime:
        return self.answer.as_of


@dataclass(slots=True)
class _Counted:
    """A KPI over the period and the days before; None where its filters leave nothing to know."""

    kpi: Kpi
    now: Values | None
    before: Values | None
    tallied: Tally | None = None
    earlier: Tally | None = None


def load(reader: Reader, asked: Asked) -> Satisfaction:
    """Raises StoreError and the errors of metrics."""
    keys = [key for key in KPIS if key in reader.registry]
    found = {key: _counted(reader, key, asked) for key in keys}
    grain = rated.grain_for(found[asked.kpi].tallied, asked.period.days)
    figures = {key: _rated(reader, one, asked, grain) for key, one in found.items()}
    one, chosen = found[asked.kpi], figures[asked.kpi]
    score = _score_values(reader, asked, found)
    course = _course(one, one.tallied, grain, asked.period)
    # Months are not equally long: no month of the days before lies over one of now.
    past = _course(one, one.earlier, grain, asked.before) if grain != "month" else ()
    return Satisfaction(
        answer=_answer(reader, chosen.head, figures),
        figures=tuple(figures.values()),
        chosen=chosen,
        grain=grain,
        course=course if chosen.now else (),
        earlier=past if chosen.now else (),
        splits=_splits(reader, one),
        scores=_scores(score) if score else None,
        funnel=_funnel(asked.kpi, found),
        lowest=tickets.lowest(reader, score.now, asked.where) if score and score.now else None,
        unanswered=tickets.unanswered(reader, _missed(found), asked.where, asked.period.until),
    )


def _counted(reader: Reader, key: str, asked: Asked, *, sums: bool = True) -> _Counted:
    """`sums`: also counted up, and the chosen KPI by label."""
    kpi = reader.registry.find(key)
    try:
        now = _values(reader, key, asked, asked.period)
        compared = asked.before if asked.before and known_then(reader, kpi, asked.before) else None
        before = _values(reader, key, asked, compared) if compared else None
    except UnknownLabel:  # a filter of the page that this KPI knows nothing of
        return _Counted(kpi, None, None)
    found = _Counted(kpi, now, before)
    if sums:
        labelled = key == asked.kpi
        found.tallied = tally(now, labelled=labelled)
        found.earlier = tally(before, labelled=labelled) if before else None
    return found


def _values(reader: Reader, key: str, asked: Asked, period: Period) -> Values:
    return reader.values(key, period.since, period.until, asked.where)


def _rated(reader: Reader, one: _Counted, asked: Asked, grain: Grain) -> Rated:
    """The frame's Headline of the same sums, and the interval."""
    since, until = asked.period.since, asked.period.until
    lacks = lacks_of(one.kpi, reader.registry, reader.sources, reader.delivered)
    if one.tallied is None:
        empty = Headline(one.kpi, rated.row_of(since, until, None), None, (), lacks,
                         filtered_out=True)  # fmt: skip
        return rated.rated(empty, None, None)
    found = rated.estimate(one.kpi, one.tallied.sums, one.tallied.least)
    line = _course(one, one.tallied, grain, asked.period)
    head = Headline(
        one.kpi,
        rated.row_of(since, until, found),
        None,
        tuple(part.estimate.value if part.estimate else None for part in line),
        lacks,
    )
    return rated.rated(head, one.tallied, one.earlier)


def _course(
    one: _Counted, tallied: Tally | None, grain: Grain, period: Period | None
) -> tuple[Stretch, ...]:
    if tallied is None or period is None:
        return ()
    return rated.course(one.kpi, tallied, grain, running=period.running)


def _answer(reader: Reader, head: Headline, figures: Mapping[str, Rated]) -> Answer:
    reach = None if head.row.n else reach_of(reader, head.kpi)
    return Answer(
        reader.as_of,
        tuple(one.head for one in figures.values()),
        Study(head, (), (), (), (), (), reach=reach),
        min((one.share for key, one in reader.filling.items() if key in figures), default=1.0),
    )


def _splits(reader: Reader, one: _Counted) -> tuple[Split, ...]:
    """By each label that has more than one value."""
    if one.tallied is None or not one.tallied.sums.n:
        return ()
    labels = [name for name in LABELS if name in reader.registry.labels(one.kpi)]
    splits = [rated.split(one.kpi, name, one.tallied, one.earlier) for name in labels]
    return tuple(split for split in splits if len(split.parts) > 1)


def _score_values(reader: Reader, asked: Asked, found: Mapping[str, _Counted]) -> _Counted | None:
    """The values of the scores behind the chosen figure."""
    for key in _SCORES.get(asked.kpi, _OF_REVIEWS):
        if key in found:
            return found[key]
        if key in reader.registry:
            return _counted(reader, key, asked, sums=False)
    return None


def _scores(one: _Counted) -> Scores | None:
    """None for a share: it has no scores."""
    if one.now is None or not one.now.n or one.kpi.shape != "mean":
        return None
    edges = GROUPS_FROM if one.kpi.unit == "points" else STARS_FROM
    before = counted(one.before, edges) if one.before is not None else None
    return Scores(one.kpi, edges, counted(one.now, edges), before)


def _funnel(chosen: str, found: Mapping[str, _Counted]) -> tuple[Step, ...]:
    if chosen in ("csat", "csat_response_rate"):
        parts = [("sent", "csat_response_rate", "n"), ("answered", "csat_response_rate", "total")]
    elif chosen == "nps":
        return ()
    else:
        parts = [("reviews", "negative_review_share", "n"),
                 ("negative", "negative_review_share", "total"),
                 ("in_time", "negative_review_answered", "total")]  # fmt: skip
    steps = [step for name, key, what in parts if (step := _step(name, key, what, found))]
    return tuple(steps) if len(steps) > 1 and steps[0].now else ()


def _step(name: str, key: str, what: str, found: Mapping[str, _Counted]) -> Step | None:
    """None where nothing is known of it."""
    one = found.get(key)
    if one is None or one.tallied is None or not one.tallied.sums.n:
        return None
    now, earlier = one.tallied.sums, one.earlier.sums if one.earlier else None
    before = None if earlier is None or not earlier.n else round(getattr(earlier, what))
    return Step(name, key, round(getattr(now, what)), before)


def _missed(found: Mapping[str, _Counted]) -> Values | None:
    one = found.get("negative_review_answered")
    return one.now if one else None
