"""Our own store: versions, instants, and what it says when it cannot be used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from connectors import schema
from connectors import store as store_module
from connectors.errors import StoreError, StoreNotReady, StoreUnavailable
from connectors.store import HEAD, open_store
from connectors.tables import metadata
from tests.servers import Database


def test_migrations_lead_to_exactly_the_schema(store_url: str) -> None:
    store = open_store(store_url, migrate=True)
    with store.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
    store.close()


def test_the_newest_version_is_the_one_the_program_asks_for() -> None:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(store_module.__file__).parent / "migrations")
    )
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_an_instant_comes_back_as_the_same_instant_in_utc(store_url: str) -> None:
    store = open_store(store_url, migrate=True)
    local = datetime(2026, 11, 11, 0, 0, 0, 123456, tzinfo=ZoneInfo("Asia/Shanghai"))
    with store.begin() as connection:
        connection.execute(schema.meta.insert().values(name="x", value="y"))
        connection.execute(
            schema.sources.insert().values(source="s", status="ok", poll_s=1, rows=0, as_of=local)
        )
    with store.read() as connection:
        found = connection.execute(sa.select(schema.sources.c.as_of)).scalar_one()
    assert found == local
    assert found.tzinfo is UTC
    store.close()


def test_a_time_without_a_zone_is_refused(store_url: str) -> None:
    store = open_store(store_url, migrate=True)
    naive = datetime(2026, 11, 11)  # noqa: DTZ001 - the point of the test
    with pytest.raises(sa.exc.StatementError, match="without a zone"), store.begin() as connection:
        connection.execute(
            schema.sources.insert().values(source="s", status="ok", poll_s=1, rows=0, as_of=naive)
        )
    store.close()


def test_a_write_that_fails_leaves_nothing_behind(store_url: str) -> None:
    store = open_store(store_url, migrate=True)
    with pytest.raises(RuntimeError), store.begin() as connection:
        connection.execute(schema.meta.insert().values(name="x", value="y"))
        raise RuntimeError
    with store.read() as connection:
        assert connection.execute(sa.select(schema.meta)).all() == []
    store.close()


def test_a_store_that_is_not_there_is_only_made_when_asked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'deep' / 'store.db'}"
    with pytest.raises(StoreNotReady, match="does not exist yet; run `deskpulse sync`"):
        open_store(url)
    open_store(url, migrate=True).close()
    open_store(url).close()


def test_a_full_disk_is_said_in_one_sentence(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", migrate=True)
    rows = [{"name": str(i), "value": "x" * 5000} for i in range(50)]
    full = pytest.raises(StoreUnavailable, match="its disk is full; free some space")
    with full, store.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.execute(schema.meta.insert(), rows)
    with store.read() as connection:
        assert connection.execute(sa.select(schema.meta)).all() == []
    store.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("this is a text file, and a long one " * 100)
    with pytest.raises(StoreError, match=r"SQLite file store\.db"):
        open_store(f"sqlite:///{path}")


def test_a_wrong_password_of_the_store_is_not_shown(postgres_db: Database) -> None:
    url = sa.make_url(postgres_db.url).set(password="wrong-pass")
    with pytest.raises(StoreUnavailable) as caught:
        open_store(url.render_as_string(hide_password=False))
    assert "refused user or password" in str(caught.value)
    assert "wrong-pass" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://root@localhost/x", "nonsense"])
def test_a_store_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(StoreUnavailable):
        open_store(url, migrate=True)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        open_store(f"sqlite:///{blocker}/deep/store.db", migrate=True)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
