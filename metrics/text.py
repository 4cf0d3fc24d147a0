"""Words for people: zh/en catalogues; number, duration, percent, age and time formats.

Each package keeps its own locales/{en,zh}.toml and loads it here. Logs and errors are English and
don't come through here; what a number means doesn't live here either.
"""

from __future__ import annotations

import math
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
UNKNOWN = "–"  # never 0: what isn't known is said to be unknown

_SPANS = {"zh": ("天", "小时", "分", "秒", ""), "en": (" d", " h", " min", " s", " ")}
_WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun",
           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of one package by language and dotted key (`tile.waiting`)."""

    texts: Mapping[str, Mapping[str, str]]

    def t(self, key: str, lang: str, **values: object) -> str:
        """The text with its {placeholders} filled in; English where the language lacks the key."""
        text = self.texts.get(lang, {}).get(key)
        if text is None:
            text = self.texts["en"].get(key, key)  # a missing word must not take a page down
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        return key in self.texts["en"]

    def gaps(self) -> list[str]:
        """What a test must find empty: keys or placeholders that the languages don't share."""
        found = []
        keys = {key for texts in self.texts.values() for key in texts}
        for key in sorted(keys):
            missing = [lang for lang, texts in self.texts.items() if key not in texts]
            found += [f"{key} is missing in {lang}" for lang in missing]
            forms = {_placeholders(texts[key]) for texts in self.texts.values() if key in texts}
            if len(forms) > 1:
                found.append(f"{key} has different placeholders")
        return found


def load_catalogue(folder: Path) -> Catalogue:
    """Reads `folder`/{zh,en}.toml; tables nest, and their names join to dotted keys."""
    texts: dict[str, Mapping[str, str]] = {}
    for lang in LANGUAGES:
        with (folder / f"{lang}.toml").open("rb") as file:
            texts[lang] = dict(_flatten(tomllib.load(file)))
    return Catalogue(texts)


def _flatten(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield prefix + key, str(value)


def _placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def format_number(value: float | None, *, decimals: int | None = None) -> str:
    """`12,345`, `4.6`. Without `decimals` whole numbers have none and others have one."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if decimals is None:
        decimals = 0 if value == round(value) or abs(value) >= 1_000 else 1
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text


def format_percent(value: float | None, *, decimals: int = 1) -> str:
    """`85.2%` of a value in percent; `85%` when whole."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = format_number(value, decimals=decimals)
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def format_duration(seconds: float | None, lang: str) -> str:
    """`1分20秒` / `1 min 20 s`: the two largest units, cut and not rounded up."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    *units, joint = _SPANS.get(lang, _SPANS["en"])
    left = max(0, int(seconds))
    parts = []
    for unit, size in zip(units, (86_400, 3_600, 60, 1), strict=True):
        count, left = divmod(left, size)
        parts.append((count, unit))
    first = next((i for i, (count, _) in enumerate(parts) if count), len(parts) - 1)
    shown = [f"{count}{unit}" for count, unit in parts[first : first + 2] if count]
    if lang == "zh" and len(shown) == 1 and parts[first][1] == "分":
        return f"{parts[first][0]}分钟"
    return joint.join(shown) or f"0{units[-1]}"


def format_age(seconds: float | None, lang: str) -> str:
    """How long ago, in one unit: `刚刚`, `3 分钟前` / `just now`, `3 min ago`."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    zh = lang == "zh"
    if seconds < 1:
        return "刚刚" if zh else "just now"
    for size, chinese, english in (
        (86_400, "天", "d"),
        (3_600, "小时", "h"),
        (60, "分钟", "min"),
        (1, "秒", "s"),
    ):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {chinese}前" if zh else f"{count} {english} ago"
    return UNKNOWN


def format_day(moment: datetime, lang: str, *, zone: ZoneInfo) -> str:
    """`11月11日 周三` / `Wed 11 Nov`, in the local day of `zone`."""
    local = moment.astimezone(zone)
    weekday = _WEEKDAYS.get(lang, _WEEKDAYS["en"])[local.weekday()]
    if lang == "zh":
        return f"{local.month}月{local.day}日 {weekday}"
    return f"{weekday} {local.day} {_MONTHS[local.month - 1]}"


def format_moment(moment: datetime, lang: str, *, zone: ZoneInfo, now: datetime) -> str:
    """`18:04` today, `11月11日 周三 18:04` on any other day of `zone`."""
    local = moment.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M}"
    return f"{format_day(moment, lang, zone=zone)} {local:%H:%M}"
