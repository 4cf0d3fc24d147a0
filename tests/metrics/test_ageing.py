"""Open cases by age: every open case is in one band, and the list has the oldest first."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from connectors import schema
from connectors.store import Store
from metrics.ageing import AGE_EDGES_S, by_age, open_cases

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _case(number: int, age: timedelta, status: str, source: str = "shop") -> dict[str, object]:
    return {
        "source": source, "case_id": f"c{number}", "kind": "return", "reason": "质量问题",
        "opened_at": NOW - age, "status": status,
        "closed_at": NOW if status in ("done", "refused") else None,
    }  # fmt: skip


@pytest.fixture
def store(store_url: str) -> Store:
    from connectors.store import open_store

    return open_store(store_url, migrate=True)


def test_every_open_case_is_in_the_band_of_its_age(store: Store) -> None:
    chance = random.Random(3)
    states = ("pending", "returning", "done", "refused")
    rows = [
        _case(number, timedelta(seconds=chance.expovariate(1 / 200_000)), chance.choice(states),
              chance.choice(("shop", "other")))
        for number in range(300)
    ]  # fmt: skip
    with store.begin() as connection:
        connection.execute(schema.cases.insert(), rows)
    with store.read() as connection:
        found = open_cases(connection, NOW)
        mine = open_cases(connection, NOW, ["shop"])
    store.close()
    ages = [one.age_s for one in found]
    assert ages == sorted(ages, reverse=True)
    assert {one.ref for one in found} == {r["case_id"] for r in rows
                                          if r["status"] in ("pending", "returning")}  # fmt: skip
    assert {one.ref for one in mine} == {r["case_id"] for r in rows if r["source"] == "shop"
                                         and r["status"] in ("pending", "returning")}  # fmt: skip
    bands = by_age(found)
    for band, low, high in zip(bands, AGE_EDGES_S, [*AGE_EDGES_S[1:], float("inf")], strict=True):
        inside = [r for r in rows if low <= (NOW - r["opened_at"]).total_seconds() < high]  # type: ignore[operator]
        assert band.pending == sum(r["status"] == "pending" for r in inside)
        assert band.returning == sum(r["status"] == "returning" for r in inside)


def test_a_case_on_an_edge_is_in_the_band_that_starts_there(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(schema.cases.insert(), [_case(1, timedelta(hours=24), "pending")])
    with store.read() as connection:
        bands = by_age(open_cases(connection, NOW))
    store.close()
    assert [band.pending for band in bands] == [0, 0, 1, 0, 0, 0]


def test_without_open_cases_every_band_is_empty() -> None:
    assert {(band.pending, band.returning) for band in by_age([])} == {(0, 0)}
