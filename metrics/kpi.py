"""A KPI is nine settings: the frozen definition that every number is computed and explained by.

Packs (packs.py) make them from TOML, vocabulary.py knows the words they may use, measure.py turns
them into values. `KPIS` are those that hold without any configuration.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Literal

from metrics.clock import ALWAYS, Clocks
from metrics.errors import UnknownKpi
from metrics.vocabulary import AGENT_TIME_LABELS, LINKED, UNITS

Shape = Literal["duration", "percent", "hits", "count", "sum", "mean", "ratio", "state"]
Language = Literal["zh", "en"]
Texts = tuple[tuple[str, str], ...]  # (language, text)
ENGINE = 1  # raised when the same settings come to mean other values: all are computed anew
AGENT_TIME = "agent_time"
_AGENT_TIME_DATES = ("contacts.assigned_at", "contacts.first_reply_at", "contacts.closed_at",
                     "presence.since", "presence.until", "agents.team")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pack:
    """Where a KPI's definition was written down, and until when it may be trusted."""

    name: str
    file: str
    version: str
    titles: Texts = ()
    source: str = ""
    zone: str | None = None
    checked: dt.date | None = None
    good_until: dt.date | None = None
    verify: bool = False  # to be verified on the platform


@dataclass(frozen=True, slots=True)
class Kpi:
    """One KPI. Event names, conditions and numbers are those of its unit in vocabulary.py."""

    key: str
    titles: Texts
    abouts: Texts
    pack: Pack
    shape: Shape
    unit: str  # of the value: s, %, contacts, money …
    # the nine settings
    start: str | None = None
    end: str | None = None
    of_unit: str = "contact"
    clock: Literal["wall", "service"] = "wall"
    counts: tuple[str, ...] = ("human",)
    threshold: timedelta | None = None
    denominator: Literal["all", "answered", "removed", "offered"] = "all"
    dedup: Literal["none", "contact", "customer_day", "contact_window"] = "none"
    date: str | None = None
    effective_from: dt.date | None = None
    # how values become one number
    headline: Literal["p50", "mean"] = "p50"
    hit: str | None = None
    number: str | None = None
    where: tuple[str, ...] = ()
    hours: tuple[int, int] | None = None  # minutes of the local day
    suspended: tuple[tuple[dt.date, dt.date], ...] = ()
    short_abandon: timedelta | None = None
    matures: timedelta | None = None
    of: str | None = None
    per: str | None = None
    factor: float = 1.0
    better: Literal["lower", "higher", "neither"] = "neither"
    decimals: int | None = None
    rolling: timedelta | None = None
    target: float | None = None
    internal: bool = False
    needs: tuple[str, ...] = ()
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()  # label -> values, as the shop scopes a pack
    source: str = ""
    traps: Texts = ()
    part_titles: tuple[Texts, Texts] | None = None  # of a ratio's two KPIs

    def title(self, language: str) -> str:
        return _text(self.titles, language)

    def about(self, language: str) -> str:
        return _text(self.abouts, language)

    def trap(self, language: str) -> str:
        return _text(self.traps, language)

    @property
    def is_state(self) -> bool:
        """Whether it is read off the present instead of a window."""
        return self.shape == "state"

    @property
    def is_ratio(self) -> bool:
        """Whether it is made of two other KPIs, each by its own date."""
        return self.shape == "ratio"

    @property
    def is_stored(self) -> bool:
        """Whether its values are kept by quarter hour."""
        by_window = self.dedup in ("contact", "contact_window")
        return not (self.is_state or self.is_ratio or by_window)

    @property
    def is_late(self) -> bool:
        """Whether a value hangs on other rows of days around it, so that it is computed by days."""
        return self.is_stored and (self.of_unit == AGENT_TIME or self.dedup == "customer_day")

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can be split by."""
        if self.of_unit == AGENT_TIME:
            return AGENT_TIME_LABELS
        if self.of_unit == "rating" and "review" in self.where:
            return ("source",)
        return tuple(sorted(UNITS[self.of_unit].labels))

    @property
    def dates(self) -> tuple[str, ...]:
        """The names of dirty slots whose values must be computed anew."""
        if not self.is_stored or self.date is None:
            return _AGENT_TIME_DATES if self.of_unit == AGENT_TIME and self.is_stored else ()
        if self.of_unit == "message":
            return ("rounds.message_at",)
        linked = [LINKED[one] for one in (self.start, self.end, self.hit) if one in LINKED]
        return (*UNITS[self.of_unit].events[self.date].dates, *linked)

    @property
    def empty(self) -> float | None:
        """The value of an interval without any: a count is 0, of a mean nothing is known."""
        return 0.0 if self.shape in ("count", "hits", "sum", "state") else None

    def fingerprint(self, clocks: Clocks, zone: str) -> str:
        """Changes when stored values no longer are what the definition says."""
        settings = asdict(self)
        for words in ("titles", "abouts", "traps", "source", "pack", "better", "decimals",
                      "rolling", "target", "internal", "needs", "unit", "part_titles"):  # fmt: skip
            settings.pop(words)
        clock = clocks.fingerprint() if self.clock == "service" else ""
        local = self.pack.zone or zone
        if not (self.hours or self.suspended or self.is_late or self.effective_from):
            local = ""
        text = json.dumps([ENGINE, settings, clock, local], default=str, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _text(texts: Texts, language: str) -> str:
    found = dict(texts)
    return found.get(language) or found.get("en", "")


def _always() -> Clocks:
    return Clocks(ALWAYS, {})


@dataclass(frozen=True)
class Registry(Mapping[str, Kpi]):
    """The KPIs of a configuration, with the clocks and the zone that they are measured by."""

    kpis: Mapping[str, Kpi]
    clocks: Clocks = field(default_factory=_always)
    zone: str = "Asia/Shanghai"

    def find(self, key: str) -> Kpi:
        """The KPI of a key; UnknownKpi names those that are called alike."""
        try:
            return self.kpis[key]
        except KeyError:
            shown = [one.key for one in self.kpis.values() if not one.internal]
            near = difflib.get_close_matches(key, shown, n=3, cutoff=0.6)
            meant = f"; did you mean {' or '.join(near)}?" if near else ""
            raise UnknownKpi(
                f"there is no KPI '{key[:60]}'{meant}; `deskpulse kpi --list` prints all there are"
            ) from None

    def parts(self, kpi: Kpi) -> tuple[Kpi, ...]:
        """A ratio's two KPIs, or the KPI itself."""
        if kpi.is_ratio:
            return (self.find(kpi.of or ""), self.find(kpi.per or ""))
        return (kpi,)

    def stored(self) -> list[Kpi]:
        return [one for one in self.kpis.values() if one.is_stored]

    def labels(self, kpi: Kpi) -> tuple[str, ...]:
        """What it can be split by; a ratio by what both of its KPIs can."""
        first, *rest = self.parts(kpi)
        return tuple(name for name in first.labels if all(name in one.labels for one in rest))

    def fingerprint(self, kpi: Kpi) -> str:
        return kpi.fingerprint(self.clocks, self.zone)

    def __getitem__(self, key: str) -> Kpi:
        return self.kpis[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.kpis)

    def __len__(self) -> int:
        return len(self.kpis)

    def __hash__(self) -> int:
        return id(self)


def local_zone(kpi: Kpi, registry: Registry) -> str:
    """The zone of a KPI's hours and days: its platform's, else the shop's."""
    return kpi.pack.zone or registry.zone
