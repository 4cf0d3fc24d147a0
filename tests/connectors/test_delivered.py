"""What a source delivers is read off its statements, and remembered in the store."""

from __future__ import annotations

from pathlib import Path

from connectors.delivered import columns_of, delivered_columns, save_columns
from connectors.statement_files import load_preset
from connectors.statements import Statement, StatementSet
from connectors.store import open_store


def of(*statements: Statement) -> frozenset[str]:
    return columns_of(StatementSet(statements))


def test_columns_are_those_that_a_statement_names() -> None:
    found = of(Statement("contacts", key="id", sql="SELECT id AS contact_id, opened_at FROM t"))
    assert {"contacts", "contacts.contact_id", "contacts.opened_at"} <= found
    assert "contacts.abandoned_at" not in found
    assert not any(one.startswith("orders") for one in found)


def test_what_has_a_default_is_delivered() -> None:
    found = of(Statement("ratings", key="id", sql="SELECT rating_id, score FROM ratings"))
    assert {"ratings.kind", "ratings.scale"} <= found


def test_a_star_may_be_any_column_but_counting_is_not() -> None:
    assert "contacts.abandoned_at" in of(Statement("contacts", key="id", sql="SELECT * FROM desk"))
    assert "contacts.abandoned_at" in of(
        Statement("contacts", key="id", sql="SELECT d.x AS queue, d.* FROM desk d")
    )
    counted = "SELECT id AS contact_id, (SELECT count(*) FROM m) AS reopen_count FROM desk"
    assert "contacts.abandoned_at" not in of(Statement("contacts", key="id", sql=counted))


def test_rounds_are_made_of_messages() -> None:
    messages = Statement("messages", key="id", sql="SELECT id AS message_id FROM m")
    assert {"rounds", "rounds.answered_at"} <= of(messages)


def test_chatwoot_does_not_know_who_gave_up() -> None:
    found = columns_of(load_preset("chatwoot"))
    assert "contacts.abandoned_at" not in found
    assert {"contacts.first_reply_at", "contacts.reopen_count", "events.value_s"} <= found


def test_the_store_remembers_the_last_of_each_source(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", migrate=True)
    with store.begin() as connection:
        save_columns(connection, "desk", frozenset({"contacts"}))
        save_columns(connection, "shop", frozenset({"orders"}))
        save_columns(connection, "desk", frozenset({"contacts", "contacts.team"}))
    with store.read() as connection:
        assert delivered_columns(connection) == {
            "desk": {"contacts", "contacts.team"}, "shop": {"orders"},
        }  # fmt: skip
    store.close()
