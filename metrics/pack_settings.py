"""One setting of a pack: the TOML value -> the value of Kpi or Pack, or a sentence that names it.

Which settings there are and how each is written. What they mean together is contradictions.py's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.durations import parse_duration
from connectors.schema import FACTS

Reader = Callable[[Any], Any]
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-4]):([0-5]\d)")
_KEY = re.compile(r"[A-Za-z]\w*(\.\w+)*")
_DAY_MINUTES = 24 * 60


def read_settings(table: Mapping[str, Any], known: Mapping[str, tuple[str, Reader]]) -> Any:
    """Values by the name of their field. ValueError: one sentence, the setting's name in it."""
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise ValueError(f"unknown setting '{unknown[0]}'; see docs/kpis.md")
    values = {}
    for name, value in table.items():
        field, read = known[name]
        try:
            values[field] = read(value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return values


def check_key(key: str) -> None:
    """ValueError unless it can be typed in a command and stand in a URL."""
    if not _KEY.fullmatch(key) or len(key) > 60:
        raise ValueError("a key is made of letters, digits, _ and dots, and begins with a letter")


def text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"write a text in quotes, not {_shown(value)}")
    return value


def texts(value: Any) -> tuple[tuple[str, str], ...]:
    """(language, text): one text for all languages, or a table of them."""
    if isinstance(value, str) and value.strip():
        return (("en", value), ("zh", value))
    if not isinstance(value, Mapping) or not value or not set(value) <= {"zh", "en"}:
        raise ValueError('write a text in quotes, or { zh = "…", en = "…" }')
    return tuple(sorted((language, text(said)) for language, said in value.items()))


def words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError('write a list of words, such as ["incoming"]')
    return tuple(value)


def columns(value: Any) -> tuple[str, ...]:
    """Fact columns such as contacts.closed_at."""
    for one in words(value):
        fact, _, name = one.partition(".")
        if fact not in FACTS or name not in FACTS[fact].columns:
            raise ValueError(f"there is no fact column '{one}'; see docs/statements.md")
    return tuple(value)


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("write true or false")
    return value


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"write a number, not {_shown(value)}")
    return value


def places(value: Any) -> int:
    """Decimals."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 6:
        raise ValueError("write a whole number from 0 to 6")
    return value


def span(value: Any) -> timedelta:
    if not isinstance(value, str):
        raise ValueError(f'write a span of time such as "30s" or "7d", not {_shown(value)}')
    return parse_duration(value)


def hours(value: Any) -> tuple[int, int]:
    """Minutes of the local day."""
    found = _HOURS.fullmatch(str(value))
    if found is None:
        raise ValueError(f'write hours of the day such as "08:00-23:00", not {_shown(value)}')
    first, last = (int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4]))
    if first >= last or last > _DAY_MINUTES:
        raise ValueError("the end must lie after the start, on the same day")
    return first, last


def day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"write a date such as 2026-11-11, not {_shown(value)}") from None


def days(value: Any) -> tuple[tuple[date, date], ...]:
    """Runs of days: the first one included, the last one left out."""
    runs: list[Any] = value if isinstance(value, list) else [value]
    if not all(isinstance(run, list) and len(run) == 2 for run in runs):
        raise ValueError('write runs of days such as [["2026-02-15", "2026-02-24"]]')
    found = tuple((day(first), day(last)) for first, last in runs)
    if any(first >= last for first, last in found):
        raise ValueError("the second day of a run, which is left out, must come after the first")
    return found


def zone(value: Any) -> str:
    try:
        return ZoneInfo(text(value)).key
    except (OSError, KeyError, ValueError):
        raise ValueError(f'write a zone such as "Asia/Shanghai", not {_shown(value)}') from None


def version(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float | date) else text(value)


def _shown(value: Any) -> str:
    return repr(value)[:40]
