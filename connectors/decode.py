"""Source rows -> fact rows: names to positions, values to their kinds, naive times to instants.

Pure. What a row must satisfy to be used is in facts.py.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.columns import EPOCH
from connectors.durations import parse_duration
from connectors.errors import SchemaMismatch
from connectors.facts import (
    DEFAULTS,
    DUPLICATE,
    REQUIRED,
    Rejected,
    Row,
    columns,
    id_column,
    judge,
    kind,
)
from connectors.statements import Statement

_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the zero of naive UTC arithmetic
Converter = Callable[[Any], Any]


class BadValue(ValueError):
    """A value that is not what its column must hold; the message is the reason."""


class Decoder:
    """Turns the rows of one statement into fact rows (source first) or rejections."""

    def __init__(
        self,
        source: str,
        statement: Statement,
        names: Sequence[str],
        *,
        zone: ZoneInfo | None,
        secret: bytes,
        params: Mapping[str, Any],
    ) -> None:
        self.fact = statement.fact
        self.source = source
        wanted = columns(self.fact)
        self._check_names(names, wanted)
        shifts = {column: _span(span, params) for column, span in statement.shifts}
        at = {name: index for index, name in enumerate(names)}
        defaults = DEFAULTS.get(self.fact, {})
        self._steps = [
            (at.get(name), _converter(kind(self.fact, name), zone, secret, shifts.get(name, 0)),
             defaults.get(name), name)
            for name in wanted
        ]  # fmt: skip
        self._judge = judge(self.fact)

    def decode(self, rows: Sequence[Sequence[Any]], now: int) -> tuple[list[Row], list[Rejected]]:
        """Usable fact rows and rejected ones; of rows with the same id the first stays."""
        good: dict[str, Row] = {}
        bad: list[Rejected] = []
        doubles: dict[str, int] = {}
        for values in self._values(rows, bad):
            key = values[0]
            if key in good:
                doubles[key] = doubles.get(key, 0) + 1
                continue
            reason = self._judge(values, now)
            if reason is None:
                good[key] = (self.source, *values)
            else:
                bad.append(Rejected(self.fact, str(key), reason))
        bad.extend(
            Rejected(self.fact, key, DUPLICATE, times=times) for key, times in doubles.items()
        )
        return list(good.values()), bad

    def _values(
        self, rows: Sequence[Sequence[Any]], bad: list[Rejected]
    ) -> Iterable[Sequence[Any]]:
        """Rows converted; column by column, and row by row only where a value is bad."""
        if not rows:
            return []
        try:
            by_column = list(zip(*rows, strict=True))
            return zip(
                *(
                    itertools.repeat(default, len(rows))
                    if at is None
                    else _convert_all(by_column[at], convert, default)
                    for at, convert, default, _ in self._steps
                ),
                strict=True,
            )
        except BadValue:
            return self._row_by_row(rows, bad)

    def _row_by_row(
        self, rows: Iterable[Sequence[Any]], bad: list[Rejected]
    ) -> Iterator[Sequence[Any]]:
        for row in rows:
            try:
                yield [
                    default if at is None or row[at] is None else convert(row[at])
                    for at, convert, default, _ in self._steps
                ]
            except BadValue as problem:
                bad.append(self._bad_value(row, str(problem)))

    def _bad_value(self, row: Sequence[Any], problem: str) -> Rejected:
        """Which column it was is found out only now, off the fast path."""
        key = self._steps[0][0]
        row_id = "?" if key is None else str(row[key])
        for at, convert, _, name in self._steps:
            if at is None or row[at] is None:
                continue
            try:
                convert(row[at])
            except BadValue:
                shown = "" if name == "customer_key" else repr(row[at])[:60]
                return Rejected(self.fact, row_id, f"{name} {problem}", shown)
        return Rejected(self.fact, row_id, problem)

    def _check_names(self, names: Sequence[str], wanted: Sequence[str]) -> None:
        optional = set(DEFAULTS.get(self.fact, {}))
        missing = [n for n in REQUIRED[self.fact] if n not in names and n not in optional]
        unknown = [n for n in names if n not in wanted]
        twice = sorted({n for n in names if list(names).count(n) > 1})
        problem = (
            f"lacks the column '{missing[0]}'" if missing
            else f"has an unknown column '{unknown[0]}'" if unknown
            else f"has the column '{twice[0]}' twice" if twice else None
        )  # fmt: skip
        if problem:
            raise SchemaMismatch(
                f"source '{self.source}': statement '{self.fact}' {problem}; "
                f"it may give {', '.join(wanted)}"
            )


def _since_epoch(value: datetime, zone: ZoneInfo | None) -> timedelta:
    if value.tzinfo is not None:
        return value - EPOCH
    if zone is None:
        raise BadValue("has no zone; set timezone for this source")
    if zone.key == "UTC":
        return value - _NAIVE_EPOCH
    return value.replace(tzinfo=zone).astimezone(UTC) - EPOCH


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadValue("is not a time") from None


def _convert_all(column: Sequence[Any], convert: Converter, default: Any) -> Sequence[Any]:
    plain = convert is _text and default is None and set(map(type, column)) <= {str, type(None)}
    if plain and not any("\x00" in value for value in column if value):
        return column
    return [default if value is None else convert(value) for value in column]


def time_converter(zone: ZoneInfo | None, shift: int = 0) -> Converter:
    """Values of a time column -> microseconds since 1970 UTC, `shift` added."""

    def convert(value: Any) -> int | None:
        if type(value) is str:
            if not value or value.isspace():
                return None  # what a CSV import makes of no value
            value = _parsed(value)
        elif type(value) is date:
            value = datetime.combine(value, time())
        elif not isinstance(value, datetime):
            raise BadValue("is not a time")
        delta = _since_epoch(value, zone)
        return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds + shift

    def guarded(value: Any) -> int | None:
        try:
            return convert(value)
        except OverflowError:  # year 1 and year 9999 in zones that reach beyond
            raise BadValue("is not a time that can be") from None

    return guarded


def _converter(what: str, zone: ZoneInfo | None, secret: bytes, shift: int) -> Converter:
    if what == "time":
        return time_converter(zone, shift)
    if what == "customer":
        return lambda value: hashlib.blake2b(
            str(value).encode(), key=secret, digest_size=12
        ).hexdigest()
    convert = {"text": _text, "integer": _integer, "number": _number, "flag": _flag}[what]
    return convert if what == "text" else lambda value: None if value == "" else convert(value)


def _text(value: Any) -> str:
    if type(value) is str:
        return value.replace("\x00", "")
    if type(value) is float and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes | memoryview):
        raise BadValue("is binary, not text")
    return str(value)


def _integer(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise BadValue("is not a whole number") from None


def _number(value: Any) -> float:
    if type(value) in (float, int, Decimal, str):
        try:
            number = float(value)
        except ValueError:
            raise BadValue("is not a number") from None
        if number == number and abs(number) != float("inf"):
            return number
    raise BadValue("is not a number")


def _flag(value: Any) -> bool:
    if isinstance(value, bytes) and len(value) == 1:  # BIT(1) of MySQL
        value = value[0]
    if value in (0, 1):  # True and False as well
        return bool(value)
    words = {"true": True, "t": True, "yes": True, "1": True,
             "false": False, "f": False, "no": False, "0": False}  # fmt: skip
    try:
        return words[str(value).strip().lower()]
    except KeyError:
        raise BadValue("is not true or false") from None


def _span(text: str, params: Mapping[str, Any]) -> int:
    """Microseconds of a shift such as 48h or {ship_within_hours}h."""
    filled = text.format_map(params)
    try:
        return int(parse_duration(filled).total_seconds() * 1_000_000)
    except ValueError as error:
        raise SchemaMismatch(f"a shift of the statements cannot be used: {error}") from None


def fact_id(fact: str) -> int:
    """The position of the id in a fact row (source comes first)."""
    return 1 + columns(fact).index(id_column(fact))
