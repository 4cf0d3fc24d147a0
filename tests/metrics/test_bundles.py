"""Weeks put together and months counted: what they hold, when they are forgotten, and that they
change no figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from connectors.schema import kpi_bundles, kpi_months
from connectors.store import Store
from metrics import filtered, months, reading
from metrics.kpi import Registry
from metrics.months import WEEKS
from metrics.reading import Reader
from metrics.refresh import rebuild, refresh, refresh_dirty, refresh_late
from tests.metrics.chance import AUTUMN, SPRING, Chance
from tests.metrics.handmade import DAY, HOUR, NOON, REGISTRY, contact, read_at, values
from tests.metrics.kept import overdue, there, torn, torn_months, torn_parts
from tests.metrics.sides import FILTERS, alike, sides
from tests.metrics.worlds import registry_of

ZONES = {SPRING: ZoneInfo("Europe/Berlin"), AUTUMN: ZoneInfo("Asia/Kathmandu")}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def assert_no_figure_needs(
    table: sa.Table, store: Store, registry: Registry, zone: ZoneInfo,
    keys: Sequence[str], windows: Sequence[tuple[datetime, datetime]],
) -> None:  # fmt: skip
    """All sides of the KPIs are the same with the rows of this table and without."""

    def figures() -> dict[str, list[Any]]:
        with store.read() as connection:
            reader = Reader(connection, zone, registry)
            return {key: [side for one in windows for side in sides(reader, key, *one)]
                    for key in keys}  # fmt: skip

    kept = figures()
    assert len({key for key, _ in there(store, table)}) > 20
    with store.begin() as connection:
        connection.execute(table.delete())
    plain = figures()
    for key in keys:
        for mine, other in zip(kept[key], plain[key], strict=True):
            assert len(mine) == len(other), key
            assert all(map(alike, mine, other)), key


@pytest.mark.parametrize(
    ("start", "exact"), [(SPRING, 0), (AUTUMN, 10**9)], ids=["spring-buckets", "autumn-values"]
)
def test_bundles_change_no_figure(
    store: Store, start: datetime, exact: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "EXACT", exact)
    zone = ZONES[start]
    chance, registry = Chance(store, 31, start), registry_of(zone)
    chance.some(250, at_once=250)
    as_of = chance.read_now(chance.end + 6 * DAY)  # what was closed last is in no bundle yet
    refresh(store, registry)
    assert not torn(store)
    assert not overdue(store, as_of)
    windows = [*pairwise(chance.borders(2)), (chance.start - 20 * DAY, chance.end + 20 * DAY)]
    keys = [one.key for one in registry.stored() if one.pack.name == "general"]
    assert_no_figure_needs(kpi_bundles, store, registry, zone, keys, windows)


@pytest.mark.parametrize(
    ("start", "exact"), [(SPRING, 10**9), (AUTUMN, 0)], ids=["spring-values", "autumn-buckets"]
)
def test_months_change_no_figure(
    store: Store, start: datetime, exact: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "EXACT", exact)
    monkeypatch.setattr(months, "WORTH", 0)  # count even where that is more than the values
    monkeypatch.setattr(filtered, "MOST", 1.0)  # read parts even where that is everything
    zone = ZONES[start]
    chance, registry = Chance(store, 34, start), registry_of(zone)
    chance.some(250, at_once=250)
    chance.read_now(chance.end + 50 * DAY)
    refresh(store, registry)
    assert not torn_months(store, registry)
    assert not torn_parts(store)
    month = WEEKS * 7 * DAY
    begins = EPOCH + (start - EPOCH) // month * month  # windows of a month, and a bit more and less
    windows = [(begins, begins + month), (begins - QUARTER, begins + month + 9 * DAY),
               (begins + QUARTER, begins + 2 * month + QUARTER)]  # fmt: skip
    keys = [one.key for one in registry.stored() if one.pack.name == "general"][::2]
    assert_no_figure_needs(kpi_months, store, registry, zone, keys, windows)


def test_splits_of_a_month_look_at_no_value(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "EXACT", 0)
    monkeypatch.setattr(months, "WORTH", 0)
    chance, registry = Chance(store, 35), registry_of(ZONES[SPRING])
    chance.some(250, at_once=250)
    chance.read_now(chance.end + 70 * DAY)
    refresh(store, registry)
    window = (EPOCH + (SPRING - EPOCH) // (28 * DAY) * 28 * DAY, chance.end + 40 * DAY)
    labels = ("agent", "queue", "channel", "team", "source")
    found = []
    for _ in range(2):
        with store.read() as connection:
            of = Reader(connection, ZONES[SPRING], registry).values("first_response", *window)
            found.append([*(of.by(label) for label in labels), of.distribution((0.0, 60.0, 900.0))])
            assert of.n > 20
        with store.begin() as connection:  # what nobody looks at may be anything
            nothing = {"sets": b"", "codes": b"", "data": b"", "by_set": b""}
            inside = kpi_bundles.c.bundle < (window[0] - EPOCH) // (7 * DAY) + WEEKS
            connection.execute(kpi_bundles.update().where(inside).values(nothing))
    assert found[0] == found[1]


def test_many_kpis_read_at_once_are_as_each_read_alone(store: Store) -> None:
    zone = ZONES[SPRING]
    chance, registry = Chance(store, 33), registry_of(zone)
    chance.some(250, at_once=250)
    chance.read_now(chance.end + 6 * DAY)
    refresh(store, registry)
    keys = [one.key for one in registry.stored() if one.pack.name == "general"][::3]
    wide = (chance.start - 20 * DAY, chance.end + 20 * DAY)
    with store.read() as connection:
        alone = Reader(connection, zone, registry)
        for window in (wide, *pairwise(chance.borders(3))):
            for by_label in (False, True):
                together = Reader(connection, zone, registry)
                for where in FILTERS:
                    together.read_ahead(keys, *wide, where=where, by_label=by_label)
                for key in keys:
                    mine = list(sides(together, key, *window))
                    assert mine == list(sides(alone, key, *window)), (key, window)


def test_whatever_happens_they_hold_what_their_blocks_do(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(months, "WORTH", 0)
    chance, registry = Chance(store, 32), registry_of(ZONES[SPRING])
    as_of = chance.read_now(chance.end + 30 * DAY)
    chance.some(300, at_once=300)
    refresh(store, registry)
    before, months_before = there(store), there(store, kpi_months)
    gone = months_gone = 0
    for turn in range(9):
        if turn % 3 == 0:
            chance.some(6, registry, at_once=2)
        elif turn % 3 == 1:
            chance.some(30, at_once=30)
            refresh_dirty(store, registry)
        else:
            refresh_late(store, registry)
        assert not torn(store), turn
        assert not torn_months(store, registry), turn
        assert not torn_parts(store), turn
        gone = max(gone, len(before - there(store)))
        months_gone = max(months_gone, len(months_before - there(store, kpi_months)))
    assert gone > 10
    assert months_gone > 10
    assert not overdue(store, as_of)
    rebuild(store)
    assert not there(store)
    assert not there(store, kpi_months)
    assert not torn_parts(store)
    refresh(store, registry)
    assert not torn(store)
    assert not torn_months(store, registry)
    assert not torn_parts(store)
    assert not overdue(store, as_of)


def test_a_late_row_takes_its_bundle_away_until_the_week_is_put_together_again(
    small: Store,
) -> None:
    with small.begin() as connection:
        contact(connection, "1", NOON)
    read_at(small, NOON + 30 * DAY)
    refresh(small, REGISTRY)
    assert values(small, "volume", NOON, NOON + DAY, step=DAY) == [1.0]
    kept = {pair for pair in there(small) if pair[0] == "volume"}
    months_kept = {pair for pair in there(small, kpi_months) if pair[0] == "volume"}
    assert kept
    assert months_kept
    with small.begin() as connection:
        contact(connection, "2", NOON + HOUR)
    refresh_dirty(small, REGISTRY)
    assert not kept & there(small)
    assert not there(small, kpi_months) & months_kept
    assert values(small, "volume", NOON, NOON + DAY, step=DAY) == [2.0]
    refresh_late(small, REGISTRY)
    assert kept <= there(small)
    assert months_kept <= there(small, kpi_months)
    assert values(small, "volume", NOON, NOON + DAY, step=DAY) == [2.0]


def test_a_week_that_runs_is_left_as_blocks(small: Store) -> None:
    with small.begin() as connection:
        contact(connection, "1", NOON)
    read_at(small, NOON + DAY)
    refresh(small, REGISTRY)
    assert there(small) == set()


def test_a_definition_that_changes_takes_its_bundles_along(small: Store) -> None:
    with small.begin() as connection:
        contact(connection, "1", NOON)
    read_at(small, NOON + 30 * DAY)
    refresh(small, REGISTRY)
    fewer = Registry(
        {key: one for key, one in REGISTRY.kpis.items() if key != "volume"},
        REGISTRY.clocks, REGISTRY.zone,
    )  # fmt: skip
    for table in (kpi_bundles, kpi_months):
        assert "volume" in {key for key, _ in there(small, table)}
    refresh(small, fewer)
    for table in (kpi_bundles, kpi_months):
        assert "volume" not in {key for key, _ in there(small, table)}
