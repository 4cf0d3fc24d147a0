"""Writing a history: repeatable, all or nothing, on every database the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.simulator.errors import SimulatorError
from connectors.simulator.feed import Feed, write_history
from connectors.simulator.settings import SimulatorSettings
from connectors.simulator.words import WORDS
from tests.connectors.simulator.shops import NOW, SMALL, digest, later, rows, shop
from tests.servers import Database


def test_the_same_seed_and_instant_give_the_same_rows(tmp_path: Path):
    first = digest(shop(tmp_path, name="first"))

    assert digest(shop(tmp_path, name="again")) == first
    other = SimulatorSettings(seed=4, days=2, contacts_per_day=400)
    assert digest(shop(tmp_path, other, name="other")) != first


def test_a_load_without_messages_has_the_same_contacts(tmp_path: Path):
    whole = shop(tmp_path, SMALL, name="whole")
    bare_settings = SimulatorSettings(seed=3, days=2, contacts_per_day=400, messages=False)
    bare = shop(tmp_path, bare_settings, name="bare")

    everything = "SELECT * FROM contacts ORDER BY 1"
    assert rows(bare, everything) == rows(whole, everything)
    for table in ("messages", "events"):
        assert rows(bare, f"SELECT count(*) FROM {table}") == [(0,)]


def test_progress_is_told_day_by_day(tmp_path: Path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    told: list[tuple[int, int]] = []

    written = write_history(
        engine, SMALL, now=NOW, progress=lambda done, total: told.append((done, total))
    )

    assert told == [(1, 3), (2, 3), (3, 3)]
    assert written > 5000


def test_a_history_is_never_written_over_another(tmp_path: Path):
    engine = shop(tmp_path)

    with pytest.raises(SimulatorError, match="already holds contacts"):
        write_history(engine, SMALL, now=NOW)


def test_a_failed_history_leaves_nothing(tmp_path: Path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")

    def give_up(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_history(engine, SMALL, now=NOW, progress=give_up)

    assert rows(engine, "SELECT count(*) FROM contacts") == [(0,)]
    write_history(engine, SMALL, now=NOW)


def test_a_feed_needs_a_history(tmp_path: Path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")

    with pytest.raises(SimulatorError, match="no history to go on with; write one first"):
        Feed(engine, SMALL, now=NOW)


def test_wrong_settings_are_one_sentence(tmp_path: Path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")

    with pytest.raises(SimulatorError, match="no layout 'zendesk'; use one of generic, chatwoot"):
        write_history(engine, SimulatorSettings(layout="zendesk"), now=NOW)
    with pytest.raises(SimulatorError, match="'chatwoot' needs PostgreSQL, not sqlite"):
        write_history(engine, SimulatorSettings(layout="chatwoot"), now=NOW)
    with pytest.raises(ValueError, match="above 0"):
        SimulatorSettings(days=0)


@pytest.mark.parametrize("kind", ["postgres_db", "mariadb_db"])
def test_servers_hold_the_same_shop_as_sqlite(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
):
    database: Database = request.getfixturevalue(kind)
    settings = SimulatorSettings(seed=3, days=1, contacts_per_day=150)
    server = sa.create_engine(database.url)
    write_history(server, settings, now=NOW)
    file = shop(tmp_path, settings)

    for engine in (server, file):
        Feed(engine, settings, now=NOW).advance(later(600))
    counts = """SELECT status, queue, count(*), sum(reopen_count), count(waiting_since),
                count(first_reply_at) FROM contacts GROUP BY 1, 2 ORDER BY 1, 2"""

    assert [tuple(map(str, row)) for row in rows(server, counts)] == [
        tuple(map(str, row)) for row in rows(file, counts)
    ]
    for table in ("messages", "events", "ratings", "orders", "cases", "presence", "shifts"):
        statement = f"SELECT count(*) FROM {table}"
        assert rows(server, statement) == rows(file, statement)
    server.dispose()


def test_both_languages_have_the_same_words():
    assert set(WORDS) == {"zh", "en"}
    for part in ("ask", "topic", "csat", "review"):
        zh, en = getattr(WORDS["zh"], part), getattr(WORDS["en"], part)
        assert set(zh) == set(en)
        assert all(zh.values())
        assert all(en.values())
    assert json.dumps(WORDS["en"].bot, ensure_ascii=True).isascii()
