"""Which numbers changed, ranked by how much it matters. Pure: spans in, figures and changes out.

A number changed when it lies beyond what it swings by anyway (noise.py) and the difference is large
enough to care. Numbers of one digest are tested together: where nothing happens, about one digest
in twenty names a change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from alerts.digest.content import Change, Direction, Figure, Verdict
from alerts.digest.noise import SHARES, Past, Span, Test, compare, holm, is_thin, level, value_at
from metrics.kpi import Kpi

MOST_CHANGES = 4
MOST_QUEUES = 2
LARGEST = 10.0  # times the difference worth telling: beyond it everything matters as much
# A change for the worse asks for somebody to act.
URGENCY: dict[Direction, float] = {"worse": 1.5, "neither": 1.0, "better": 0.8}
WORTH_SHARE = 0.02
WORTH_POINTS = {"score": 0.05, "points": 2.0}  # by unit
WORTH_RELATIVE = 0.1  # of all others
LEAST_WEIGHT = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One KPI, as a whole or of one queue: the span told of, the one before, and the past."""

    kpi: Kpi
    queue: str | None = None
    now: Span
    before: Span
    past: Past


@dataclass(frozen=True, slots=True)
class Findings:
    """All figures in the order of their KPIs, and the changes, the most important first."""

    figures: tuple[Figure, ...]
    changes: tuple[Change, ...]
    by_queue: Mapping[str, tuple[Figure, ...]]


@dataclass(frozen=True, slots=True)
class _Judged:
    track: Track
    figure: Figure
    test: Test | None


def find_changes(totals: Sequence[Track], queues: Mapping[str, Sequence[Track]]) -> Findings:
    """`totals` in the audience's order, `queues` by KPI key."""
    judged = _verdicts([_judge(track) for track in totals])
    flat = _verdicts([_judge(track) for tracks in queues.values() for track in tracks])
    by_queue = {
        key: tuple(one for one in flat if one.track.kpi.key == key) for key in queues
    }  # each KPI's, still with their tests
    weights = {track.kpi.key: _weight(place, len(totals)) for place, track in enumerate(totals)}
    changes = [
        _change(one, weights, by_queue.get(one.track.kpi.key, ()))
        for one in judged
        if one.figure.verdict is Verdict.CHANGED
    ]
    told = {(change.figure.kpi, change.figure.direction) for change in changes}
    # One queue may fall while the shop as a whole does not: that is news of its own.
    changes += [
        _change(one, weights, ())
        for one in flat
        if one.figure.verdict is Verdict.CHANGED
        and (one.figure.kpi, one.figure.direction) not in told
    ]
    changes.sort(key=lambda change: -change.importance)
    return Findings(
        tuple(one.figure for one in judged),
        tuple(changes[:MOST_CHANGES]),
        {key: tuple(one.figure for one in found) for key, found in by_queue.items()},
    )


def _judge(track: Track) -> _Judged:
    shape = track.kpi.shape
    known = [span for span in track.past.usual if level(shape, span) is not None]
    usual = _usual(track, known)
    test = None
    if track.now.value is None:
        verdict = Verdict.NO_DATA
    elif is_thin(shape, track.now, known):
        verdict = Verdict.THIN
    else:
        test = compare(shape, track.now, track.past)
        verdict = Verdict.NO_HISTORY if test is None else Verdict.STEADY
    low, high = _range(track, test)
    figure = Figure(
        kpi=track.kpi.key,
        queue=track.queue,
        value=track.now.value,
        n=track.now.n,
        before=track.before.value,
        before_n=track.before.n,
        usual=usual,
        usual_n=sum(span.n for span in known),
        low=low,
        high=high,
        verdict=verdict,
        direction=_direction(track.kpi, track.now.value, usual),
    )
    return _Judged(track, figure, test)


def _verdicts(judged: Sequence[_Judged]) -> list[_Judged]:
    """Tests of one family together: CHANGED where both the test and the size say so."""
    held = iter(holm([one.test.p for one in judged if one.test is not None]))
    found = []
    for one in judged:
        if one.test is not None and next(held) and _size(one) >= 1:
            one = replace(one, figure=replace(one.figure, verdict=Verdict.CHANGED))
        found.append(one)
    return found


def _size(one: _Judged) -> float:
    """The difference in units of what is worth telling."""
    shape, test = one.track.kpi.shape, one.test
    at = level(shape, one.track.now)
    if test is None or at is None:
        return 0.0
    if shape in SHARES:
        return abs(at - test.usual) / WORTH_SHARE
    if points := WORTH_POINTS.get(one.track.kpi.unit):
        return abs(at - test.usual) / points
    if shape == "duration":
        return abs(at - test.usual) / WORTH_RELATIVE
    return LARGEST if test.usual == 0 else abs(at / test.usual - 1) / WORTH_RELATIVE


def _change(one: _Judged, weights: Mapping[str, float], queues: Sequence[_Judged]) -> Change:
    figure = one.figure
    weight = weights.get(figure.kpi, LEAST_WEIGHT) * URGENCY[figure.direction]
    moved = sorted(
        (
            queue
            for queue in queues
            if queue.figure.verdict is Verdict.CHANGED
            and queue.figure.direction == figure.direction
            and _upward(queue.figure) == _upward(figure)
        ),
        key=lambda queue: -_pull(queue),
    )
    return Change(
        figure=figure,
        hit=_hit(one),
        importance=min(_size(one), LARGEST) * weight,
        queues=tuple(queue.figure for queue in moved[:MOST_QUEUES]),
    )


def _pull(one: _Judged) -> float:
    """How much a queue moves the whole: its difference times the customers it has."""
    at = level(one.track.kpi.shape, one.track.now)
    if one.test is None or at is None:
        return 0.0
    counted = one.track.kpi.shape in ("count", "sum")
    return abs(at - one.test.usual) * (1 if counted else one.track.now.n)


def _hit(one: _Judged) -> float | None:
    """About how many contacts (orders, cases) differ from the usual; None where it can't be said.

    For durations: the half of them above the median, all of which took longer than usual.
    """
    shape, at = one.track.kpi.shape, level(one.track.kpi.shape, one.track.now)
    if one.test is None or at is None:
        return None
    if shape in SHARES:
        return abs(at - one.test.usual) * one.track.now.n
    if shape == "duration":
        return one.track.now.n / 2
    return abs(at - one.test.usual) if shape == "count" else None


def _range(track: Track, test: Test | None) -> tuple[float | None, float | None]:
    if test is None:
        return None, None
    shape, n = track.kpi.shape, track.now.n
    ends = test.usual - test.half, test.usual + test.half
    return value_at(shape, ends[0], n), value_at(shape, ends[1], n)


def _direction(kpi: Kpi, value: float | None, usual: float | None) -> Direction:
    if value is None or usual is None or value == usual or kpi.better == "neither":
        return "neither"
    return "better" if (value > usual) == (kpi.better == "higher") else "worse"


def _usual(track: Track, known: Sequence[Span]) -> float | None:
    """The median; of hits, how many they would be among as many as this time."""
    if not known:
        return None
    if track.kpi.shape != "hits":
        return median(_value(span) for span in known)
    shares = [one for span in known if (one := level("hits", span)) is not None]
    return value_at("hits", median(shares), track.now.n)


def _upward(figure: Figure) -> bool:
    return (figure.value or 0.0) > (figure.usual or 0.0)


def _weight(place: int, count: int) -> float:
    """From 1 for the first KPI of an audience down to LEAST_WEIGHT for its last."""
    if count < 2:
        return 1.0
    return 1.0 - (1.0 - LEAST_WEIGHT) * place / (count - 1)


def _value(span: Span) -> float:
    return 0.0 if span.value is None else span.value
