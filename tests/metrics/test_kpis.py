"""Every stored KPI against its slow definition: any window, any label, any filter, any change."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.store import Store
from metrics.kpi import Registry
from metrics.refresh import refresh, refresh_dirty, refresh_late
from tests.metrics.chance import AUTUMN, SPRING, Chance
from tests.metrics.oracle import KPIS, RATIOS
from tests.metrics.oracle.states import STATES, now_by
from tests.metrics.oracle.summary import half_hours, local_days
from tests.metrics.worlds import World, registry_of, same

HALF_HOUR, DAY = timedelta(minutes=30), timedelta(days=1)
BERLIN, CHINA, NEPAL = (ZoneInfo(name) for name in
                        ("Europe/Berlin", "Asia/Shanghai", "Asia/Kathmandu"))  # fmt: skip
# (database, zone, when, days after the span at which the sources were read)
WORLDS = [("sqlite", BERLIN, SPRING, 0), ("postgresql", BERLIN, AUTUMN, 8),
          ("sqlite", CHINA, AUTUMN, 200), ("postgresql", NEPAL, SPRING, 200)]  # fmt: skip


def live(chance: Chance, registry: Registry) -> None:
    """A life of a store: polls that compute, polls that leave it to others, late rows."""
    chance.read_now(chance.end + timedelta(days=100))  # weeks are over: they are put together
    chance.some(600, at_once=300)
    refresh(chance.store, registry)
    chance.some(40, registry)
    refresh_late(chance.store, registry)
    chance.some(60, at_once=30)
    refresh_dirty(chance.store, registry)
    chance.some(40, registry, at_once=20)
    refresh(chance.store, registry)


def test_the_oracle_knows_every_kpi_there_is() -> None:
    assert set(registry_of(CHINA)) == {*KPIS, *RATIOS, *STATES}


@pytest.mark.parametrize(
    ("store_url", "zone", "start", "later"), WORLDS, indirect=["store_url"],
    ids=[f"{one[0]}-{one[1].key}-{one[2]:%B}" for one in WORLDS],
)  # fmt: skip
def test_every_kpi_is_what_its_definition_says(
    store: Store, zone: ZoneInfo, start: datetime, later: int
) -> None:
    chance, registry = Chance(store, later, start), registry_of(zone)
    live(chance, registry)
    as_of = chance.read_now(chance.end + timedelta(days=later))
    wrong: list[str] = []
    with store.read() as connection:
        world = World.of(store, connection, registry, as_of)
        for key in KPIS:
            wrong += wrong_anywhere(world, chance, key)
        for key in RATIOS:
            wrong += wrong_ratio(world, chance, key)
        for key in STATES:
            wrong += wrong_state(world, key)
    assert wrong == []


def wrong_anywhere(world: World, chance: Chance, key: str) -> list[str]:
    since, until = chance.start - timedelta(days=20), chance.end + timedelta(days=20)
    wrong = world.wrong_total(key, since, until) + world.wrong_labels(key, since, until)
    halves = half_hours(chance.start, chance.end)
    days = local_days(chance.start, chance.end, world.reader.zone)
    wrong += world.wrong_intervals(key, halves, HALF_HOUR) + world.wrong_intervals(key, days, DAY)
    for first, last in itertools.pairwise(chance.borders(5)):
        wrong += world.wrong_total(key, first, last)
    labels = world.reader.registry.find(key).labels
    [first, last] = chance.borders(2)
    for label in labels:
        names = sorted({one.labels[label] for one in world.counted[key]})
        some = tuple(chance.random.sample(names, (len(names) + 1) // 2))
        wrong += world.wrong_labels(key, first, last, {label: some, "source": ("src",)})
    return wrong


def wrong_ratio(world: World, chance: Chance, key: str) -> list[str]:
    wrong = []
    borders = [chance.start, *chance.borders(4), chance.end]
    for first, last in itertools.pairwise(borders):
        [row] = world.reader.rows(key, first, last)
        if not same(row.value, world.ratio(key, first, last)):
            wrong.append(f"{key} {first} – {last}: {row.value}")
        for row in world.reader.rows(key, first, last, by="source"):
            where = {"source": (dict(row.labels)["source"],)}
            if not same(row.value, world.ratio(key, first, last, where)):
                wrong.append(f"{key} {first} – {last} {where}: {row.value}")
    halves = half_hours(chance.start, chance.end)
    days = local_days(chance.start, chance.end, world.reader.zone)
    for edges, step in ((halves, HALF_HOUR), (days, DAY)):
        rows = world.reader.rows(key, edges[0], edges[-1], every=step)
        for row, (first, last) in zip(rows, itertools.pairwise(edges), strict=True):
            if not same(row.value, world.ratio(key, first, last)):
                wrong.append(f"{key} {first} {step}: {row.value}")
    return wrong


def wrong_state(world: World, key: str) -> list[str]:
    wanted = now_by(world.facts, key, world.as_of)
    reader = world.reader
    [total] = reader.rows(key, world.as_of, world.as_of)
    wrong = [] if total.n == total.value == len(wanted) else [f"{key}: {total}"]
    for label in reader.registry.labels(reader.registry.find(key)):
        rows = reader.rows(key, world.as_of, world.as_of, by=label)
        found = {dict(row.labels)[label]: row.n for row in rows}
        names = [one[label] for one in wanted]
        if found != {name: names.count(name) for name in set(names)}:
            wrong.append(f"{key} by {label}: {found}")
    return wrong
