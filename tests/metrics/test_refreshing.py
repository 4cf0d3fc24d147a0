"""Stored values follow facts and definitions: rebuilt, back-filled, changed, removed, resumed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import sqlalchemy as sa

from connectors.schema import dirty_slots, kpi_blocks, label_sets, late_blocks
from connectors.store import Store, open_store
from metrics import filling
from metrics.hours import parse_hours
from metrics.kpi import Registry
from metrics.packing import unpacked, unpacked_sets
from metrics.packs import load_registry
from metrics.reading import Reader
from metrics.refresh import fill, rebuild, refresh, refresh_dirty, refresh_late
from metrics.settings import clocks
from tests.metrics.chance import Chance
from tests.metrics.worlds import HOURS, registry_of

BERLIN = ZoneInfo("Europe/Berlin")
Content = Mapping[tuple[str, int], Any]


def content(store: Store, registry: Registry) -> Content:
    """Every stored value as it is kept: KPI and block -> slot, labels, value to the bit, bucket."""
    with store.read() as connection:
        names = dict(connection.execute(sa.select(label_sets.c.id, label_sets.c.labels)).all())
        rows = connection.execute(sa.select(kpi_blocks)).all()
    return {
        (row.kpi, row.block): sorted(
            zip(
                row.slots,
                (names[one] for one in unpacked_sets([(row.n, row.sets)]).tolist()),
                unpacked(registry[row.kpi], row.data, row.n).tolist(),
                np.frombuffer(row.codes, np.uint16).tolist() or [0] * row.n,
                strict=True,
            )
        )
        for row in rows
    }


def left(store: Store) -> int:
    """How much is still to be computed."""
    with store.read() as connection:
        return sum(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0
                   for table in (dirty_slots, late_blocks))  # fmt: skip


def anew(store: Store, registry: Registry) -> Content:
    rebuild(store)
    assert content(store, registry) == {}
    refresh(store, registry)
    return content(store, registry)


def test_a_rebuild_changes_nothing(store: Store) -> None:
    chance, registry = Chance(store, 5), registry_of(BERLIN)
    chance.some(500, at_once=250)
    refresh(store, registry)
    chance.some(60, registry, at_once=15)
    chance.some(60, at_once=60)
    assert refresh(store, registry) > 0
    before = content(store, registry)
    assert left(store) == 0
    assert {key for key, _ in before} >= {"fcr", "occupied_time", "kuaishou.reply_3min"}
    assert anew(store, registry) == before


def test_a_refresh_forgets_what_was_due_and_leaves_nothing_for_the_next(small: Store) -> None:
    registry = registry_of(BERLIN)
    chance = Chance(small, 6)
    chance.some(80, at_once=80)
    refresh(small, registry)
    chance.some(20, at_once=20)
    assert refresh(small, registry) > 0
    assert left(small) == 0
    before = content(small, registry)
    assert refresh(small, registry) == 0
    assert content(small, registry) == before


def test_a_store_without_facts_has_nothing_to_fill(small: Store) -> None:
    registry = registry_of(BERLIN)
    refresh(small, registry)
    assert content(small, registry) == {}
    chance = Chance(small, 7)
    chance.some(60, registry, at_once=20)
    refresh_dirty(small, registry)
    refresh_late(small, registry)
    assert content(small, registry) == anew(small, registry)


def changed(registry: Registry, **own: Any) -> Registry:
    """The general pack alone, with some of its KPIs defined otherwise."""
    return load_registry(["general"], own=own, zone=registry.zone, clocks=registry.clocks)


SLOWER = {
    "start": "waiting", "end": "first_reply", "threshold": "10m", "denominator": "answered",
    "date": "first_reply", "shape": "percent", "unit_of_value": "%",
}  # fmt: skip


def test_definitions_that_are_new_changed_or_gone_fill_themselves(
    small: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "AT_ONCE", 40)
    chance, old = Chance(small, 8), registry_of(BERLIN)
    chance.some(300, at_once=300)
    refresh(small, old)
    before = content(small, old)
    new = changed(old, first_response_share=SLOWER, mine=SLOWER)
    steps: list[tuple[int, int]] = []
    refresh(small, new, filled=lambda done, of: steps.append((done, of)))
    after = content(small, new)
    assert {key for key, _ in after} <= set(new)  # those of the other packs are gone
    assert {key for key, _ in after} >= {"mine", "first_response_share"}
    assert by_block(after, "first_response_share") != by_block(before, "first_response_share")
    assert by_block(after, "first_response_share") == by_block(after, "mine")
    assert by_block(after, "volume") == by_block(before, "volume")
    assert len(steps) > 2
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1] > 0
    assert len({of for _, of in steps}) == 1
    assert anew(small, new) == after


def by_block(found: Content, key: str) -> dict[int, Any]:
    return {block: values for (name, block), values in found.items() if name == key}


def test_a_filling_that_was_stopped_goes_on_beside_live_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "AT_ONCE", 30)
    url = f"sqlite:///{tmp_path / 'stopped.db'}"
    store = open_store(url, migrate=True)
    registry = registry_of(BERLIN)
    chance = Chance(store, 9)
    chance.some(300, at_once=300)
    assert fill(store, registry)
    first = progress(store, registry)
    assert 0 < first < 1
    store.close()  # the program was stopped here
    store = open_store(url, migrate=False)
    chance.store = store
    shares = [first]
    for _ in range(3):
        chance.some(12, registry, at_once=12)
        assert fill(store, registry)
        shares.append(progress(store, registry))
    assert shares == sorted(set(shares))
    assert not fill(store, registry, go_on=lambda: True)
    assert progress(store, registry) == 1
    refresh_dirty(store, registry)
    refresh_late(store, registry)
    found = content(store, registry)
    assert found == anew(store, registry)
    store.close()


def progress(store: Store, registry: Registry) -> float:
    """The share of all KPIs' history that is there."""
    with store.read() as connection:
        behind = Reader(connection, BERLIN, registry).filling
    shares = [
        behind[key].share if key in behind else 1.0
        for key in (one.key for one in registry.stored())
    ]
    return sum(shares) / len(shares)


def test_new_service_hours_change_only_what_is_measured_by_them(small: Store) -> None:
    chance, old = Chance(small, 10), registry_of(BERLIN)
    chance.some(200, at_once=200)
    refresh(small, old)
    before = content(small, old)
    later = HOURS.model_copy(update={"workdays": parse_hours("11:00-16:00")})
    new = Registry(old.kpis, clocks(later, BERLIN), old.zone)
    heard: list[int] = []
    refresh(small, new, filled=lambda done, of: heard.append(of))
    after = content(small, new)
    moved = {key for key, _ in before.keys() | after.keys()
             if by_block(before, key) != by_block(after, key)}  # fmt: skip
    assert moved
    assert {new.find(key).clock for key in moved} == {"service"}
    assert after == anew(small, new)
