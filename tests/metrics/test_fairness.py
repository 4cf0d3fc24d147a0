"""The fair comparison against slow definitions, value by value, and what it must never say."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics import fairness
from metrics.fairness import Fair, Standing, Width
from metrics.histogram import CODES, MIDDLES, codes_of

AGENTS, QUEUES = 5, 3
VALUES = st.lists(
    st.tuples(
        st.integers(0, AGENTS - 1), st.integers(0, QUEUES - 1), st.floats(0.5, 5_000, width=32)
    ),
    min_size=1,
    max_size=120,
)


@dataclass
class Counted:
    """The arrays of (agent, queue, value) triples; a value hits when it is above `cut`."""

    n: np.ndarray
    hits: np.ndarray
    of_work: np.ndarray
    of_agents: np.ndarray


def counted(
    rows: list[tuple[int, int, float]], cut: float = 100.0, agents: int = AGENTS
) -> Counted:
    shape = (agents, QUEUES)
    made = Counted(
        np.zeros(shape, np.int64), np.zeros(shape),
        np.zeros((QUEUES, CODES), np.int64), np.zeros((agents, CODES), np.int64),
    )  # fmt: skip
    for agent, queue, value in rows:
        [code] = codes_of(np.asarray([value])).tolist()
        made.n[agent, queue] += 1
        made.hits[agent, queue] += value > cut
        made.of_work[queue, code] += 1
        made.of_agents[agent, code] += 1
    return made


@given(VALUES)
@settings(deadline=None)
def test_the_expected_share_is_the_average_over_the_queues_of_ones_own_contacts(
    rows: list[tuple[int, int, float]],
) -> None:
    made = counted(rows)
    found = fairness.expected_shares(made.n, made.hits)
    by_queue = defaultdict(list)
    for _, queue, value in rows:
        by_queue[queue].append(value > 100)
    for agent in range(AGENTS):
        mine = [sum(by_queue[q]) / len(by_queue[q]) for a, q, _ in rows if a == agent]
        if mine:
            assert found[agent] == pytest.approx(sum(mine) / len(mine))
        else:
            assert math.isnan(found[agent])


@given(VALUES)
@settings(deadline=None)
def test_the_expected_median_halves_everybodys_values_weighted_like_ones_own_mix(
    rows: list[tuple[int, int, float]],
) -> None:
    made = counted(rows)
    found = fairness.expected_medians(made.n, made.of_work)
    for agent in range(AGENTS):
        weights = [made.n[agent, q] / made.n[:, q].sum() for _, q, _ in rows]
        half = sum(weights) / 2
        if not half:
            assert math.isnan(found[agent])
            continue
        pairs = list(zip(weights, (value for _, _, value in rows), strict=True))
        assert sum(w for w, v in pairs if v < found[agent] * 0.98) <= half * (1 + 1e-9)
        assert sum(w for w, v in pairs if v <= found[agent] * 1.02) >= half * (1 - 1e-9)


@given(VALUES)
@settings(deadline=None)
def test_together_everybody_is_exactly_as_expected(rows: list[tuple[int, int, float]]) -> None:
    made = counted(rows)
    expected = np.nan_to_num(fairness.expected_shares(made.n, made.hits)) * made.n.sum(axis=1)
    assert expected.sum() == pytest.approx(made.hits.sum())


@given(VALUES)
@settings(deadline=None)
def test_others_are_counted_queue_by_queue(rows: list[tuple[int, int, float]]) -> None:
    found = fairness.others(counted(rows).n)
    for agent in range(AGENTS):
        slow = sum(
            min(
                sum(a == agent and q == queue for a, q, _ in rows),
                sum(a != agent and q == queue for a, q, _ in rows),
            )
            for queue in range(QUEUES)
        )
        assert found[agent] == slow


def test_a_slower_queue_is_no_fault_of_whoever_works_in_it() -> None:
    """Both are as fast as their queues; one has three times the time because of the queue."""
    dice = random.Random(3)
    rows = [(a, a % 2, dice.expovariate(1 / (60 if a % 2 else 20))) for a in (0, 1, 2, 3) * 500]
    made = counted(rows)
    medians = _medians(rows)
    found = fairness.compare_medians(
        made.n, made.of_work, made.of_agents, medians, better="lower", width=Width(8)
    )
    assert [one.standing if one else None for one in found] == [Standing.CHANCE] * 4 + [None]
    assert found[1] is not None and found[0] is not None
    assert found[1].expected > 2.5 * found[0].expected


def test_who_is_twice_as_slow_within_the_same_queue_is_worse_and_the_others_are_not() -> None:
    dice = random.Random(4)
    rows = [
        (a, 0, dice.expovariate(1 / (60 if a == 2 else 30))) for a in range(5) for _ in range(400)
    ]
    made = counted(rows)
    found = fairness.compare_medians(
        made.n, made.of_work, made.of_agents, _medians(rows), better="lower", width=Width(40)
    )
    standings = [one.standing for one in found if one]
    assert standings[2] is Standing.WORSE
    assert Standing.WORSE not in standings[:2] + standings[3:]


@pytest.mark.parametrize(
    ("better", "verdict"), [("higher", Standing.WORSE), ("lower", Standing.BETTER)]
)
def test_which_side_is_better_depends_on_the_figure(
    better: fairness.Better, verdict: Standing
) -> None:
    n = np.asarray([[1_000], [1_000], [1_000]])
    hits = np.asarray([[500.0], [800.0], [800.0]])
    [first, *_] = fairness.compare_shares(n, hits, better=better, width=Width(24))
    assert first is not None and first.standing is verdict
    assert (first.value, first.expected) == (50.0, 70.0)


def test_few_values_are_never_judged_however_bad() -> None:
    n, hits = np.asarray([[29], [5_000]]), np.asarray([[29.0], [0.0]])
    [few, _] = fairness.compare_shares(n, hits, better="lower", width=Width(1))
    assert few is not None and few.standing is Standing.TOO_FEW
    assert fairness.judged(n).tolist() == [False, False]


def test_who_works_alone_has_nobody_to_be_compared_with() -> None:
    n, hits = np.asarray([[900, 0], [10, 800], [0, 700]]), np.asarray([[90.0, 0], [9, 60], [0, 60]])
    [alone, *_] = fairness.compare_shares(n, hits, better="lower", width=Width(1))
    assert alone is not None and alone.standing is Standing.ALONE


def test_a_difference_that_is_sure_but_tiny_is_not_worth_a_mark() -> None:
    n = np.full((2, 1), 10_000_000)
    hits = np.asarray([[5_040_000.0], [4_960_000.0]])
    [first, _] = fairness.compare_shares(n, hits, better="higher", width=Width(2))
    assert first is not None and first.low > first.expected
    assert first.standing is Standing.CHANCE


@given(st.integers(1, CODES), st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_a_median_lies_between_the_two_places_as_often_as_promised(n: int, looks: int) -> None:
    """Exact: the median lies outside when a fair coin falls on one side too often."""
    z = Width(looks).z
    one_each = np.asarray([[1] * n + [0] * (CODES - n)])
    low, high = fairness.ordered_around(one_each, np.asarray([n]), np.asarray([float(n)]), z)
    if math.isinf(high[0]):
        assert low[0] == 0.0
        assert n < 4 * z * z
        return
    before, after = (MIDDLES.tolist().index(end) for end in (low[0], high[0]))
    assert before == n - 1 - after
    outside = 2 * sum(math.comb(n, k) for k in range(before + 1)) / 2**n
    assert outside <= 1.02 * (1 - fairness.SURE ** (1 / looks))


@given(st.floats(0, 1), st.integers(1, 10_000), st.floats(1, 5))
def test_wilsons_ends_are_the_shares_that_the_seen_one_is_z_deviations_from(
    share: float, n: int, z: float
) -> None:
    low, high = fairness.wilson(np.asarray([share]), np.asarray([float(n)]), z)
    for end in (low[0], high[0]):
        if 1e-9 < end < 1 - 1e-9:
            assert abs(share - end) == pytest.approx(z * math.sqrt(end * (1 - end) / n), rel=1e-5)


def test_a_page_of_equals_shows_a_mark_one_time_in_twenty_at_most() -> None:
    """600 pages of 20 agents and two figures, nobody differs."""
    dice = np.random.default_rng(7)
    width, marked, pages = Width(40), 0, 600
    n = dice.integers(50, 400, (pages, 40, 2))
    for page in range(pages):
        hits = dice.binomial(n[page], [0.7, 0.4]).astype(float)
        found = fairness.compare_shares(n[page], hits, better="higher", width=width)
        marked += any(_marked(one) for one in found)
    assert marked / pages <= 0.07


def test_rushes_that_slow_everybody_are_not_taken_for_slow_agents() -> None:
    """Agents work on different days, some days are slow: the same numbers from independent contacts
    would be marked."""
    dice = np.random.default_rng(11)
    agents, days, each = 30, 28, 40
    n = dice.binomial(1, 0.7, (agents, days)) * each
    hits = dice.binomial(n, dice.beta(2, 2, (agents, days))).astype(float)
    effect = fairness.design_effect(n, hits)
    assert effect == pytest.approx(1 + (each - 1) / 5, rel=0.25)  # intraclass 1 ÷ (2 + 2 + 1)
    totals = (n.sum(axis=1, keepdims=True), hits.sum(axis=1, keepdims=True))

    def marks(width: Width) -> int:
        found = fairness.compare_shares(*totals, better="higher", width=width)
        return sum(_marked(one) for one in found)

    assert marks(Width(agents)) > 0
    assert marks(Width(agents, effect)) == 0


@given(VALUES)
@settings(deadline=None)
def test_independent_values_are_each_worth_about_one(rows: list[tuple[int, int, float]]) -> None:
    made = counted(rows)
    effect = fairness.design_effect(made.n, made.hits)
    assert effect >= 1.0 and math.isfinite(effect)


def test_one_day_tells_nothing_of_how_alike_days_are() -> None:
    assert fairness.design_effect(np.asarray([[40], [50]]), np.asarray([[10.0], [20.0]])) == 1.0


def test_more_looks_make_wider_intervals() -> None:
    assert Width(1).z == pytest.approx(1.959964, abs=1e-6)
    zs = [Width(looks).z for looks in (1, 10, 100, 1_000)]
    assert zs == sorted(zs) and len(set(zs)) == 4


def _marked(one: Fair | None) -> bool:
    return one is not None and one.standing in (Standing.BETTER, Standing.WORSE)


def _medians(rows: list[tuple[int, int, float]]) -> np.ndarray:
    mine = [[value for a, _, value in rows if a == agent] for agent in range(AGENTS)]
    return np.asarray([np.median(one) if one else np.nan for one in mine])
