"""The rows behind a number: exactly those that were counted, and they add up to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from connectors.columns import to_micros
from connectors.store import open_store
from metrics.behind import Behind, contacts_behind
from metrics.refresh import refresh
from metrics.rows import KpiRow
from tests.metrics.chance import Chance
from tests.metrics.oracle import KPIS, RATIOS, agent_time
from tests.metrics.oracle.facts import Counted
from tests.metrics.oracle.states import STATES
from tests.metrics.worlds import World, registry_of, same, where_of

BERLIN = ZoneInfo("Europe/Berlin")
ALL = 10_000


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('behind') / 's.db'}", migrate=True)
    chance, registry = Chance(store, 31), registry_of(BERLIN)
    chance.some(600, at_once=300)
    refresh(store, registry)
    as_of = chance.read_now(chance.end + timedelta(days=200))
    with store.read() as connection:
        yield World.of(store, connection, registry, as_of)
    store.close()


def borders(world: World) -> list[datetime]:
    start = world.as_of - timedelta(days=203)
    return [start, start + timedelta(hours=11, minutes=45), start + timedelta(days=3)]


def once(key: str, found: Sequence[Counted]) -> list[Counted]:
    if not KPIS[key].once_per_window:
        return list(found)
    return list({one.who: one for one in sorted(found, key=lambda o: (o.at, o.value))}.values())


def sum_of(row: KpiRow, kind: str) -> float:
    """What all values of a row add up to."""
    if row.value is None:
        return 0.0
    if kind in ("median", "mean time"):
        return row.n * (row.mean or 0.0)
    return {"share": row.value * row.n / 100, "mean": row.value * row.n}.get(kind, row.value)


def worth(one: Behind) -> float:
    return float(one.hit) if one.hit is not None else 1.0 if one.value is None else one.value


def test_a_list_has_exactly_the_rows_that_were_counted(world: World) -> None:
    wrong = []
    for key in KPIS.keys() - agent_time.KPIS.keys():
        for since, until in pairwise(borders(world)):
            for where in ({}, {"source": ("src",)}):
                found = contacts_behind(
                    world.reader, key, since, until, where_of(**where), limit=ALL)  # fmt: skip
                wanted = once(key, world.wanted(key, since, until, where))
                got = Counter((one.source, one.ref, to_micros(one.at)) for one in found.rows)
                row = world.reader.values(key, since, until, where_of(**where)).total()
                total = sum(worth(one) for one in found.rows)
                agree = (
                    found.total == len(found.rows) == row.n
                    and same(total, sum_of(row, KPIS[key].kind))
                    and got == Counter(
                        (one.labels["source"], one.ref, to_micros(one.at)) for one in wanted)
                )  # fmt: skip
                if not agree:
                    wrong.append(f"{key} {since} – {until} {where}: {found.total}, {row}")
    assert wrong == []


def test_a_row_names_queue_channel_and_agent(world: World) -> None:
    since, _, until = borders(world)
    found = contacts_behind(world.reader, "reply_time", since, until, limit=ALL)
    wanted = world.wanted("reply_time", since, until)
    assert Counter((one.queue, one.channel, one.agent) for one in found.rows) == Counter(
        (one.labels["queue"], one.labels["channel"], one.labels["agent"]) for one in wanted
    )
    assert {one.queue for one in found.rows} > {"A"}
    orders = contacts_behind(world.reader, "orders_paid", since, until).rows
    assert {(one.queue, one.channel, one.agent) for one in orders} == {(None, None, None)}


def test_the_worst_come_first_and_the_rest_is_counted(world: World) -> None:
    since, _, until = borders(world)
    slow = contacts_behind(world.reader, "reply_time", since, until, limit=5)
    values = sorted((one.value for one in world.wanted("reply_time", since, until)), reverse=True)
    assert [one.value for one in slow.rows] == pytest.approx(values[:5])
    assert slow.total == len(values) > 5
    missed = contacts_behind(world.reader, "taobao.reply_3min", since, until, limit=ALL).rows
    assert [one.hit for one in missed] == sorted(bool(one.hit) for one in missed)


def test_the_newest_come_first_when_that_is_asked(world: World) -> None:
    since, _, until = borders(world)
    rows = contacts_behind(world.reader, "reply_time", since, until, order="newest", limit=7).rows
    newest = sorted((one.at for one in world.wanted("reply_time", since, until)), reverse=True)
    assert [one.at for one in rows] == newest[:7]


@pytest.mark.parametrize("key", ["presence_time", "occupancy", *STATES])
def test_agents_time_and_states_have_no_list(world: World, key: str) -> None:
    since, _, until = borders(world)
    assert contacts_behind(world.reader, key, since, until).total == 0


def test_a_ratio_lists_what_its_first_kpi_counted(world: World) -> None:
    since, _, until = borders(world)
    ratio = RATIOS["contacts_per_order"]
    found = contacts_behind(world.reader, "contacts_per_order", since, until, limit=ALL)
    assert found.total == len(world.wanted(ratio.of, since, until)) > 0
