"""Looking a source over before it is trusted: can it be read, is its mapping right, is it cheap.

Everything wrong is found in one go. Findings are sentences for people; an error means that
something will not work, a warning that it will be slow or incomplete.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.connect import connect
from connectors.decode import Decoder
from connectors.errors import ConnectorError, SourceError
from connectors.settings import SourceSettings
from connectors.source import Source
from connectors.statements import Index, Statement

SAMPLE = 500

# What a missing column takes away.
NEEDED = {
    "contacts": {
        "first_reply_at": "first response and service level stay unknown",
        "waiting_since": "the queue length stays unknown",
        "closed_at": "resolution time stays unknown",
        "abandoned_at": "abandonment stays unknown",
        "agent_id": "unassigned contacts cannot be told",
        "customer_key": "who comes back cannot be told, nor who buys again",
        "transfer_count": "the share of transfers stays unknown",
        "reopen_count": "the share of reopened contacts stays unknown",
    },
    "events": {"value_s": "the averages that the help desk itself reports stay unknown"},
    "ratings": {"asked_at": "the response rate of surveys stays unknown"},
    "orders": {
        "paid_at": "orders paid and time to ship stay unknown",
        "shipped_at": "time to ship stays unknown",
        "promised_ship_at": "overdue and late shipments stay unknown",
    },
    "cases": {"closed_at": "refunded amounts stay unknown"},
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a source."""

    level: Literal["error", "warning", "note"]
    text: str


def check_source(settings: SourceSettings, folder: Path, now: datetime) -> list[Finding]:
    """Everything there is to say about a source; never raises for what the source does."""
    try:
        source = connect(settings, folder)
    except ConnectorError as error:
        return [Finding("error", str(error))]
    try:
        with source.connection() as connection:
            connection.exec_driver_sql("SELECT 1")
    except SourceError as error:
        source.close()
        return [Finding("error", str(error))]
    found = [
        finding
        for statement in source.statements.statements
        for finding in _check_statement(source, statement, now)
    ]
    found += _check_indexes(source)
    source.close()
    return found


def _check_statement(source: Source, statement: Statement, now: datetime) -> Iterator[Finding]:
    try:
        with source.reading(now) as reader:
            got = reader.rows(statement.first_page(), page=SAMPLE)
            rows = list(got.rows)
            for predicate in _predicates(statement):
                rows += reader.rows(f"{statement.where(predicate)}\nLIMIT :page", page=SAMPLE).rows
            rows += reader.rows(statement.last()).rows
    except SourceError as error:
        yield Finding("error", str(error))
        return
    if statement.part != "rows":
        if len(got.names) < 2:
            yield Finding(
                "error",
                f"source '{source.name}': statement '{statement.name}' must give at least two "
                "columns, see docs/statements.md",
            )
        return
    try:
        decoder = Decoder(
            source.name, statement, got.names, zone=source.zone, secret=b"check",
            params=source.params,
        )  # fmt: skip
    except SourceError as error:
        yield Finding("error", str(error))
        return
    _, rejected = decoder.decode(_once(rows), to_micros(now))
    reasons = Counter(one.reason for one in rejected)
    for reason, count in reasons.most_common():
        example = next(one for one in rejected if one.reason == reason)
        shown = f", for example {example.row_id}" + (f" {example.detail}" if example.detail else "")
        yield Finding(
            "error" if count * 2 > len(rows) or "zone" in reason else "warning",
            f"source '{source.name}': {count} of {len(rows)} sampled rows of {statement.fact} "
            f"cannot be used: {reason}{shown}",
        )
    for column, effect in NEEDED.get(statement.fact, {}).items():
        if column not in got.names:
            yield Finding(
                "note", f"source '{source.name}': {statement.fact} has no {column}: {effect}"
            )


def _predicates(statement: Statement) -> Sequence[str]:
    hot = [statement.hot] if statement.hot else []
    return [*hot, *(warm.predicate for warm in statement.warm)]


def _once(rows: Sequence[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """The samples overlap: the same row twice is no duplicate id."""
    seen: dict[str, tuple[object, ...]] = {}
    for row in rows:
        seen.setdefault(repr(row), row)
    return list(seen.values())


def _check_indexes(source: Source) -> Iterator[Finding]:
    wanted = dict.fromkeys(
        index for statement in source.statements.statements for index in statement.indexes
    )
    try:
        with source.connection() as connection:
            inspector = sa.inspect(connection)
            tables = set(inspector.get_table_names())
            for index in wanted:
                if index.table in tables and not _has_index(inspector, index):
                    yield Finding(
                        "warning",
                        f"source '{source.name}': without an index on {index.table}"
                        f"({', '.join(index.columns)}) each poll reads the whole table; "
                        f"run: {index.ddl()};",
                    )
    except SourceError as error:
        yield Finding("error", str(error))


def _has_index(inspector: sa.Inspector, index: Index) -> bool:
    """Whether an index (or the primary key) begins with the columns."""
    width = len(index.columns)
    keys = [inspector.get_pk_constraint(index.table)["constrained_columns"]]
    keys += [
        [name or "" for name in one["column_names"]] for one in inspector.get_indexes(index.table)
    ]
    keys += [list(one["column_names"]) for one in inspector.get_unique_constraints(index.table)]
    if any(tuple(key[:width]) == index.columns for key in keys):
        return True
    return width == 1 and _partial_index(inspector, index)


def _partial_index(inspector: sa.Inspector, index: Index) -> bool:
    """PostgreSQL and SQLite: an index limited to the live rows serves as well."""
    wanted = index.columns[0]
    for one in inspector.get_indexes(index.table):
        options = one.get("dialect_options", {})
        condition = options.get("postgresql_where") or options.get("sqlite_where")
        if condition is not None and wanted in str(condition):
            return True
    return False
