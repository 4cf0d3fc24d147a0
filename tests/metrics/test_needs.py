"""A column that no source delivers makes no data, never 0; a source that lacks it is left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors import schema, write
from connectors.columns import to_micros
from connectors.delivered import save_columns
from connectors.dirty import save_dirty
from connectors.store import Store, open_store
from metrics.needs import lacking, left_out, missing, required
from metrics.packs import available, load_registry
from metrics.reading import Reader, Where
from metrics.refresh import refresh
from metrics.trailing import trailing

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
DAY = (NOON - timedelta(hours=12), NOON + timedelta(hours=12))
ALL = load_registry(available())
DESK = frozenset({
    "contacts", "contacts.opened_at", "contacts.queued_at", "contacts.first_reply_at",
    "contacts.closed_at", "contacts.agent_id",
})  # fmt: skip
PHONE = DESK | {"contacts.abandoned_at"}


def contact(source: str, number: int, **times: Any) -> tuple[Any, ...]:
    values: dict[str, Any] = {
        "contact_id": str(number), "channel": "chat", "queue": source, "status": "open",
        "opened_at": to_micros(NOON), "bot_only": False, "outbound_only": False, **times,
    }  # fmt: skip
    return (source, *(values.get(c.name) for c in list(schema.contacts.columns)[1:]))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A desk that knows no abandonment with three answered contacts; a phone where one of two
    callers gave up."""
    made = open_store(f"sqlite:///{tmp_path / 'store.db'}", migrate=True)
    later = to_micros(NOON + timedelta(seconds=40))
    with made.begin() as connection:
        rows = [contact("desk", number, first_reply_at=later) for number in range(3)]
        rows += [contact("phone", 8, first_reply_at=later), contact("phone", 9, abandoned_at=later)]
        _, dirty = write.apply(connection, "contacts", rows)
        save_dirty(connection, dirty)
        read = [{"source": name, "status": "ok", "poll_s": 2.0, "rows": 0, "as_of": DAY[1]}
                for name in ("desk", "phone")]  # fmt: skip
        connection.execute(schema.sources.insert(), read)
        save_columns(connection, "desk", DESK)
        save_columns(connection, "phone", PHONE)
    refresh(made, ALL)
    yield made
    made.close()


def values(store: Store, key: str, **where: Any) -> Any:
    with store.read() as connection:
        reader = Reader(connection, ZONE, ALL)
        [row] = reader.rows(key, *DAY, where=Where(**where))
        return row.value, row.n


def test_a_source_that_lacks_a_column_is_no_part_of_the_share(store: Store) -> None:
    assert values(store, "abandonment") == (50.0, 2)
    assert values(store, "abandonment", source=("phone",)) == (50.0, 2)


def test_what_no_source_delivers_is_no_data_and_not_0(store: Store) -> None:
    assert values(store, "abandonment", source=("desk",)) == (None, 0)
    assert values(store, "orders_placed") == (None, 0)
    assert values(store, "cases_open") == (None, 0)
    assert values(store, "complaint_rate") == (None, 0)
    assert values(store, "aht") != (0.0, 0)


def test_what_is_delivered_and_did_not_happen_is_0(store: Store) -> None:
    assert values(store, "contacts_closed") == (0.0, 0)
    assert values(store, "volume") == (5.0, 5)


def test_rules_hear_of_no_data_too(store: Store) -> None:
    def ask(key: str, *by: str) -> list[tuple[float | None, int]]:
        with store.read() as connection:
            found = trailing(connection, key, window=timedelta(days=1), by=by, as_of=DAY[1],
                             zone=ZONE, registry=ALL)  # fmt: skip
            return [(one.value, one.n) for one in found]

    assert ask("abandonment") == [(50.0, 2)]
    assert ask("abandonment", "source") == [(50.0, 2)]
    assert ask("orders_placed") == [(None, 0)]
    assert ask("orders_placed", "source") == []
    assert ask("cases_open") == [(None, 0)]
    assert ask("volume") == [(5.0, 5)]


def test_the_sentence_names_column_kpi_and_source_in_both_languages(store: Store) -> None:
    with store.read() as connection:
        alone = Reader(connection, ZONE, ALL, ("desk",))
        both = Reader(connection, ZONE, ALL)
        assert missing(alone, "abandonment") == (
            "Abandonment (abandonment) needs contacts.abandoned_at, which the source 'desk' does "
            "not deliver: no data from there"
        )
        said = missing(alone, "abandonment", "zh")
        assert said is not None
        assert "放弃率（abandonment）需要 contacts.abandoned_at，数据源'desk'没有提供" in said
        assert missing(both, "abandonment") is None
        [partly] = left_out(both, "abandonment")
        assert "'desk'" in partly
        assert missing(both, "volume") is None
        complaints = missing(both, "complaint_rate")
        assert complaints is not None
        assert "'desk' and 'phone'" in complaints


def test_a_filter_by_a_queue_that_is_no_more_gives_no_data(store: Store) -> None:
    assert values(store, "volume", queue=("phone",)) == (2.0, 2)
    assert values(store, "volume", queue=("renamed",)) == (None, 0)
    assert values(store, "backlog", queue=("renamed",)) == (None, 0)
    assert values(store, "abandonment", queue=("renamed",)) == (None, 0)


def test_a_source_that_no_sync_has_told_of_lacks_nothing(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(schema.meta.delete())
    assert values(store, "abandonment") == (20.0, 5)
    assert values(store, "orders_placed") == (0.0, 0)


@pytest.mark.parametrize("kpi", ALL.values(), ids=lambda kpi: kpi.key)
def test_every_kpi_has_data_where_every_column_is_delivered(kpi: Any) -> None:
    everything = frozenset(schema.FACTS) | {
        f"{fact}.{column.name}" for fact, table in schema.FACTS.items() for column in table.columns
    }
    assert lacking(kpi, ("all",), {"all": everything}) == ()
    if not kpi.is_ratio:
        assert lacking(kpi, ("none",), {"none": frozenset()})
        assert all(name in everything for group in required(kpi) for name in group)
