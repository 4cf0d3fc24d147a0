"""The `generic` preset: tables or views that already have the fact columns by name.

Only contacts (contact_id, queue, status, opened_at) is required; what is missing switches off what
needs it, and `check` says so. The statements are built from the columns that are there.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from connectors.durations import parse_duration
from connectors.errors import SchemaMismatch
from connectors.facts import DEFAULTS, REQUIRED, columns, id_column
from connectors.statements import ROWS, Index, Statement, StatementSet, Warm

LIVE = {
    "contacts": "status IN ('open', 'bot', 'snoozed')",
    "orders": "status IN ('unpaid', 'paid')",
    "cases": "status IN ('pending', 'returning')",
}
SLOW = parse_duration("60s")
RECENT = 20_000  # keys below the newest that are looked at again for late answers


def generic_statements(connection: sa.Connection, name: str) -> StatementSet:
    """Statements for the tables that are there; SchemaMismatch when contacts cannot be read."""
    inspector = sa.inspect(connection)
    tables = {*inspector.get_table_names(), *inspector.get_view_names()}
    if "contacts" not in tables and not tables.intersection(("orders", "ratings", "cases")):
        raise SchemaMismatch(
            f"source '{name}' has no table or view named contacts; make one with the fact columns "
            "or write statements of your own"
        )
    quote = connection.dialect.identifier_preparer.quote
    found: list[Statement] = []
    for fact in REQUIRED:
        if fact not in tables or (fact == "messages" and "contacts" not in tables):
            continue
        held = {c["name"]: c["type"] for c in inspector.get_columns(fact)}
        if fact == "events" and "event_id" not in held:
            continue  # a common name: that table is about something else
        found.extend(_statements(name, fact, held, quote))
    return StatementSet(tuple(found))


def _statements(
    name: str, fact: str, held: Mapping[str, sa.types.TypeEngine[object]], quote: object
) -> list[Statement]:
    assert callable(quote)  # noqa: S101 - a method of SQLAlchemy's preparer
    missing = [c for c in REQUIRED[fact] if c not in held and c not in DEFAULTS.get(fact, {})]
    if missing:
        raise SchemaMismatch(
            f"source '{name}': the table '{fact}' lacks the column '{missing[0]}'; add it, or "
            "write statements of your own"
        )
    wanted = ", ".join(quote(column) for column in columns(fact) if column in held)
    key = "contact_id" if fact == "messages" else id_column(fact)
    whole = isinstance(held[key], sa.Integer)
    live = LIVE.get(fact) or ("until IS NULL" if fact == "presence" and "until" in held else None)
    indexes = [Index(fact, (key,))]
    if fact in LIVE:
        indexes.append(Index(fact, ("status",)))
    main = Statement(
        fact=fact,
        key=quote(key),
        sql=f"SELECT {wanted} FROM {fact} WHERE {ROWS}",  # noqa: S608 - names come from reflection
        hot=live,
        warm=_warm(fact, quote(key), whole=whole),
        indexes=tuple(indexes),
    )
    return [main, *_touched(fact, held, quote, whole=whole)]


def _warm(fact: str, key: str, *, whole: bool) -> tuple[Warm, ...]:
    if fact == "orders":
        return (Warm(SLOW, "status = 'shipped'"),)
    if fact == "agents":
        return (Warm(SLOW, "1 = 1"),)
    if fact in ("ratings", "shifts"):
        # Not simply MAX - n: an unsigned key cannot hold what lies below 0.
        floor = f"CASE WHEN MAX({key}) > {RECENT} THEN MAX({key}) - {RECENT} ELSE 0 END"
        recent = f"{key} >= (SELECT {floor} FROM {fact})"  # noqa: S608
        return (Warm(SLOW / 4, recent if whole else "1 = 1"),)
    return ()


def _touched(
    fact: str, held: Mapping[str, sa.types.TypeEngine[object]], quote: object, *, whole: bool
) -> list[Statement]:
    """Where text keys cannot show what is new, a time can; a new message touches its contact."""
    assert callable(quote)  # noqa: S101
    found: list[Statement] = []
    if fact == "messages":
        whole_ids = isinstance(held["message_id"], sa.Integer)
        mark = "message_id" if whole_ids else "sent_at"
        found.append(_marked("contacts", "messages", "messages", mark, "contact_id"))
        return found
    start = {"contacts": "opened_at", "orders": "placed_at", "cases": "opened_at",
             "ratings": "asked_at", "events": "at"}.get(fact)  # fmt: skip
    marks = (None if whole else start, "updated_at" if fact == "contacts" else None)
    return [
        _marked(fact, column, fact, quote(column), quote(id_column(fact)))
        for column in marks
        if column and column in held
    ]


def _marked(fact: str, topic: str, table: str, mark: str, key: str) -> Statement:
    return Statement(
        fact=fact,
        part="touched",
        topic=topic,
        key=mark,
        sql=f"SELECT {mark} AS mark, {key} AS id FROM {table} WHERE {ROWS}",  # noqa: S608
        indexes=(Index(table, (mark.strip('`"'),)),),
    )
