"""Spans of time as people write them in the config: "30s", "2m", "1h30m", "1d"; knows no clock."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

_MICROSECONDS = {
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d)\s*")
# Written back in these units only, so that "90s" and "1m30s" have one form.
_WRITTEN = ("d", "h", "m", "s", "ms")
_LONGEST = timedelta(days=3660)


def parse_duration(text: str) -> timedelta:
    """`1h30m` → 1 h 30 min; a bare number is refused because its unit would be a guess."""
    cleaned = text.strip()
    parts = list(_PART.finditer(cleaned))
    if not parts or "".join(part.group(0) for part in parts) != cleaned:
        raise ValueError(f"{text!r} is not a span of time; write for example 30s, 2m, 1h30m or 1d")
    micros = sum(float(part.group(1)) * _MICROSECONDS[part.group(2)] for part in parts)
    if micros > _LONGEST / timedelta(microseconds=1):
        raise ValueError(f"{text!r} is longer than ten years; write a shorter span")
    return timedelta(microseconds=round(micros))


def format_duration(span: timedelta) -> str:
    """The shortest exact form that `parse_duration` reads back: `1m30s`, `0s`."""
    left = span // timedelta(microseconds=1)
    if left < 0:
        raise ValueError(f"a span of time can't be negative: {span}")
    text = ""
    for unit in _WRITTEN:
        count, left = divmod(left, _MICROSECONDS[unit])
        text += f"{count}{unit}" if count else ""
    if left:  # below a millisecond: only reached by spans that weren't written by people
        text += f"{left / 1_000:.3f}ms"
    return text or "0s"


def _read(value: object) -> timedelta:
    if isinstance(value, timedelta):
        if value < timedelta(0):
            raise ValueError("a span of time can't be negative")
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError(f"{value!r} has no unit; write for example 30s, 2m, 1h30m or 1d")


# The type of a setting: reads "30s", gives a timedelta.
Duration = Annotated[
    timedelta, BeforeValidator(_read), PlainSerializer(format_duration, return_type=str)
]
