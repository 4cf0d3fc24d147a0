"""Chance alone must not raise a change; a real one must be seen; thin samples stay silent."""

from __future__ import annotations

import numpy as np
import pytest

from alerts.digest.noise import Past, Span, compare, holm, is_thin, level, value_at

SHAPES = ("count", "percent", "hits", "duration", "mean", "sum")
WEEKDAYS = np.array([1.0, 1.0, 0.9, 1.0, 1.1, 1.3, 1.2])
# What a bad day is, by shape: a fifth more contacts, ten points fewer, half as long again.
WORSE = {"count": 1.5, "percent": -0.12, "hits": 0.12, "duration": 1.5}


def a_day(dice, shape, day, *, size=300, change=None):
    """A day of a shop whose volume and quality scatter more than chance alone would."""
    more = (change or 1.0) if shape == "count" else 1.0
    n = int(dice.poisson(size * WEEKDAYS[day % 7] * dice.gamma(200, 1 / 200) * more))
    if shape == "count":
        return Span(n, float(n))
    if shape in ("percent", "hits"):
        base = 0.85 if shape == "percent" else 0.1
        hits = int(dice.binomial(n, base + (change or 0.0) + dice.normal(0, 0.005)))
        return Span(n, 100 * hits / n if shape == "percent" else float(hits))
    if shape == "duration":
        values = dice.lognormal(3.5 + np.log(change or 1.0) + dice.normal(0, 0.03), 0.8, n)
        return Span(n, float(np.median(values)), float(np.quantile(values, 0.9)))
    values = dice.choice([1, 2, 3, 4, 5], p=[0.1, 0.05, 0.1, 0.2, 0.55], size=n)
    return Span(n, float(values.mean() if shape == "mean" else values.sum()))


def p_of(dice, shape, **last):
    days = [a_day(dice, shape, day) for day in range(28)]
    past = Past(
        tuple(days[at] for at in (0, 7, 14, 21)), tuple((d % 7, days[d]) for d in range(28))
    )
    test = compare(shape, a_day(dice, shape, 28, **last), past)
    assert test is not None
    return test.p


@pytest.mark.parametrize("shape", SHAPES)
def test_where_nothing_happens_a_small_p_is_rare(shape):
    dice = np.random.default_rng(7)
    ps = np.array([p_of(dice, shape) for _ in range(400)])
    assert (ps < 0.05).mean() <= 0.12
    assert (ps < 0.05 / 7).mean() <= 0.03  # what one number of seven is allowed


@pytest.mark.parametrize("shape", WORSE)
def test_a_bad_day_is_seen(shape):
    dice = np.random.default_rng(3)
    ps = np.array([p_of(dice, shape, change=WORSE[shape]) for _ in range(60)])
    assert (ps < 0.05 / 7).mean() >= 0.7


def test_one_promotion_day_in_the_past_does_not_hide_what_comes_after():
    dice = np.random.default_rng(5)
    days = [a_day(dice, "count", day) for day in range(28)]
    days[20] = Span(3_000, 3_000.0)
    past = Past(
        tuple(days[at] for at in (0, 7, 14, 21)), tuple((d % 7, days[d]) for d in range(28))
    )
    test = compare("count", Span(600, 600.0), past)
    assert test is not None
    assert test.p < 0.01


@pytest.mark.parametrize(
    ("shape", "now", "usual", "thin"),
    [
        ("percent", Span(19, 10.0), Span(100, 80.0), True),
        ("percent", Span(40, 50.0), Span(100, 80.0), False),
        ("percent", Span(40, 50.0), Span(9, 80.0), True),
        ("percent", Span(100, 99.0), Span(100, 99.0), True),  # one case more or less
        ("duration", Span(5, 600.0), Span(100, 20.0), True),
        ("count", Span(3, 3.0), Span(12, 12.0), True),
        ("count", Span(0, 0.0), Span(300, 300.0), False),  # it fell: that's no thin sample
    ],
)
def test_a_thin_sample_is_not_judged(shape, now, usual, thin):
    assert is_thin(shape, now, [usual] * 4) is thin


def test_without_history_nothing_is_compared():
    day = Span(100, 80.0)
    assert compare("percent", day, Past((day,), ())) is None
    assert (
        compare("percent", day, Past((day,) * 4, tuple((at % 7, day) for at in range(10)))) is None
    )
    assert compare("percent", Span(0, None), Past((day,) * 4, ((0, day),) * 28)) is None


@pytest.mark.parametrize("shape", SHAPES)
def test_a_value_comes_back_from_its_scale(shape):
    span = Span(50, 37.0)
    at = level(shape, span)
    assert at is not None
    assert value_at(shape, at, 50) == pytest.approx(37.0)


def test_several_tests_are_held_to_one_allowance_together():
    assert holm([0.04, 0.9, 0.01]) == (False, False, True)
    assert holm([0.02, 0.01]) == (True, True)
    assert holm([0.03, 0.04]) == (False, False)
    assert holm([]) == ()
