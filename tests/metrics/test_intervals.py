"""Stored intervals against a slow recount of the facts."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.schema import dirty_slots, kpi_days
from connectors.store import Store, open_store
from metrics import intervals
from metrics.kpi import KPIS
from metrics.query import kpi
from tests.metrics import slow
from tests.metrics.chance import SPAN_S, START, Chance, moments

ZONES = ("Asia/Shanghai", "Europe/Berlin", "Asia/Kathmandu", "UTC")
WINDOWED = [key for key, one in KPIS.items() if not one.is_state]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 's.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_db").url
    made = open_store(url, migrate=True)
    yield made
    made.close()


def expect_equal(store: Store, key: str, borders: list[datetime], zone: str) -> None:
    facts = slow.read(store)
    by = {"cases_opened": "reason", "refunded_amount": "reason"}.get(key, "queue")
    if by not in KPIS[key].labels:
        by = "source"
    with store.read() as connection:
        for since, until in itertools.pairwise(borders):
            wanted = slow.grouped(facts, key, since, until)
            got = kpi(connection, key, since=since, until=until, by=by, zone=ZoneInfo(zone))
            found = {row.labels[0][1]: row for row in got.rows if row.n}
            if by == "source":
                found = dict.fromkeys([""], next(iter(found.values()))) if found else {}
            assert {name: row.n for name, row in found.items()} == {
                name: len(values) for name, values in wanted.items()
            }
            for name, values in wanted.items():
                check_row(key, found[name], values)


def check_row(key: str, row: object, values: list[float]) -> None:
    shape = KPIS[key].shape
    got = {name: getattr(row, name) for name in ("value", "p50", "p90", "p95", "mean")}
    if shape == "duration":
        for name, share in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95)):
            assert got[name] == pytest.approx(slow.percentile(values, share))
        assert got["mean"] == pytest.approx(sum(values) / len(values))
        assert got["value"] == got["p50"]
        return
    wanted = {
        "percent": 100 * sum(values) / len(values),
        "mean": sum(values) / len(values),
        "count": len(values),
    }.get(shape, sum(values))
    assert got["value"] == pytest.approx(wanted)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_kpi_equals_a_slow_recount_over_any_window(store: Store, seed: int) -> None:
    chance = Chance(store, seed)
    for _ in range(4):  # refresh in between: later changes must find the earlier intervals
        chance.some(60)
        intervals.refresh(store)
    chance.read_now()
    borders = list(moments(chance.random, 8))
    for key in WINDOWED:
        expect_equal(store, key, borders, random.Random(seed).choice(ZONES))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10_000), st.lists(st.integers(1, 25), min_size=1, max_size=5))
def test_intervals_follow_the_facts_after_any_changes(
    tmp_path_factory: pytest.TempPathFactory, seed: int, bursts: list[int]
) -> None:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('s') / 's.db'}", migrate=True)
    chance = Chance(store, seed)
    for burst in bursts:
        chance.some(burst)
        intervals.refresh(store)
    chance.read_now()
    for key in ("first_response", "service_level", "csat", "volume", "reply_time"):
        expect_equal(store, key, list(moments(chance.random, 6)), "Asia/Shanghai")
    store.close()


def test_a_rebuild_changes_nothing(store: Store) -> None:
    chance = Chance(store, 5)
    chance.some(200)
    intervals.refresh(store)
    before = rows(store)
    intervals.rebuild(store)
    assert rows(store) == []
    intervals.refresh(store)
    assert rows(store) == before


def rows(store: Store) -> list[tuple[object, ...]]:
    with store.read() as connection:
        return sorted(tuple(row) for row in connection.execute(sa.select(kpi_days)))


def test_a_refresh_forgets_what_was_dirty_and_writes_only_what_changed(store: Store) -> None:
    Chance(store, 6).some(50)
    assert intervals.refresh(store) > 0
    with store.read() as connection:
        assert connection.execute(sa.select(dirty_slots)).all() == []
    assert intervals.refresh(store) == 0


def test_intervals_sum_to_days_and_every_interval_has_a_row(store: Store) -> None:
    chance = Chance(store, 7)
    chance.some(150)
    intervals.refresh(store)
    chance.read_now()
    zone = ZoneInfo("Europe/Berlin")
    since, until = datetime(2026, 3, 29, tzinfo=zone), datetime(2026, 3, 31, tzinfo=zone)
    with store.read() as connection:
        halves = kpi(connection, "volume", since=since, until=until, zone=zone,
                     every=timedelta(minutes=30))  # fmt: skip
        days = kpi(connection, "volume", since=since, until=until, zone=zone,
                   every=timedelta(days=1))  # fmt: skip
    assert len(halves.rows) == 46 + 48  # the day on which the clock changes has 23 hours
    assert [row.start for row in days.rows] == [since, since + timedelta(days=1)]
    first = [r for r in halves.rows if r.start and r.start.date() == since.date()]
    assert sum(r.n for r in first) == days.rows[0].n
    assert all(row.value == row.n for row in halves.rows)
    assert until < START + timedelta(seconds=SPAN_S)


def test_an_empty_window_is_unknown_for_a_mean_and_zero_for_a_count(store: Store) -> None:
    Chance(store, 8).read_now()
    zone = ZoneInfo("UTC")
    with store.read() as connection:
        found = {
            key: kpi(connection, key, since=START, until=START + timedelta(hours=1), zone=zone,
                     every=timedelta(minutes=30)).rows
            for key in ("csat", "first_response", "volume", "paid_amount", "negative_reviews")
        }  # fmt: skip
    assert {key: [row.value for row in got] for key, got in found.items()} == {
        "csat": [None, None],
        "first_response": [None, None],
        "volume": [0.0, 0.0],
        "paid_amount": [0.0, 0.0],
        "negative_reviews": [0.0, 0.0],
    }
