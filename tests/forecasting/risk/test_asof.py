"""As-of joins against a loop that looks at every event."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.risk.features.asof import DAY, NEVER, Ledger, OrderLedger


@pytest.fixture
def events() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(1)
    key = chance.integers(-1, 6, 300)
    at = chance.integers(0, 40, 300) * DAY  # many at the same instant
    at[chance.random(300) < 0.2] = NEVER
    return key, at, chance.integers(-3, 9, 300)


def test_a_ledger_counts_what_a_slow_loop_counts(
    events: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    key, at, value = events
    asked = np.repeat(np.arange(-1, 8), 45)
    when = np.tile(np.arange(-2, 43) * DAY, 9)
    found = Ledger(key, at, value).by(asked, when)
    for place, (k, t) in enumerate(zip(asked, when, strict=True)):
        held = (key == k) & (k >= 0) & (at <= t) & (at < NEVER)
        assert (found.n[place], found.total[place]) == (held.sum(), value[held].sum())


@pytest.mark.parametrize("days", [None, 1, 7])
def test_an_order_is_no_evidence_about_itself(
    events: tuple[np.ndarray, np.ndarray, np.ndarray], days: int | None
) -> None:
    key, at, value = events
    rows = np.arange(len(key))
    when = np.random.default_rng(2).integers(0, 42, len(key)) * DAY
    ledger = OrderLedger(key, at, value)
    found = ledger.by(rows, when) if days is None else ledger.within(rows, when, days)
    for row in rows:
        held = (key == key[row]) & (key[row] >= 0) & (at <= when[row]) & (at < NEVER)
        held &= rows != row
        if days is not None:
            held &= at > when[row] - days * DAY
        assert (found.n[row], found.total[row]) == (held.sum(), value[held].sum())


def test_a_fact_stamped_exactly_at_the_instant_is_known() -> None:
    ledger = Ledger(np.array([0]), np.array([5 * DAY]))
    found = ledger.by(np.array([0, 0]), np.array([5 * DAY - 1, 5 * DAY]))
    assert found.n.tolist() == [0, 1]


def test_a_key_without_history_has_an_unknown_mean() -> None:
    empty = Ledger(np.array([], np.int64), np.array([], np.int64))
    found = empty.by(np.array([0, -1]), np.array([DAY, DAY]))
    assert found.n.tolist() == [0, 0]
    assert np.isnan(found.mean()).all()
    assert found.rate(0.2, 10).tolist() == [0.2, 0.2]
