"""Words and figures as the pages show them, zh and en, on top of metrics.text.

No Streamlit and no HTML here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from metrics.text import (
    LANGUAGES,
    UNKNOWN,
    Catalogue,
    Language,
    format_day,
    format_duration,
    load_catalogue,
)

__all__ = ["LANGUAGES", "UNKNOWN", "Figure", "Language", "Words", "as_language", "words"]

_LOCALES = Path(__file__).parent / "locales"
_UTC = ZoneInfo("UTC")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# From ten of the larger unit on, the smaller one says nothing that can be read from afar.
_BOTH_UNITS_BELOW = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """One piece of a big figure: digits, and the small unit behind them ("" for none)."""

    digits: str
    unit: str


@dataclass(frozen=True, slots=True)
class Words:
    """One language: `words("tile.waiting")`, and the forms of its numbers."""

    language: Language
    catalogue: Catalogue

    def __call__(self, key: str, **values: object) -> str:
        return self.catalogue.t(key, self.language, **values)

    def has(self, key: str) -> bool:
        return self.catalogue.has(key)

    # --- big figures ------------------------------------------------------------------------

    def big_count(self, value: float) -> tuple[Figure, ...]:
        """1,234 as it is; from ten thousand on short (1.2万, 12.3k), so that it fits a tile."""
        whole = round(value)
        if abs(whole) < 10_000:
            return (Figure(f"{whole:,}", ""),)
        if self.language == "zh":
            return (Figure(_short(whole / 10_000), "万"),)
        if abs(whole) < 1_000_000:
            return (Figure(_short(whole / 1_000), "k"),)
        return (Figure(_short(whole / 1_000_000), "M"),)

    def big_percent(self, value: float) -> tuple[Figure, ...]:
        return (Figure(_percent_digits(value), "%"),)

    def big_score(self, value: float) -> tuple[Figure, ...]:
        return (Figure(f"{value:.2f}", ""),)

    def big_duration(self, seconds: float) -> tuple[Figure, ...]:
        """Short enough for a tile, cut down: 9 min 34 s, 34 min, 1 h 12 min, 14 h, 3 d 4 h."""
        return tuple(Figure(str(count), self(f"unit.{name}")) for count, name in _span(seconds))

    # --- in a sentence ----------------------------------------------------------------------

    def count(self, value: float) -> str:
        return f"{round(value):,}"

    def percent(self, value: float) -> str:
        return f"{_percent_digits(value)}%"

    def duration(self, seconds: float) -> str:
        """1分20秒, 1 min 20 s."""
        return format_duration(seconds, self.language)

    def listing(self, names: Iterable[str]) -> str:
        """天猫、京东; Tmall, JD."""
        return ("、" if self.language == "zh" else ", ").join(names)

    def clock(self, moment: datetime) -> str:
        return f"{moment:%H:%M}"

    def day(self, day: date | datetime) -> str:
        """11月21日 周六, Sat 21 Nov."""
        # Noon: a calendar day has no zone, and noon is on that day in each of them.
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=_UTC)
        return format_day(noon, self.language, zone=_UTC)

    def full_day(self, day: date) -> str:
        """2026年11月21日, 21 Nov 2026."""
        if self.language == "zh":
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{self.day(day).split(' ', 1)[1]} {day.year}"

    def moment(self, moment: datetime) -> str:
        """Day and time of a local moment, to the second."""
        return f"{self.day(moment)} {moment:%H:%M:%S}"


def as_language(value: str | None) -> Language | None:
    """`zh` and `en` with any region ("zh-CN", "en_GB"); None for anything else."""
    short = (value or "").replace("_", "-").split("-")[0].lower()
    return next((language for language in LANGUAGES if language == short), None)


@cache
def words(language: Language) -> Words:
    return Words(language, catalogue())


@cache
def catalogue() -> Catalogue:
    return load_catalogue(_LOCALES)


def _short(value: float) -> str:
    return f"{value:.1f}" if abs(value) < 99.95 else f"{value:.0f}"


def _percent_digits(value: float) -> str:
    """Whole percents, but never 100 for less than all and never 0 for more than none."""
    rounded = f"{value:.0f}"
    if rounded == "100" and value < 100:
        return ">99"
    if rounded == "0" and value > 0:
        return "<1"
    return rounded


def _span(seconds: float) -> list[tuple[int, str]]:
    """The two largest units of a span, cut down, or the largest alone when that says it."""
    total = max(0, int(seconds))
    if total < _MINUTE:
        return [(total, "second")]
    if total < _HOUR:
        high, low = (total // _MINUTE, "minute"), (total % _MINUTE, "second")
    elif total < _DAY:
        high, low = (total // _HOUR, "hour"), (total % _HOUR // _MINUTE, "minute")
    else:
        high, low = (total // _DAY, "day"), (total % _DAY // _HOUR, "hour")
    return [high] if low[0] == 0 or high[0] >= _BOTH_UNITS_BELOW else [high, low]
