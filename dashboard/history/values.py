"""A KPI's value in words: in a sentence, in a cell, as a big figure. What isn't known says so."""

from __future__ import annotations

from dashboard.words import UNKNOWN, Figure, Words
from metrics.text import format_number, format_percent

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def in_words(value: float | None, unit: str, words: Words) -> str:
    """`1 min 20 s`, `85.2%`, `4.62`, `1,204`."""
    if value is None:
        return UNKNOWN
    if unit == "s":
        # Below ten seconds the tenth still tells two apart.
        return f"{value:.1f}{_second(words)}" if 0 < value < 10 else words.duration(value)
    if unit == "%":
        return format_percent(value)
    if unit == "score":
        return f"{value:.2f}"
    return format_number(value)


def in_cell(value: float | None, unit: str, words: Words) -> str:
    """As short as can be: `85s`, `12m`, `1.4h`, `3d`, `85`, `4.6`, `1.2k`."""
    if value is None:
        return UNKNOWN
    if unit == "s":
        return _short_span(value, words)
    if unit == "score":
        return f"{value:.1f}"
    if unit == "%" or abs(value) < 10_000:
        return f"{value:.0f}"
    return "".join(part.digits + part.unit for part in words.big_count(value))


def big(value: float | None, unit: str, words: Words) -> tuple[Figure, ...]:
    """For a tile; nothing when unknown."""
    if value is None:
        return ()
    if unit == "s":
        return words.big_duration(value)
    if unit == "%":
        return (Figure(format_percent(value).removesuffix("%"), "%"),)
    if unit == "score":
        return words.big_score(value)
    return words.big_count(value) if value == round(value) else (Figure(format_number(value), ""),)


def difference(now: float, then: float, unit: str, words: Words) -> str:
    """How far a value lies from another, without a sign: `12%`, and `3.1 pp` between percents."""
    if unit in ("%", "score", "points"):
        gap = f"{abs(now - then):.2f}" if unit == "score" else f"{abs(now - then):.1f}"
        return words("history.points", value=gap) if unit == "%" else gap
    return f"{abs(now - then) / abs(then) * 100:.0f}%" if then else in_words(now, unit, words)


def _second(words: Words) -> str:
    return words("axis.second")


def _short_span(seconds: float, words: Words) -> str:
    for size, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= size:
            count = seconds / size
            return (
                f"{count:.0f}{words(f'short.{name}')}"
                if count >= 9.95
                else (f"{count:.1f}".removesuffix(".0") + words(f"short.{name}"))
            )
    return f"{seconds:.0f}{words('short.second')}"
