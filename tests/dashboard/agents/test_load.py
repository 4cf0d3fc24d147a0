"""The scorecard out of a store: against the facts in it, within a queue, under filters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from connectors.schema import contacts, presence
from dashboard.agents.load import COMPARED, HANDLED, load
from dashboard.agents.scorecard import Scorecard
from dashboard.data import Feed
from dashboard.history import behind
from dashboard.history.asked import Asked, read_asked
from dashboard.history.drill import label
from dashboard.settings import load_settings
from metrics.fairness import Standing
from metrics.packs import default_registry
from metrics.refresh import rebuild, refresh
from tests.dashboard import shop

SLOW = "3"  # answers in twice the time of the others
PRESENT = "5"


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feed]:
    folder = tmp_path_factory.mktemp("agents")
    store = shop.open_new(folder)
    shop.fill(store, datetime.now(UTC), days=30, per_day=120)
    table = contacts.c
    wait = sa.type_coerce(table.first_reply_at, sa.BigInteger) - sa.type_coerce(
        table.queued_at, sa.BigInteger
    )
    later = sa.type_coerce(table.first_reply_at, sa.BigInteger) + wait
    with store.begin() as connection:
        slow = contacts.update().where(table.agent_id == SLOW).values(first_reply_at=later)
        connection.execute(slow)
        connection.execute(presence.insert(), list(_mornings()))
    rebuild(store)
    refresh(store, default_registry())
    store.close()
    made = Feed(load_settings(shop.write_config(folder)))
    yield made
    made.close()


def _mornings() -> Iterator[dict[str, object]]:
    """One agent is at the desk for three hours of each day; of the others nothing is known."""
    for day in range(1, 21):
        since = datetime.now(UTC) - timedelta(days=day)
        yield {"source": "helpdesk", "presence_id": str(day), "agent_id": PRESENT,
               "state": "online", "since": since, "until": since + timedelta(hours=3)}  # fmt: skip


def ask(feed: Feed, **query: str | list[str]) -> Asked:
    now = datetime.now(UTC)
    values = {k: v if isinstance(v, list) else [v] for k, v in query.items()}
    return read_asked("agents", values, kpis=COMPARED, known=feed.known(now).labels, language="en",
                      now=now.astimezone(feed.zone))  # fmt: skip


def loaded(feed: Feed, asked: Asked) -> Scorecard:
    with feed.reading() as reader:
        return load(reader, asked)


def waits(feed: Feed, asked: Asked) -> list[tuple[str, str, float]]:
    """(agent, queue, seconds) of the facts."""
    since, until = asked.period.since, asked.period.until
    with feed.reading() as reader:
        rows = reader.connection.execute(sa.select(contacts)).all()
    return [
        (row.agent_id, row.queue, (row.first_reply_at - row.queued_at).total_seconds())
        for row in rows
        if row.first_reply_at is not None and since <= row.first_reply_at < until
    ]


def test_values_and_expected_values_are_those_of_the_facts(feed: Feed) -> None:
    asked = ask(feed, period="28d")
    card = loaded(feed, asked)
    facts = waits(feed, asked)
    of_queue = defaultdict(list)
    for _, queue, seconds in facts:
        of_queue[queue].append(seconds)
    for name, fair in card.chosen.fair.items():
        mine = [seconds for agent, _, seconds in facts if agent == name]
        assert fair.n == len(mine)
        assert fair.value == pytest.approx(float(np.median(mine)))
        weights = {
            q: sum(a == name and b == q for a, b, _ in facts) / len(of_queue[q]) for q in of_queue
        }
        pairs = sorted((s, weights[q]) for q, all_ in of_queue.items() for s in all_)
        below = np.cumsum([weight for _, weight in pairs])
        median = pairs[int(np.searchsorted(below, below[-1] / 2))][0]
        assert fair.expected == pytest.approx(median, rel=0.03)


def test_who_takes_twice_the_time_is_the_only_one_marked(feed: Feed) -> None:
    card = loaded(feed, ask(feed, period="28d"))
    marked = {
        name: fair.standing
        for name, fair in card.chosen.fair.items()
        if fair.standing in (Standing.BETTER, Standing.WORSE)
    }
    assert marked == {SLOW: Standing.WORSE}


def test_a_filter_by_agent_chooses_rows_and_not_what_is_expected(feed: Feed) -> None:
    whole, part = (loaded(feed, ask(feed, **q)) for q in ({}, {"agent": [SLOW]}))
    assert [one.id for one in part.agents] == [SLOW]
    assert part.chosen.fair[SLOW] == whole.chosen.fair[SLOW]


def test_a_filter_by_queue_compares_within_it(feed: Feed) -> None:
    queue = shop.QUEUES[0][0]
    asked = ask(feed, queue=queue)
    card = loaded(feed, asked)
    facts = [seconds for _, where, seconds in waits(feed, asked) if where == queue]
    expected = {round(fair.expected, 6) for fair in card.chosen.fair.values()}
    assert len(expected) == 1
    assert expected.pop() == pytest.approx(float(np.median(facts)), rel=0.03)


@pytest.mark.parametrize("key", ["first_response", "csat", HANDLED])
def test_the_list_behind_a_cell_is_as_long_as_its_n(feed: Feed, key: str) -> None:
    asked = ask(feed)
    card = loaded(feed, asked)
    columns = {one.key: one for one in (*card.columns, card.handled) if one}
    agent, row = next(iter(columns[key].rows.items()))
    with feed.reading() as reader:
        found = behind.listing(reader, asked, label(key, "agent", agent), "newest")
    assert found.total == row.n


def test_contacts_without_an_agent_are_nobodys(feed: Feed) -> None:
    card = loaded(feed, ask(feed))
    assert all(one.id for one in card.agents)
    assert card.handled is not None
    assert sum(row.n for row in card.handled.rows.values()) == card.handled.head.row.n


def test_occupancy_is_known_of_those_whose_presence_is(feed: Feed) -> None:
    card = loaded(feed, ask(feed))
    assert [list(one.rows) for one in card.times] == [[PRESENT], [PRESENT]]
    occupancy, concurrency = (one.rows[PRESENT].value for one in card.times)
    assert occupancy is not None and 0 < occupancy < 100
    assert concurrency is not None and concurrency >= 1
    assert card.present_s[PRESENT] == pytest.approx(60 * 3_600, abs=1)


def test_a_filter_by_queue_leaves_presence_unknown(feed: Feed) -> None:
    card = loaded(feed, ask(feed, queue=shop.QUEUES[0][0]))
    assert [one.rows for one in card.times] == [{}, {}]
    assert all(one.head.filtered_out for one in card.times)


def test_an_empty_period_has_no_agents_and_says_where_figures_are(feed: Feed) -> None:
    card = loaded(feed, ask(feed, **{"from": "2020-01-01", "until": "2020-01-31"}))
    assert card.agents == ()
    assert card.answer.study.reach is not None


def test_how_many_looks_are_taken_is_how_many_can_be_judged(feed: Feed) -> None:
    card = loaded(feed, ask(feed))
    judged = [
        fair
        for column in card.columns
        for fair in column.fair.values()
        if fair.standing not in (Standing.TOO_FEW, Standing.ALONE)
    ]
    assert card.looks == len(judged) > 0
