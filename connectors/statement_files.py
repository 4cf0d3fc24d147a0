"""Reading statements from a preset or a file; the format is described in docs/statements.md."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from connectors.durations import parse_duration
from connectors.errors import StatementError
from connectors.facts import REQUIRED
from connectors.statements import ROWS, Index, Statement, StatementSet, Warm

PRESETS = Path(__file__).parent / "presets"
_DIRECTIVE = re.compile(
    r"^--\s*(name|key|hot|warm|shift|index|timezone|default)(\s+[\w.]+)?\s*:\s*(.*)$"
)
_INDEX = re.compile(r"^(\w+)\s*\(([\w,\s]+)\)$")
_SHIFT = re.compile(r"^(\w+)\s*\+\s*(\S+)$")


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
        directive = _directive(line)
        if directive is None:
            if blocks and not line.strip().startswith("--"):
                blocks[-1][1].append(line)
            continue
        word, rest = directive
        where = f"{name}, line {number}"
        if word == "timezone":
            zone = rest
        elif word == "default":
            key, value = _default(rest, where)
            defaults[key] = value
        elif word == "name":
            blocks.append((_named(rest, where), []))
        elif not blocks:
            raise StatementError(f"{where}: '{word}' stands before the first '-- name:'")
        else:
            blocks[-1] = (_with(blocks[-1][0], word, rest, where), blocks[-1][1])
    statements = tuple(_finished(head, body, name) for head, body in blocks)
    _check_set(statements, name)
    return StatementSet(statements, zone, defaults)


def _directive(line: str) -> tuple[str, str] | None:
    """The word and the rest of a directive; None for SQL and for ordinary comments."""
    match = _DIRECTIVE.match(line.strip())
    if match is None:
        return None
    word, span, rest = match.groups()
    if (word == "warm") != (span is not None):
        return None
    return word, f"{span.strip()}:{rest}" if span else rest.strip()


def _default(rest: str, where: str) -> tuple[str, str | int | float]:
    key, equals, value = rest.partition("=")
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
    if word == "key":
        return replace(statement, key=rest)
    if word == "hot":
        return replace(statement, hot=rest)
    if word == "warm":
        span, _, predicate = rest.partition(":")
        try:
            every = parse_duration(span.strip())
        except ValueError as error:
            raise StatementError(f"{where}: {error}") from None
        return replace(statement, warm=(*statement.warm, Warm(every, predicate.strip())))
    if word == "shift":
        match = _SHIFT.match(rest)
        if not match:
            raise StatementError(f"{where}: write '-- shift: column +48h'")
        return replace(statement, shifts=(*statement.shifts, (match.group(1), match.group(2))))
    match = _INDEX.match(rest)
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
