"""What rules compare: KPIs over a trailing window, to the microsecond, against the definitions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.store import Store
from metrics.measurement import Labels, Measurement
from metrics.trailing import trailing
from tests.metrics.chance import AUTUMN, Chance
from tests.metrics.oracle import KPIS, RATIOS, agent_time, summary
from tests.metrics.oracle.facts import Counted
from tests.metrics.oracle.states import STATES, now_by
from tests.metrics.worlds import World, registry_of, same

BERLIN = ZoneInfo("Europe/Berlin")
MICRO = timedelta(microseconds=1)
WINDOWS = (timedelta(minutes=37), timedelta(hours=26), None)


def wanted(world: World, key: str, since: datetime) -> list[Counted]:
    """What counts from `since` up to the last read, both included, and is known by then."""
    if key in agent_time.KINDS:
        window = (since, world.as_of + MICRO)
        return list(agent_time.spent(world.facts, agent_time.KINDS[key], window=window))
    ripe = world.as_of - (KPIS[key].known_after or timedelta(0))
    return [one for one in world.counted[key] if since <= one.at <= ripe]


def grouped(found: Sequence[Counted], by: Sequence[str]) -> dict[Labels, list[Counted]]:
    groups: dict[Labels, list[Counted]] = {} if by else {(): []}
    for one in found:
        labels = tuple(sorted((name, one.labels[name]) for name in by if one.labels[name]))
        groups.setdefault(labels, []).append(one)
    return groups


def value_of(key: str, found: Sequence[Counted]) -> float | None:
    return summary.numbers(KPIS[key], found).value


def wrong(world: World, key: str, since: datetime, found: Sequence[Measurement],
          by: Sequence[str]) -> list[str]:  # fmt: skip
    if key in RATIOS:
        ratio = RATIOS[key]
        above, below = (grouped(wanted(world, part, since), by) for part in (ratio.of, ratio.per))
        values = {}
        for group in above.keys() | below.keys():
            top, bottom = (value_of(part, groups.get(group, [])) for part, groups in
                           ((ratio.of, above), (ratio.per, below)))  # fmt: skip
            values[group] = ratio.factor * (top or 0) / bottom if bottom else None
    else:
        groups = grouped(wanted(world, key, since), by)
        values = {group: value_of(key, rows) for group, rows in groups.items()}
    got = {one.labels: one.value for one in found}
    if got.keys() == values.keys() and all(same(got[one], values[one]) for one in got):
        return []
    return [f"{key} since {since} by {by}: {got}, by definition {values}"]


@pytest.mark.parametrize("seed", [21, 22])
def test_a_trailing_kpi_is_its_definition_to_the_microsecond(small: Store, seed: int) -> None:
    chance, registry = Chance(small, seed, AUTUMN), registry_of(BERLIN)
    chance.some(500, at_once=500)
    as_of = chance.read_now(chance.end - timedelta(hours=chance.random.uniform(20, 50)))
    found = []
    with small.read() as connection:
        world = World.of(small, connection, registry, as_of)
        edge = chance.random.choice(world.counted["first_response"]).at
        for window in (*WINDOWS, as_of - edge if edge < as_of else timedelta(hours=1)):
            local = datetime.combine(as_of.astimezone(BERLIN).date(), time(), BERLIN)
            since = local if window is None else as_of - window
            for key in (*KPIS, *RATIOS):
                for by in ((), ("source",)):
                    got = trailing(connection, key, window=window, by=by, as_of=as_of,
                                   zone=BERLIN, registry=registry)  # fmt: skip
                    assert all(one.as_of == as_of for one in got)
                    found += wrong(world, key, since, got, by)
    assert found == []


def test_a_value_on_either_edge_of_the_window_counts(small: Store) -> None:
    chance, registry = Chance(small, 23), registry_of(BERLIN)
    chance.some(60, at_once=60)
    with small.read() as connection:
        world = World.of(small, connection, registry, chance.end)
        [early, *_, late] = sorted(one.at for one in world.counted["volume"])

        def count(since: datetime, until: datetime) -> float | None:
            [one] = trailing(connection, "volume", window=until - since, by=(), as_of=until,
                             zone=BERLIN, registry=registry)  # fmt: skip
            return one.value

        everything = count(early, late)
        assert everything == len(world.counted["volume"])
        assert count(early + MICRO, late) == everything - 1
        assert count(early, late - MICRO) == everything - 1


@pytest.mark.parametrize("key", STATES)
def test_a_state_is_counted_at_the_last_read(small: Store, key: str) -> None:
    chance, registry = Chance(small, 24), registry_of(BERLIN)
    chance.some(400, at_once=400)
    as_of = chance.read_now()
    with small.read() as connection:
        world = World.of(small, connection, registry, as_of)
        rows = now_by(world.facts, key, as_of)
        for by in ((), ("source",)):
            got = trailing(connection, key, window=None, by=by, as_of=as_of, zone=BERLIN,
                           registry=registry)  # fmt: skip
            names = [tuple((name, one[name]) for name in by) for one in rows]
            assert {one.labels: one.value for one in got} == (
                {name: float(names.count(name)) for name in names} or ({} if by else {(): 0.0})
            )
    assert rows
