"""The pace of a rolling share equals what adding rounds one by one comes to."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.pace import (
    Day,
    Tally,
    cost,
    first_at,
    in_a_row,
    leaves_on,
    line_of,
    meets,
    project,
    spare,
    to_recover,
    worst,
)

TODAY = date(2026, 11, 21)
lines = st.one_of(
    st.sampled_from([50, 85, 90, 90.5, 95, 99, 100]),
    st.integers(200, 980).map(lambda tenths: tenths / 10),
)
tallies = st.integers(0, 150).flatmap(
    lambda n: st.builds(Tally, st.just(n), st.one_of(st.integers(0, n), st.just(n)))
)
rates = st.fractions(min_value=0, max_value=1, max_denominator=40)
some_days = st.lists(tallies, min_size=1, max_size=8)


def ends_at_the_line(window: Tally, rest: int, slow: int, line: Fraction) -> bool:
    """By counting: the rest of the day comes in, so many of it slow."""
    n, good = window.n, window.good
    for number in range(rest):
        n += 1
        good += 0 if number < slow else 1
    return n == 0 or Fraction(good, n) >= line


@settings(deadline=None)
@given(tallies, st.integers(0, 120), lines)
def test_the_spare_slow_answers_are_the_most_that_still_end_at_the_line(
    window: Tally, rest: int, target: float
) -> None:
    line = line_of(target)
    allowed = [slow for slow in range(rest + 1) if ends_at_the_line(window, rest, slow, line)]
    assert spare(window, rest, line) == (max(allowed) if allowed else None)


@settings(deadline=None)
@given(tallies, lines)
def test_slow_answers_in_a_row_break_the_line_at_just_one_more(
    window: Tally, target: float
) -> None:
    line = line_of(target)
    found = in_a_row(window, line)
    if found is None:
        assert not meets(window, line)
        return
    n, taken = window.n, 0
    while n == 0 or Fraction(window.good, n + 1) >= line:
        if n == 0 and line > 0:  # the first slow answer of all is below any line
            break
        n, taken = n + 1, taken + 1
    assert found == taken


@settings(deadline=None)
@given(tallies, lines)
def test_recovery_takes_just_as_many_fast_answers_as_are_counted(
    window: Tally, target: float
) -> None:
    line = line_of(target)
    found = to_recover(window, line)
    if line == 1 and window.slow:
        assert found is None  # one slow answer spoils a hundred percent until its day leaves
        return
    n, good, added = window.n, window.good, 0
    while n and Fraction(good, n) < line:
        n, good, added = n + 1, good + 1, added + 1
    assert found == added


@settings(deadline=None)
@given(tallies, lines, rates)
def test_recovery_at_a_rate_is_the_first_number_of_rounds_that_gets_there(
    window: Tally, target: float, rate: Fraction
) -> None:
    line = line_of(target)
    found = to_recover(window, line, rate)
    if found is None:
        assert rate <= line
        assert not meets(window, line)
        return
    assert window.good + rate * found >= line * (window.n + found)
    if found:
        assert window.good + rate * (found - 1) < line * (window.n + found - 1)


@settings(deadline=None)
@given(some_days, st.lists(st.integers(0, 60), min_size=1, max_size=9), rates)
def test_the_projection_equals_windows_put_together_day_by_day(
    tallies_of_days: list[Tally], coming: list[int], rate: Fraction
) -> None:
    length = len(tallies_of_days)
    days = [
        Day(TODAY - timedelta(days=length - 1 - at), one) for at, one in enumerate(tallies_of_days)
    ]
    ahead = [(TODAY + timedelta(days=at), n) for at, n in enumerate(coming)]
    points = project(days, ahead, rate, length)
    line: list[tuple[Fraction, int]] = [(Fraction(d.tally.good), d.tally.n) for d in days]
    line[-1] = (line[-1][0] + rate * coming[0], line[-1][1] + coming[0])
    for at, point in enumerate(points):
        if at:
            line.append((rate * coming[at], coming[at]))
        window = line[-length:]
        n = sum(count for _, count in window)
        assert point.share == (sum(good for good, _ in window) / n if n else None)
        assert point.day == ahead[at][0]


@settings(deadline=None)
@given(some_days, lines)
def test_without_the_worst_day_the_window_stands_better_than_without_any_other(
    tallies_of_days: list[Tally], target: float
) -> None:
    line = line_of(target)
    days = [Day(TODAY + timedelta(days=at), one) for at, one in enumerate(tallies_of_days)]
    found = worst(days, line)
    if found is None:
        assert all(meets(one.tally, line) for one in days)
        return

    def excess(left_out: Day) -> Fraction:
        rest = [one.tally for one in days if one is not left_out]
        return sum(one.good for one in rest) - line * sum(one.n for one in rest)

    assert all(excess(found) >= excess(other) for other in days)


@settings(deadline=None)
@given(tallies, st.integers(0, 50))
def test_one_slow_answer_costs_what_it_takes_off_the_share(window: Tally, rest: int) -> None:
    found = cost(window, rest)
    n = window.n + rest
    if n == 0:
        assert found is None
        return
    assert found == Fraction(window.good + rest, n) - Fraction(window.good + rest - 1, n)


def test_a_line_is_what_was_written_and_not_what_a_float_makes_of_it() -> None:
    assert line_of(90.1) == Fraction(901, 1000)
    assert meets(Tally(1000, 901), line_of(90.1))
    assert not meets(Tally(1000, 900), line_of(90.1))


def test_a_day_leaves_when_the_window_that_begins_after_it_starts() -> None:
    assert leaves_on(date(2026, 11, 1), 30) == date(2026, 12, 1)


def test_the_first_day_at_the_line_is_named_and_a_window_without_rounds_is_not() -> None:
    days = [Day(TODAY, Tally(10, 5))]
    ahead = [(TODAY, 0), (TODAY + timedelta(days=1), 0), (TODAY + timedelta(days=2), 4)]
    points = project(days, ahead, Fraction(1), 1)
    assert [one.share for one in points] == [Fraction(1, 2), None, Fraction(1)]
    assert first_at(points, line_of(90)) == TODAY + timedelta(days=2)
    assert first_at(points[:2], line_of(90)) is None
