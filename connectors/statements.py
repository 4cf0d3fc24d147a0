"""A source's statements, and the SQL that each kind of read runs.

How they are read from a file is in statement_files.py. Nothing here talks to a database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

ROWS = "{{rows}}"
_BIND = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")
BUILT_IN = frozenset({"after", "upto", "ids", "page", "now_utc", "now_local"})


@dataclass(frozen=True, slots=True)
class Warm:
    """Rows that are read again at an interval of their own."""

    every: timedelta
    predicate: str


@dataclass(frozen=True, slots=True)
class Index:
    """An index that a read relies on."""

    table: str
    columns: tuple[str, ...]

    def ddl(self) -> str:
        name = f"{self.table}_{'_'.join(self.columns)}_idx"
        return f"CREATE INDEX {name} ON {self.table} ({', '.join(self.columns)})"


@dataclass(frozen=True, slots=True)
class Statement:
    """One named SELECT with what the sync must know about it."""

    fact: str
    part: str = "rows"  # rows, probe or touched
    topic: str = ""  # of a touched statement: which table touches
    key: str = ""
    sql: str = ""
    hot: str | None = None
    warm: tuple[Warm, ...] = ()
    shifts: tuple[tuple[str, str], ...] = ()
    indexes: tuple[Index, ...] = ()

    @property
    def name(self) -> str:
        part = "" if self.part == "rows" else f".{self.part}"
        return f"{self.fact}{part}" + (f" {self.topic}" if self.topic else "")

    def where(self, predicate: str) -> str:
        """The SQL with a row predicate, in key order."""
        return f"{self.sql.replace(ROWS, f'({predicate})')}\nORDER BY {self.key}"

    def page(self) -> str:
        """The next rows after :after, at most :page of them."""
        return f"{self.where(f'{self.key} > :after')}\nLIMIT :page"

    def first_page(self) -> str:
        """The first rows of all."""
        return f"{self.where('1 = 1')}\nLIMIT :page"

    def between(self) -> str:
        """Rows with :after < key <= :upto."""
        return self.where(f"{self.key} > :after AND {self.key} <= :upto")

    def upto(self) -> str:
        """Rows with key <= :upto."""
        return self.where(f"{self.key} <= :upto")

    def by_ids(self) -> str:
        """Rows whose key is one of :ids."""
        return self.where(f"{self.key} IN :ids")

    def last(self) -> str:
        """The row with the highest key."""
        return f"{self.where('1 = 1')} DESC\nLIMIT 1"

    def count(self) -> str:
        return f"SELECT COUNT(*) FROM ({self.sql.replace(ROWS, '(1 = 1)')}) counted"  # noqa: S608

    def binds(self) -> frozenset[str]:
        """Parameters that the configuration must give."""
        predicates = [self.hot or "", *(warm.predicate for warm in self.warm)]
        found: set[str] = set()
        for text in (_without_literals(self.sql), *map(_without_literals, predicates)):
            found.update(_BIND.findall(text))
        for _, span in self.shifts:
            found.update(re.findall(r"\{(\w+)\}", span))
        return frozenset(found) - BUILT_IN


@dataclass(frozen=True, slots=True)
class StatementSet:
    """All statements of one source."""

    statements: tuple[Statement, ...]
    timezone: str | None = None
    defaults: Mapping[str, str | int | float] = field(default_factory=dict)

    def rows(self, fact: str) -> Statement | None:
        return self._find(fact, "rows")

    def probe(self, fact: str) -> Statement | None:
        return self._find(fact, "probe")

    def touched(self, fact: str) -> tuple[Statement, ...]:
        return tuple(s for s in self.statements if s.fact == fact and s.part == "touched")

    def facts(self) -> tuple[str, ...]:
        """The facts this source delivers, in the order they are read (people before contacts)."""
        order = (
            "agents", "contacts", "events", "ratings", "orders", "cases", "presence", "shifts",
        )  # fmt: skip
        return tuple(fact for fact in order if self.rows(fact))

    def _find(self, fact: str, part: str) -> Statement | None:
        for statement in self.statements:
            if statement.fact == fact and statement.part == part:
                return statement
        return None


def _without_literals(sql: str) -> str:
    """SQL without quoted text and casts, so that ':x' in them is no parameter."""
    return re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"|::", " ", sql)
