"""A KPI's definition in words, zh and en: its nine settings, one by one. Pages and CLI show these.

The words are locales/{zh,en}.toml; the numbers are not computed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from metrics.kpi import AGENT_TIME, Kpi
from metrics.text import Catalogue, format_duration, format_number, load_catalogue

Setting = tuple[str, str]  # its name and what it is, both in words
_SHARES = ("percent", "hits")
_TIMED = ("in_time", "late")
_ANSWERS = ("first_reply", "answered", "person_answered")


@dataclass(frozen=True, slots=True)
class Definition:
    """What a number means. `settings`: (name, text) in the order people ask."""

    key: str
    title: str
    about: str
    settings: tuple[Setting, ...]
    trap: str
    source: str
    pack: str
    version: str
    verify: bool


@cache
def catalogue() -> Catalogue:
    return load_catalogue(Path(__file__).parent / "locales")


def explain(kpi: Kpi, language: str) -> Definition:
    """The definition in one language."""
    pack = dict(kpi.pack.titles).get(language) or kpi.pack.name
    return Definition(
        kpi.key, kpi.title(language), kpi.about(language), tuple(_settings(kpi, language)),
        kpi.trap(language), kpi.source or kpi.pack.source, pack, kpi.pack.version, kpi.pack.verify,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Words:
    """The catalogue in one language, for KPIs of one unit."""

    lang: str
    unit: str

    def t(self, key: str, **values: object) -> str:
        return catalogue().t(f"explain.{key}", self.lang, **values)

    def of(self, kind: str, name: str) -> str:
        """An event's or condition's name: what the unit calls it, else what all do."""
        unit = "round" if self.unit == "message" else self.unit
        own = f"explain.{kind}.{unit}.{name}"
        return catalogue().t(own, self.lang) if catalogue().has(own) else self.t(f"{kind}.{name}")

    def condition(self, name: str) -> str:
        plain = self.of("condition", name.removeprefix("!"))
        return self.t("not", what=plain) if name.startswith("!") else plain

    def span(self, span: timedelta) -> str:
        return format_duration(span.total_seconds(), self.lang)


def _settings(kpi: Kpi, lang: str) -> Iterator[Setting]:
    words = _Words(lang, kpi.of_unit)
    found = _of_ratio(kpi, words) if kpi.is_ratio else _of_rows(kpi, words)
    for name, text in (*found, *_limits(kpi, words)):
        yield words.t(f"name.{name}"), text


def _of_ratio(kpi: Kpi, words: _Words) -> Iterator[Setting]:
    above, below = kpi.part_titles or ((), ())
    of = dict(above).get(words.lang, kpi.of)
    per = dict(below).get(words.lang, kpi.per)
    yield "shape", words.t("ratio_percent" if kpi.factor == 100 else "ratio", of=of, per=per)


def _of_rows(kpi: Kpi, words: _Words) -> Iterator[Setting]:
    t = words.t
    timed = kpi.start is not None and kpi.end is not None and kpi.hit in (None, *_TIMED)
    yield "shape", _shape(kpi, words)
    if timed:
        start, end = words.of("event", kpi.start or ""), words.of("event", kpi.end or "")
        yield "pair", t("pair", start=start, end=end)
    yield "unit", t(f"unit.{kpi.of_unit}")
    if timed:
        yield "clock", t(f"clock.{kpi.clock}")
    if kpi.of_unit in ("round", "message") and kpi.end is not None:
        yield "counts", t("or").join(t(f"who.{one}") for one in kpi.counts)
    if kpi.where:
        yield "where", t("and").join(words.condition(one) for one in kpi.where)
    if kpi.shape in _SHARES or (kpi.shape == "duration" and timed):
        yield "denominator", t(f"denominator.{_denominator(kpi)}")
    if kpi.short_abandon is not None:
        yield "short_abandon", words.span(kpi.short_abandon)
    if kpi.dedup != "none":
        yield "dedup", t(f"dedup.{kpi.dedup}")
    if kpi.date is not None and not kpi.is_state:
        yield "date", words.of("event", kpi.date)


def _denominator(kpi: Kpi) -> str:
    """Its word; only questions can be answered, orders and cases come to an end."""
    other = {"answered": "ended", "offered": "started"}
    if kpi.end in _ANSWERS or kpi.denominator not in other:
        return kpi.denominator
    return other[kpi.denominator]


def _shape(kpi: Kpi, words: _Words) -> str:
    """What the figure is: a median, a share of what, a number of what."""
    t = words.t
    if kpi.of_unit == AGENT_TIME or kpi.shape in ("sum", "mean"):
        return t(f"shape.{kpi.shape}", what=t(f"number.{kpi.number}"))
    if kpi.shape == "duration":
        what = t("of", what=t(f"number.{kpi.number}")) if kpi.number else ""
        return t("shape.average" if kpi.headline == "mean" else "shape.duration") + what
    if kpi.is_state and kpi.threshold is not None:
        start = words.of("event", kpi.start or "")
        key = "shape.aged" if kpi.threshold else "shape.past"
        return t(key, start=start, span=words.span(kpi.threshold))
    if kpi.shape in _SHARES:
        return t(f"shape.{kpi.shape}", what=_met(kpi, words))
    return t(f"shape.{kpi.shape}")


def _met(kpi: Kpi, words: _Words) -> str:
    """What a row must be to count in a share."""
    if kpi.hit not in (None, *_TIMED) or kpi.threshold is None:
        return words.condition(kpi.hit or "")
    late = kpi.hit == "late"
    if kpi.threshold:
        return words.t("met.late" if late else "met.in_time", span=words.span(kpi.threshold))
    start = words.of("event", kpi.start or "")
    return words.t("met.after" if late else "met.not_after", start=start)


def _limits(kpi: Kpi, words: _Words) -> Iterator[Setting]:
    """Of the calendar, of what is known, and of whoever demands the number."""
    t = words.t
    for _label, values in kpi.only:
        yield "only", t("list").join(values)
    if kpi.hours is not None:
        first, last = kpi.hours
        yield "hours", f"{first // 60:02}:{first % 60:02}–{last // 60:02}:{last % 60:02}"
    if kpi.suspended:
        days = [f"{a} – {b - timedelta(days=1)}" for a, b in kpi.suspended]
        yield "suspended", t("list").join(days)
    if kpi.effective_from is not None:
        yield "effective_from", str(kpi.effective_from)
    if kpi.matures is not None:
        yield "matures", t("matures", span=words.span(kpi.matures))
    if kpi.rolling is not None:
        yield "rolling", words.span(kpi.rolling)
    if kpi.target is not None:
        yield "target", format_number(kpi.target) + ("%" if kpi.unit == "%" else "")
    if kpi.needs:
        yield "needs", t("list").join(kpi.needs)
