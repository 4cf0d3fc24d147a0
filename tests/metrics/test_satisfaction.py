"""Intervals and verdicts against published values, slow definitions and simulation."""

from __future__ import annotations

import math
import random

import pytest

from metrics.satisfaction import (
    ENOUGH,
    PERCENT,
    POINTS,
    STARS,
    Estimate,
    Scale,
    Verdict,
    Z,
    difference,
    mean_score,
    net_promoter,
    share,
    verdict,
)


def bounds(found: Estimate) -> tuple[float, float]:
    return found.low, found.high


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3.
    [(81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0, 16.11), (1, 29, 0.61, 17.18)],
)
def test_a_share_has_the_published_interval(hits: int, n: int, low: float, high: float) -> None:
    assert bounds(share(hits, n)) == pytest.approx((low, high), abs=0.005)


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 873, table II, method 10.
    [((56, 70), (48, 80), 5.24, 33.39), ((9, 10), (3, 10), 17.05, 80.90)],
)
def test_a_difference_has_the_published_interval(
    now: tuple[int, int], before: tuple[int, int], low: float, high: float
) -> None:
    assert difference(share(*now), share(*before)) == pytest.approx((low, high), abs=0.005)


def slow_share(hits: int, n: int) -> tuple[float, float]:
    """Every share that a test at 5 % would not reject, tried one by one."""
    kept = [
        p / 20_000
        for p in range(20_001)
        if abs(hits / n - p / 20_000) <= Z * math.sqrt(p / 20_000 * (1 - p / 20_000) / n) + 1e-12
    ]
    return 100 * kept[0], 100 * kept[-1]


@pytest.mark.parametrize("seed", range(12))
def test_a_share_equals_the_slow_definition(seed: int) -> None:
    dice = random.Random(seed)
    n = dice.choice([1, 3, 10, 40, 300])
    hits = dice.choice([0, n, dice.randint(0, n)])
    assert bounds(share(hits, n)) == pytest.approx(slow_share(hits, n), abs=0.01)


def slow_variance(promoters: int, detractors: int, n: int, delta: float) -> float:
    """Of one answer under the likeliest split of answers whose true difference is delta, found by
    trying shares of promoters."""

    def likelihood(p: float) -> float:
        parts = ((promoters, p), (detractors, p - delta), (n - promoters - detractors,
                                                           1 - 2 * p + delta))  # fmt: skip
        if any(chance < -1e-12 or (count and chance <= 0) for count, chance in parts):
            return -math.inf
        return sum(count * math.log(chance) for count, chance in parts if count)

    low, high = max(0.0, delta), (1 + delta) / 2
    for _ in range(6):
        tried = [low + (high - low) * at / 200 for at in range(201)]
        best = max(range(201), key=lambda at: likelihood(tried[at]))
        low, high = tried[max(0, best - 1)], tried[min(200, best + 1)]
    likeliest = (low + high) / 2
    return 2 * likeliest - delta - delta * delta


@pytest.mark.parametrize(
    ("promoters", "detractors", "n"),
    [(1, 7, 21), (40, 20, 160), (9, 0, 12), (0, 5, 50), (3, 3, 7), (120, 90, 400)],
)
def test_the_net_promoter_interval_ends_where_a_test_would_reject(
    promoters: int, detractors: int, n: int
) -> None:
    found = net_promoter(promoters, detractors, n)
    for end in bounds(found):
        delta = end / 100
        gap = abs((promoters - detractors) / n - delta)
        spread = math.sqrt(slow_variance(promoters, detractors, n, delta) / n)
        assert gap / spread == pytest.approx(Z, rel=1e-3)


def test_the_net_promoter_interval_is_the_published_one() -> None:
    # Fagerland, Lydersen and Laake, Statistics in Medicine 33 (2014) 2850: Tango's, of 1, 7 in 21.
    assert bounds(net_promoter(1, 7, 21)) == pytest.approx((-51.7, -2.6), abs=0.05)


@pytest.mark.parametrize("n", [1, 2, 10, 500])
def test_equal_answers_are_never_taken_for_certainty(n: int) -> None:
    for found in (net_promoter(n, 0, n), net_promoter(0, 0, n), share(n, n),
                  mean_score(5.0 * n, 25.0 * n, n), mean_score(3.0 * n, 9.0 * n, n)):  # fmt: skip
        assert found.high > found.low


def test_the_mean_of_all_best_scores_is_as_open_as_a_share_of_hits() -> None:
    found, hits = mean_score(50 * 5.0, 50 * 25.0, 50), share(50, 50)
    assert found.high == 5.0
    assert (found.low - 1) / 4 == pytest.approx(hits.low / 100)


@pytest.mark.parametrize("seed", range(8))
def test_scores_at_both_ends_of_the_scale_have_wilsons_interval(seed: int) -> None:
    n = 20 + 30 * seed
    high = random.Random(seed).randint(0, n)
    found = mean_score(5.0 * high + (n - high), 25.0 * high + (n - high), n)
    expected = [1 + 4 * one / 100 for one in bounds(share(high, n))]
    assert bounds(found) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(20))
def test_a_mean_keeps_to_its_scale_and_moves_with_it(seed: int) -> None:
    dice = random.Random(seed)
    scores = [float(dice.randint(1, 5)) for _ in range(dice.choice([1, 4, 35, 400]))]
    found = mean_score(sum(scores), sum(s * s for s in scores), len(scores))
    assert 1 <= found.low <= found.value <= found.high <= 5
    tens = [10 * s - 10 for s in scores]
    moved = mean_score(sum(tens), sum(s * s for s in tens), len(tens), Scale(0, 40))
    assert bounds(moved) == pytest.approx([10 * one - 10 for one in bounds(found)])


@pytest.mark.parametrize(
    "weights", [(1, 1, 2, 5, 11), (5, 1, 1, 1, 12), (1, 2, 4, 2, 1), (0, 0, 0, 1, 9)]
)
@pytest.mark.parametrize("n", [30, 150])
def test_about_95_of_100_intervals_hold_the_true_mean(weights: tuple[int, ...], n: int) -> None:
    dice = random.Random(7)
    true = sum(w * s for w, s in zip(weights, range(1, 6), strict=True)) / sum(weights)
    held = 0
    for _ in range(1_000):
        scores = dice.choices(range(1, 6), weights, k=n)
        found = mean_score(sum(scores), sum(s * s for s in scores), n)
        held += found.low <= true <= found.high
    assert held / 1_000 >= 0.93


@pytest.mark.parametrize("grow", [share, lambda h, n: net_promoter(h, n - h, n)])
def test_more_answers_narrow_the_interval(grow: object) -> None:
    widths = [found.high - found.low for n in (10, 40, 160, 640)
              if (found := grow(n * 8 // 10, n))]  # type: ignore[operator]  # fmt: skip
    assert widths == sorted(widths, reverse=True)


def test_a_clear_change_is_judged_by_what_is_better() -> None:
    now, before = share(700, 1_000), share(850, 1_000)
    assert verdict(now, before, better="higher", scale=PERCENT) is Verdict.WORSE
    assert verdict(now, before, better="lower", scale=PERCENT) is Verdict.BETTER


def test_thin_samples_are_never_judged() -> None:
    now, before = share(0, ENOUGH - 1), share(1_000, 1_000)
    for pair in ((now, before), (before, now), (None, before), (before, None)):
        assert verdict(*pair, better="higher", scale=PERCENT) is Verdict.TOO_FEW


def test_the_same_is_only_said_where_a_change_would_have_been_seen() -> None:
    many, few = share(8_000, 10_000), share(40, 50)
    assert verdict(many, many, better="higher", scale=PERCENT) is Verdict.SAME
    assert verdict(few, few, better="higher", scale=PERCENT) is Verdict.TOO_FEW
    nps, stars = net_promoter(30, 10, 60), mean_score(160.0, 700.0, 40)
    assert verdict(nps, nps, better="higher", scale=POINTS) is Verdict.TOO_FEW
    assert verdict(stars, stars, better="higher", scale=STARS) is Verdict.TOO_FEW


@pytest.mark.parametrize("seed", range(30))
def test_a_verdict_turns_over_with_its_sides(seed: int) -> None:
    dice = random.Random(seed)
    sides = [share(dice.randint(0, n), n) for n in (dice.randint(1, 300), dice.randint(1, 300))]
    there = verdict(sides[0], sides[1], better="higher", scale=PERCENT)
    back = verdict(sides[1], sides[0], better="higher", scale=PERCENT)
    turned = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
    assert back is turned.get(there, there)


def test_no_change_is_called_one_in_about_five_of_100_cases_at_most() -> None:
    dice = random.Random(11)
    moved = 0
    for _ in range(1_000):
        sides = [share(sum(dice.random() < 0.85 for _ in range(200)), 200) for _ in range(2)]
        moved += verdict(sides[0], sides[1], better="higher", scale=PERCENT) in (
            Verdict.BETTER, Verdict.WORSE)  # fmt: skip
    assert moved <= 65


@pytest.mark.parametrize("bad", [(-1, 3), (4, 3), (0, 0)])
def test_sums_that_cannot_be_are_refused(bad: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="these sums cannot be"):
        share(*bad)
    with pytest.raises(ValueError, match="these sums cannot be"):
        net_promoter(bad[0], 0, bad[1])
    with pytest.raises(ValueError, match="these sums cannot be"):
        mean_score(6.0 * bad[1], 36.0 * bad[1], bad[1])
