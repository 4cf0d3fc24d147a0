"""Buckets instead of values: within 1 %, and merged as if they had never been apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from connectors.store import Store
from metrics import reading
from metrics.columns import Columns
from metrics.histogram import CODES, MIDDLES, codes_of
from metrics.kpi import Kpi
from metrics.label_sets import LabelSets
from metrics.reading import Reader
from metrics.refresh import refresh
from metrics.values import Values
from tests.metrics.chance import SPRING, Chance
from tests.metrics.worlds import registry_of

BERLIN = ZoneInfo("Europe/Berlin")
REGISTRY = registry_of(BERLIN)
SHARES = ("p50", "p90", "p95", "mean", "value")
Made = Callable[[np.random.Generator, int], np.ndarray]
DISTRIBUTIONS: dict[str, Made] = {
    "answers": lambda r, n: r.lognormal(4, 1.5, n),
    "even": lambda r, n: r.uniform(0.5, 7200, n),
    "long tail": lambda r, n: 30 * r.pareto(1.1, n) + 0.01,
    "milliseconds": lambda r, n: r.exponential(0.05, n) + 0.001,
    "two humps": lambda r, n: np.concatenate([r.normal(20, 2, n // 2), r.normal(9e4, 50, n // 2)]),
    "all alike": lambda r, n: np.full(n, 30.0),
    "whole seconds": lambda r, n: r.integers(1, 90, n).astype(float),
    "months": lambda r, n: r.uniform(1e6, 1e7, n),
}


def values_of(kpi: Kpi, data: np.ndarray, codes: np.ndarray | None) -> Values:
    """A window of these durations, read as values or as buckets."""
    n = len(data)
    columns = Columns.of(
        np.zeros(n, np.int32), lambda: np.zeros(n, np.uint32), lambda: data,
        None if codes is None else lambda: codes,
    )  # fmt: skip
    return Values(kpi, BERLIN, SPRING, SPRING, SPRING, columns, LabelSets())


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("n", [2, 100, 40_000])
def test_buckets_are_within_1_percent_of_the_values(name: str, n: int) -> None:
    data = DISTRIBUTIONS[name](np.random.default_rng(n), n)
    kpi = REGISTRY.find("first_response")
    exact, found = (values_of(kpi, data, one).total() for one in (None, codes_of(data)))
    assert exact.p50 == pytest.approx(np.percentile(data, 50))
    assert exact.p95 == pytest.approx(np.percentile(data, 95))
    for share in SHARES:
        assert getattr(found, share) == pytest.approx(getattr(exact, share), rel=0.01)
    assert found.n == exact.n == n


def test_every_duration_up_to_ten_years_lies_within_1_percent_of_its_bucket() -> None:
    data = np.geomspace(0.001, 3.15e8, 200_000)
    assert np.max(np.abs(MIDDLES[codes_of(data)] / data - 1)) < 0.01


def test_what_is_no_time_at_all_is_0_and_more_than_ten_years_is_the_last_bucket() -> None:
    assert MIDDLES[codes_of(np.array([0.0, 0.0009]))].tolist() == [0.0, 0.0]
    assert codes_of(np.array([1e12])).tolist() == [CODES - 1]


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_merged_buckets_are_those_of_all_values_together(name: str) -> None:
    data = DISTRIBUTIONS[name](np.random.default_rng(1), 1000)
    parts = np.concatenate([codes_of(part) for part in np.split(data, [10, 300, 301])])
    assert parts.tolist() == codes_of(data).tolist()
    kpi = REGISTRY.find("resolution")
    whole = values_of(kpi, data, codes_of(data)).total()
    assert values_of(kpi, data, parts).total() == whole


def test_a_window_too_full_to_be_read_by_value_is_within_1_percent(
    small: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Chance(small, 11)
    chance.some(500, at_once=500)
    refresh(small, REGISTRY)
    chance.read_now()
    since, until = chance.start - timedelta(days=20), chance.end + timedelta(days=20)
    durations = [one.key for one in REGISTRY.stored() if one.shape == "duration"]
    with small.read() as connection:
        reader = Reader(connection, BERLIN, REGISTRY)
        for key in durations:
            monkeypatch.setattr(reading, "EXACT", 10**9)
            exact = reader.values(key, since, until)
            monkeypatch.setattr(reading, "EXACT", 0)
            coarse = reader.values(key, since, until)
            assert not exact.columns.coarse
            assert exact.n == 0 or coarse.columns.coarse
            rows = zip(
                [coarse.total(), *coarse.by("source"), *coarse.every(timedelta(days=1))],
                [exact.total(), *exact.by("source"), *exact.every(timedelta(days=1))],
                strict=True,
            )
            for found, wanted in rows:
                assert (found.start, found.labels, found.n) == (
                    wanted.start, wanted.labels, wanted.n)  # fmt: skip
                assert all(near(getattr(found, one), getattr(wanted, one)) for one in SHARES)


def near(found: float | None, wanted: float | None) -> bool:
    """Within 1 %, or a millisecond; nothing is only near nothing."""
    if found is None or wanted is None:
        return found is wanted
    return math.isclose(found, wanted, rel_tol=0.01, abs_tol=0.001)


@pytest.mark.parametrize("exact", [True, False])
def test_bands_hold_every_value_once(exact: bool) -> None:
    data = np.array([0.0, 4.0, 5.0, 29.0, 31.0, 100.0, 9000.0])
    values = values_of(REGISTRY.find("asa"), data, None if exact else codes_of(data))
    bands = values.distribution([0, 4.5, 30, 600])
    assert [(band.low, band.high, band.n) for band in bands] == [
        (0, 4.5, 2), (4.5, 30, 2), (30, 600, 2), (600, None, 1)]  # fmt: skip
