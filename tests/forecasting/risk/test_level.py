"""Following the level of complaints: what came, what is still silent, and nothing of the future."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.risk.calibration import Calibration, log_odds, probability
from forecasting.risk.features.asof import DAY, NEVER, Ints
from forecasting.risk.level import (
    AGES,
    ENOUGH,
    SPAN,
    Followed,
    Waits,
    learn_waits,
    looked_at,
    thinned,
)

SLOW = Waits((1.0, *[0.1] * AGES), (1.0, *[0.8] * AGES))  # complaints are told later than content


def orders(odds: float, n: int = 12_000, *, days: int = 60, after: int = 1) -> Followed:
    """Orders spread over days, said to complain by a tenth, with other odds; told days later."""
    chance = np.random.default_rng(3)
    at = np.sort(chance.integers(0, days * DAY, n))
    said = np.full(n, log_odds(0.1))
    return Followed(at, at + after * DAY, chance.random(n) < probability(said + odds), said)


def moved(followed: Followed, day: int, waits: Waits | None) -> float:
    """How far the log-odds of an order of the usual probability move."""
    usual = np.array([log_odds(0.1)])
    return float((followed.calibration(day, waits).margin(usual) - usual)[0])


@pytest.mark.parametrize("odds", [-0.4, 0.0, 0.4])
def test_the_level_follows_what_came(odds: float) -> None:
    assert moved(orders(odds), 60, None) == pytest.approx(odds, abs=0.15)


def test_few_verdicts_move_it_little() -> None:
    assert abs(moved(orders(0.8, n=60), 60, None)) < 0.1


@pytest.mark.parametrize("slope", [0.7, 1.0, 1.5])
def test_log_odds_that_lie_too_close_or_too_far_apart_are_followed_too(slope: float) -> None:
    chance = np.random.default_rng(4)
    at = np.sort(chance.integers(0, 60 * DAY, 30_000))
    said = chance.normal(-2.0, 1.0, len(at))
    bad = chance.random(len(at)) < probability(slope * (said + 2.0) - 1.7)
    found = Followed(at, at + DAY, bad, said).calibration(60, None)
    assert found.slope == pytest.approx(slope, abs=0.15)
    assert found.slope * -2.0 + found.offset == pytest.approx(-1.7, abs=0.15)


def test_what_was_not_yet_known_changes_nothing() -> None:
    whole, day = orders(0.4, after=12), 30
    then = whole.at < day * DAY
    known = np.where(whole.counted <= day * DAY, whole.counted, NEVER)
    bad = whole.bad & (known < NEVER)
    part = Followed(whole.at[then], known[then], bad[then], whole.margin[then])
    assert part.calibration(day, SLOW) == whole.calibration(day, SLOW) != Calibration()


def test_old_orders_are_forgotten() -> None:
    assert orders(0.4).calibration(60 + SPAN, None) == Calibration()
    assert abs(moved(orders(0.4), 60 + 40, None)) < moved(orders(0.4), 60, None)


def test_silence_raises_the_level_where_complaints_are_told_later() -> None:
    silent = orders(0.0, after=1000)
    assert moved(silent, 60, SLOW) > 0.5
    assert moved(silent, 60, None) == 0
    even = Waits(SLOW.content, SLOW.content)
    assert moved(silent, 60, even) == pytest.approx(0, abs=1e-9)


def test_waits_are_learned_from_orders_old_enough() -> None:
    n, as_of = 2000, 200 * DAY
    at = np.arange(n, dtype=np.int64) * DAY // 10
    bad = np.arange(n) % 10 == 0
    counted = at + np.where(bad, 20, 5) * DAY
    counted[np.arange(n) % 10 == 5] = NEVER
    found = learn_waits(at, counted, bad, as_of)
    assert found is not None
    assert found.content[5:7] == pytest.approx((1.0, 0.1), abs=1e-3)
    assert found.complaint[20:22] == pytest.approx((1.0, 0.1), abs=1e-3)
    young = learn_waits(at, np.where(at > 100 * DAY, at, counted), bad, 100 * DAY + AGES * DAY)
    assert young is not None and young.content[3] == 1.0
    assert learn_waits(at, counted, np.zeros(n, bool), as_of) is None


def test_of_many_orders_a_part_is_looked_at() -> None:
    counted: Ints = np.arange(3 * ENOUGH, dtype=np.int64) * 60 * DAY // (3 * ENOUGH)
    assert thinned(counted, 60 * DAY) in (2, 3)
    assert thinned(counted[:100], 60 * DAY) == 1
    assert looked_at(np.arange(9), 3).tolist() == [True, False, False] * 3
