"""Which fact columns a KPI needs, and which sources can't tell it because they lack one.

A share of contacts that were abandoned is not 0 where nobody writes abandonment down: it is not
known. What sources deliver is connectors/delivered.py's; leaving their rows out is reading.py's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics.explain import catalogue
from metrics.kpi import AGENT_TIME, Kpi, Registry
from metrics.text import Language
from metrics.vocabulary import UNITS

if TYPE_CHECKING:
    from metrics.reading import Reader

Columns = Mapping[str, frozenset[str]]  # by source, as far as known
_AGENT_TIME = (("contacts.agent_id",), ("contacts.closed_at",))
_FACTS = {"contact": "contacts", "round": "rounds", "message": "rounds", "event": "events",
          "rating": "ratings", "order": "orders", "case": "cases"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lack:
    """A column (or a whole fact, "orders") that a KPI needs and these sources don't deliver."""

    column: str
    sources: tuple[str, ...]


def required(kpi: Kpi) -> tuple[tuple[str, ...], ...]:
    """The columns without which there is no data: one of each group must be delivered.

    A ratio's own needs only; those of its two KPIs are theirs.
    """
    found: list[tuple[str, ...]] = [(column,) for column in kpi.needs]
    if kpi.of_unit == AGENT_TIME and not kpi.is_ratio:
        found += () if kpi.needs else _AGENT_TIME
    elif not kpi.is_ratio:
        found = [*(group for group in _of_words(kpi) if group), *found]
    return tuple(dict.fromkeys(found))


def _of_words(kpi: Kpi) -> Iterator[tuple[str, ...]]:
    unit = UNITS[kpi.of_unit]
    yield (_FACTS[kpi.of_unit],)
    for event in (kpi.start, kpi.end, kpi.date):
        if event is not None:
            yield unit.events[event].columns
    # What must not hold doesn't hold where nothing is known of it.
    for word in (*(one for one in kpi.where if not one.startswith("!")), kpi.hit):
        if word in unit.conditions:
            yield unit.conditions[str(word)].columns
    if kpi.number is not None:
        yield unit.numbers[kpi.number].columns


def lacking(kpi: Kpi, sources: Sequence[str], delivered: Columns) -> tuple[Lack, ...]:
    """What sources lack of a KPI's needs. A source that no sync has told of yet lacks nothing."""
    found = []
    for group in required(kpi):
        without = [one for one in sources if not delivered.get(one, _any(group)) & set(group)]
        if without:
            found.append(Lack(group[0], tuple(without)))
    return tuple(found)


def mute(kpi: Kpi, sources: Sequence[str], delivered: Columns) -> frozenset[str]:
    """The sources that can tell nothing of a KPI."""
    return frozenset(name for one in lacking(kpi, sources, delivered) for name in one.sources)


def lacks_of(
    kpi: Kpi, registry: Registry, sources: Sequence[str], delivered: Columns
) -> tuple[Lack, ...]:
    """The same, for a ratio with what its two KPIs need."""
    parts = dict.fromkeys((kpi, *registry.parts(kpi)))
    found = [lack for part in parts for lack in lacking(part, sources, delivered)]
    return tuple(dict.fromkeys(found))


def missing(reader: Reader, key: str, language: Language = "en") -> str | None:
    """Why nobody can tell a KPI: a sentence naming column, KPI and sources; None when a source can.

    Raises UnknownKpi.
    """
    kpi = reader.registry.find(key)
    for lack in lacks_of(kpi, reader.registry, reader.sources, reader.delivered):
        if set(lack.sources) == set(reader.sources):
            return said(kpi, lack, language)
    return None


def left_out(reader: Reader, key: str, language: Language = "en") -> tuple[str, ...]:
    """A sentence per column that some sources lack: their rows are no part of the KPI."""
    kpi = reader.registry.find(key)
    lacks = lacks_of(kpi, reader.registry, reader.sources, reader.delivered)
    return tuple(said(kpi, lack, language) for lack in lacks)


def said(kpi: Kpi, lack: Lack, language: Language) -> str:
    words = catalogue()
    names = words.t("needs.and", language).join(f"'{name}'" for name in lack.sources)
    return words.t(
        "needs.missing", language,
        title=kpi.title(language), kpi=kpi.key, column=lack.column, sources=names,
    )  # fmt: skip


def _any(group: Sequence[str]) -> frozenset[str]:
    return frozenset(group)
