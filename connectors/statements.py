"""A source's statements: reading the file, and the SQL that each kind of read runs.

The file format is described in docs/statements.md. Nothing here talks to a database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from connectors.durations import parse_duration
from connectors.errors import StatementError
from connectors.facts import REQUIRED

ROWS = "{{rows}}"
PRESETS = Path(__file__).parent / "presets"
_DIRECTIVE = re.compile(r"^--\s*(name|key|hot|warm|shift|index|timezone|default)\b\s*(.*)$")
_INDEX = re.compile(r"^(\w+)\s*\(([\w,\s]+)\)$")
_SHIFT = re.compile(r"^(\w+)\s*\+\s*(\S+)$")
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
        return f"CREATE INDEX {self.table}_{'_'.join(self.columns)}_idx ON {self.table} ({', '.join(self.columns)})"


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
        return f"SELECT COUNT(*) FROM ({self.sql.replace(ROWS, '(1 = 1)')}) counted"

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
        order = ("agents", "contacts", "ratings", "orders", "cases", "presence", "shifts")
        return tuple(fact for fact in order if self.rows(fact))

    def _find(self, fact: str, part: str) -> Statement | None:
        for statement in self.statements:
            if statement.fact == fact and statement.part == part:
                return statement
        return None


def load_preset(name: str) -> StatementSet:
    """The statements of a shipped preset; StatementError names the presets there are."""
    path = PRESETS / name / "statements.sql"
    if not re.fullmatch(r"\w+", name) or not path.is_file():
        known = sorted(p.parent.name for p in PRESETS.glob("*/statements.sql"))
        raise StatementError(
            f"there is no preset '{name}'; use one of {', '.join([*known, 'generic'])} "
            'or statements = "file.sql"'
        )
    return load_statements(path.read_text(encoding="utf-8"), name=f"preset {name}")


def load_file(path: Path) -> StatementSet:
    """The statements of a file of the user's own."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StatementError(
            f"the statements file '{path.name}' cannot be read; check its path and encoding (UTF-8)"
        ) from error
    return load_statements(text, name=path.name)


def load_statements(text: str, *, name: str = "statements") -> StatementSet:
    """Parse a statements file; StatementError says which statement or line is wrong."""
    zone: str | None = None
    defaults: dict[str, str | int | float] = {}
    blocks: list[tuple[Statement, list[str]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _DIRECTIVE.match(line.strip())
        if not match:
            if blocks and not line.strip().startswith("--"):
                blocks[-1][1].append(line)
            continue
        word, rest = match.group(1), match.group(2).strip()
        where = f"{name}, line {number}"
        if word == "timezone":
            zone = rest.lstrip(": ").strip()
        elif word == "default":
            key, value = _default(rest, where)
            defaults[key] = value
        elif word == "name":
            blocks.append((_named(rest.lstrip(": "), where), []))
        elif not blocks:
            raise StatementError(f"{where}: '{word}' stands before the first '-- name:'")
        else:
            blocks[-1] = (_with(blocks[-1][0], word, rest, where), blocks[-1][1])
    statements = tuple(_finished(head, body, name) for head, body in blocks)
    _check_set(statements, name)
    return StatementSet(statements, zone, defaults)


def _default(rest: str, where: str) -> tuple[str, str | int | float]:
    key, equals, value = rest.lstrip(": ").partition("=")
    if not equals:
        raise StatementError(f"{where}: write '-- default: parameter = value'")
    text = value.strip()
    number: str | int | float = text
    for kind in (int, float):
        try:
            number = kind(text)
            break
        except ValueError:
            continue
    return key.strip(), number


def _named(rest: str, where: str) -> Statement:
    head, _, topic = rest.partition(" ")
    fact, _, part = head.partition(".")
    if fact not in REQUIRED or part not in ("", "probe", "touched"):
        raise StatementError(
            f"{where}: unknown statement '{rest}'; use one of {', '.join(REQUIRED)}, "
            "or FACT.probe, or FACT.touched NAME"
        )
    return Statement(fact=fact, part=part or "rows", topic=topic.strip())


def _with(statement: Statement, word: str, rest: str, where: str) -> Statement:
    value = rest.lstrip(": ") if word != "warm" else rest
    if word == "key":
        return replace(statement, key=value)
    if word == "hot":
        return replace(statement, hot=value)
    if word == "warm":
        span, _, predicate = rest.partition(":")
        try:
            every = parse_duration(span.strip())
        except ValueError as error:
            raise StatementError(f"{where}: {error}") from None
        return replace(statement, warm=(*statement.warm, Warm(every, predicate.strip())))
    if word == "shift":
        match = _SHIFT.match(value)
        if not match:
            raise StatementError(f"{where}: write '-- shift: column +48h'")
        return replace(statement, shifts=(*statement.shifts, (match.group(1), match.group(2))))
    match = _INDEX.match(value)
    if not match:
        raise StatementError(f"{where}: write '-- index: table(column, column)'")
    names = tuple(part.strip() for part in match.group(2).split(","))
    return replace(statement, indexes=(*statement.indexes, Index(match.group(1), names)))


def _finished(statement: Statement, body: list[str], name: str) -> Statement:
    sql = "\n".join(body).strip().rstrip(";").strip()
    if not sql:
        raise StatementError(f"{name}: statement '{statement.name}' is empty")
    if sql.count(ROWS) != 1:
        raise StatementError(f"{name}: statement '{statement.name}' needs {ROWS} exactly once")
    if not statement.key:
        raise StatementError(f"{name}: statement '{statement.name}' needs a '-- key:' line")
    if not re.match(r"(?is)^(select|with)\b", sql):
        raise StatementError(f"{name}: statement '{statement.name}' is not a SELECT")
    return replace(statement, sql=sql)


def _check_set(statements: tuple[Statement, ...], name: str) -> None:
    if not statements:
        raise StatementError(f"{name} holds no statement; start one with '-- name: contacts'")
    seen: set[str] = set()
    for statement in statements:
        if statement.name in seen:
            raise StatementError(f"{name}: statement '{statement.name}' is there twice")
        seen.add(statement.name)
    for statement in statements:
        if (statement.part != "rows" or statement.fact == "messages") and not any(
            other.part == "rows"
            and other.fact == ("contacts" if statement.fact == "messages" else statement.fact)
            for other in statements
        ):
            raise StatementError(f"{name}: '{statement.name}' stands without the fact it is about")


def _without_literals(sql: str) -> str:
    """SQL without quoted text and casts, so that ':x' in them is no parameter."""
    return re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"|::", " ", sql)
