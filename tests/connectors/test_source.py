"""What a broken source says, on real servers: one sentence, the thing named, no secret."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.checkup import check_source
from connectors.connect import connect
from connectors.errors import ConnectorError, SourceUnavailable
from connectors.settings import SourceSettings
from connectors.source import Source
from connectors.statement_files import load_statements
from tests.connectors.desk import Desk
from tests.servers import Database, PostgresServer

NOW = datetime(2026, 11, 11, tzinfo=UTC)
CONTACTS = """
-- name: contacts
-- key: c.id
-- hot: c.status = 'open'
-- index: contacts(status)
SELECT c.id AS contact_id, c.queue, c.status, c.opened_at FROM contacts c WHERE {{rows}}
"""


def settings(url: str, **more: Any) -> SourceSettings:
    given = {"name": "crm", "statements": "crm.sql", "url": url, "timezone": "UTC", **more}
    return SourceSettings.model_validate(given)


def read(url: str, text: str = CONTACTS, **more: Any) -> list[tuple[Any, ...]]:
    source = Source(settings(url, **more), load_statements(text))
    try:
        with source.reading(NOW) as reader:
            statement = source.statements.statements[0]
            return reader.rows(statement.first_page(), page=10).rows
    finally:
        source.close()


def sentence(action: Callable[[], object]) -> str:
    """What an error says, checked for form."""
    with pytest.raises(ConnectorError) as caught:
        action()
    text = str(caught.value)
    assert "crm" in text
    assert len(text) <= 300
    assert "\n" not in text
    for secret in ("admin-pass-71", "owner-pass-82", "reader-pass-93", "wrong-pass"):
        assert secret not in text
    return text


def table(database: Database) -> None:
    engine = sa.create_engine(database.url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE contacts (id INT, queue VARCHAR(20), status VARCHAR(20),"
            " opened_at TIMESTAMP)"
        )
    engine.dispose()


@pytest.fixture(params=["postgres_db", "mariadb_db"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(request.param)
    return found


def test_a_wrong_password_is_named_without_showing_it(database: Database) -> None:
    url = sa.make_url(database.url).set(password="wrong-pass")
    text = sentence(lambda: read(url.render_as_string(hide_password=False)))
    assert "refused the user or password" in text


def test_a_server_that_is_not_there_is_named(database: Database) -> None:
    url = sa.make_url(database.url).set(port=9)
    text = sentence(lambda: read(url.render_as_string(hide_password=False)))
    assert "cannot be reached" in text


def test_a_missing_table_is_named(database: Database) -> None:
    assert "no table or column" in sentence(lambda: read(database.url))
    assert "contacts" in sentence(lambda: read(database.url))


def test_a_missing_column_is_named(database: Database) -> None:
    table(database)
    text = sentence(lambda: read(database.url, CONTACTS.replace("c.queue", "c.line AS queue")))
    assert "no table or column" in text
    assert "line" in text


def test_a_source_can_not_be_written(database: Database) -> None:
    table(database)
    source = Source(settings(database.url), load_statements(CONTACTS))
    with pytest.raises(ConnectorError), source.connection() as connection:
        connection.exec_driver_sql("DELETE FROM contacts")
        connection.commit()
    source.close()


def test_a_slow_statement_is_ended_and_says_what_to_do(postgres_db: Database) -> None:
    table(postgres_db)
    slow = CONTACTS.replace("WHERE", ", pg_sleep(30) WHERE")
    engine = sa.create_engine(postgres_db.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO contacts VALUES (1, 'q', 'open', now())")
    engine.dispose()
    text = sentence(lambda: read(postgres_db.url, slow, timeout="1s"))
    assert "gave no answer within 1 s" in text


def test_a_server_that_hangs_is_left_alone_after_the_time_limit(
    postgres_server: PostgresServer, postgres_db: Database
) -> None:
    table(postgres_db)
    source = Source(settings(postgres_db.url, timeout="1s"), load_statements(CONTACTS))
    with source.reading(NOW) as reader:
        reader.rows("SELECT 1")
    with postgres_server.frozen(), pytest.raises(SourceUnavailable), source.reading(NOW) as reader:
        reader.rows("SELECT 1")
    with source.reading(NOW) as reader:  # well again
        assert reader.rows("SELECT 1").rows == [(1,)]
    source.close()


def test_check_names_the_missing_index_with_the_statement_that_makes_it(
    database: Database, tmp_path: Path
) -> None:
    table(database)
    (tmp_path / "crm.sql").write_text(CONTACTS)
    wanted = settings(database.url)
    found = [f.text for f in check_source(wanted, tmp_path, NOW) if f.level == "warning"]
    assert len(found) == 1
    ddl = found[0].split("run: ")[1].rstrip(";")
    engine = sa.create_engine(database.url)
    with engine.begin() as connection:
        connection.exec_driver_sql(ddl)
    engine.dispose()
    assert not [f for f in check_source(wanted, tmp_path, NOW) if f.level == "warning"]


def test_check_says_all_that_is_wrong_with_the_rows(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk.db")
    desk.contact(1, status="zombie")
    desk.contact(2)
    desk.run("UPDATE contacts SET opened_at = '2026-11-10 12:00:00' WHERE contact_id = 2")
    desk.contact(3, closed_at=-60, status="closed")
    given = {"name": "crm", "preset": "generic", "url": desk.url}
    texts = [f.text for f in check_source(SourceSettings.model_validate(given), tmp_path, NOW)]
    for words in ("unknown status 'zombie'", "has no zone; set timezone", "closed before opened"):
        assert [text for text in texts if words in text], words


def test_a_generic_source_without_contacts_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    sa.create_engine(f"sqlite:///{path}").connect().close()
    given = {"name": "crm", "preset": "generic", "url": f"sqlite:///{path}"}
    text = sentence(lambda: connect(SourceSettings.model_validate(given), tmp_path))
    assert "no table or view named contacts" in text


def test_a_parameter_that_is_not_set_is_named(tmp_path: Path) -> None:
    given = {"name": "crm", "preset": "chatwoot", "url": "postgresql://u@localhost/x"}
    text = sentence(lambda: connect(SourceSettings.model_validate(given), tmp_path))
    assert "account_id" in text
