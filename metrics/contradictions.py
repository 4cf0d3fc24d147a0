"""What is wrong with a KPI's settings: unknown words, and settings that contradict each other.

Pure: a KPI in, sentences out, without file and key (packs.py puts them in front).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args, get_type_hints

from metrics.kpi import AGENT_TIME, Kpi
from metrics.vocabulary import AGENT_TIME_NUMBERS, UNITS, Unit

_CHOICES = ("shape", "clock", "denominator", "dedup", "headline", "better")
_HITS = ("in_time", "late")


def contradictions(kpi: Kpi) -> list[str]:
    """A sentence for each thing that cannot be meant."""
    return list(_choices(kpi)) or list(_of_shape(kpi)) or list(_words(kpi)) or list(_sense(kpi))


def _choices(kpi: Kpi) -> Iterator[str]:
    hints = get_type_hints(Kpi)
    for name in _CHOICES:
        allowed = get_args(hints[name])
        if getattr(kpi, name) not in allowed:
            yield f"{name} '{getattr(kpi, name)}' is not one of {', '.join(allowed)}"
    if not kpi.counts:
        yield "counts: name at least one of human, bot, assisted"
    for one in kpi.counts:
        if one not in ("human", "bot", "assisted"):
            yield f"counts: '{one}' is not one of human, bot, assisted"
    if kpi.of_unit not in UNITS and kpi.of_unit != AGENT_TIME:
        yield f"unit '{kpi.of_unit}' is not one of {', '.join([*UNITS, AGENT_TIME])}"


def _of_shape(kpi: Kpi) -> Iterator[str]:
    if kpi.is_ratio:
        if not (kpi.of and kpi.per):
            yield "a ratio needs 'of' and 'per', the keys of the KPIs to divide"
        return
    if kpi.of or kpi.per or kpi.factor != 1:
        yield f"'of', 'per' and 'factor' belong to shape 'ratio', not to '{kpi.shape}'"
    if kpi.of_unit == AGENT_TIME:
        known = ", ".join(AGENT_TIME_NUMBERS)
        if kpi.shape != "sum" or kpi.number not in AGENT_TIME_NUMBERS:
            yield f'agent_time is added up: shape "sum" and number one of {known}'
        return
    if kpi.shape in ("sum", "mean") and kpi.number is None:
        yield f"shape '{kpi.shape}' needs 'number', what to add up"
    if kpi.shape in ("percent", "hits") and kpi.hit is None and kpi.threshold is None:
        yield f"shape '{kpi.shape}' needs 'hit' or 'threshold', what is to be met"
    if not kpi.is_state and kpi.date is None:
        yield "'date' is missing, the event by which values are dated"


def _words(kpi: Kpi) -> Iterator[str]:
    if kpi.is_ratio or kpi.of_unit == AGENT_TIME:
        return
    unit = UNITS[kpi.of_unit]
    for name in ("start", "end", "date"):
        word = getattr(kpi, name)
        if word is not None and word not in unit.events:
            yield _unknown(name, word, kpi, unit.events)
    dated = [name for name, term in unit.events.items() if term.dates]
    if kpi.of_unit == "message":
        dated = ["asked"]  # its own time; the other events are its round's
    if kpi.date in unit.events and kpi.date not in dated:
        yield f"date: a {kpi.of_unit} is not dated by '{kpi.date}'; use one of {', '.join(dated)}"
    for word in kpi.where:
        if word.removeprefix("!") not in unit.conditions:
            yield _unknown("where", word, kpi, unit.conditions)
    if kpi.hit is not None and kpi.hit not in (*_HITS, *unit.conditions):
        yield _unknown("hit", kpi.hit, kpi, (*_HITS, *unit.conditions))
    if kpi.number is not None and kpi.number not in unit.numbers:
        yield _unknown("number", kpi.number, kpi, unit.numbers)


def _unknown(setting: str, word: str, kpi: Kpi, known: Iterable[str]) -> str:
    return f"{setting}: a {kpi.of_unit} has no '{word}'; it has {', '.join(known)}"


def _sense(kpi: Kpi) -> Iterator[str]:
    if kpi.is_ratio or kpi.of_unit == AGENT_TIME:
        return
    unit = UNITS[kpi.of_unit]
    met = kpi.shape in ("percent", "hits")
    timed = (kpi.shape == "duration" and kpi.number is None) or (met and kpi.hit in (None, *_HITS))
    if timed and not (kpi.start and kpi.end):
        yield "a span of time needs both 'start' and 'end'"
    if kpi.hit in _HITS and kpi.threshold is None:
        yield f"hit '{kpi.hit}' needs a 'threshold'"
    if kpi.threshold is not None and kpi.shape in ("duration", "count", "sum", "mean"):
        yield f"a threshold means nothing for shape '{kpi.shape}'; use percent or hits"
    if kpi.threshold is not None and kpi.hit not in (None, *_HITS):
        yield f"'threshold' and hit '{kpi.hit}' contradict each other; keep one"
    if kpi.hit is not None and not met:
        yield f"'hit' means nothing for shape '{kpi.shape}'; use percent or hits"
    if kpi.number is not None and kpi.shape not in ("sum", "mean", "duration"):
        yield f"'number' means nothing for shape '{kpi.shape}'; use sum, mean or duration"
    if kpi.counts != ("human",) and kpi.of_unit not in ("round", "message"):
        yield f"counts: who answered a {kpi.of_unit} is not known; count rounds or messages"
    if kpi.headline == "mean" and kpi.shape != "duration":
        yield "headline = \"mean\" belongs to shape 'duration'"
    yield from _of_unit_of_value(kpi)
    yield from _of_conditions(kpi)
    yield from _of_denominator(kpi, unit)


def _of_unit_of_value(kpi: Kpi) -> Iterator[str]:
    expected = {"duration": "s", "percent": "%"}.get(kpi.shape)
    if expected is not None and kpi.unit != expected:
        yield f"shape '{kpi.shape}' is in '{expected}'; set unit_of_value to that, not '{kpi.unit}'"
    if kpi.unit == "%" and kpi.target is not None and not 0 < kpi.target <= 100:
        yield f"target {kpi.target:g} is no percentage; write a number up to 100"


def _of_conditions(kpi: Kpi) -> Iterator[str]:
    for word in kpi.where:
        if f"!{word}" in kpi.where:
            yield f"where: '{word}' and '!{word}' contradict each other; nothing is both"
    if kpi.start is not None and kpi.start == kpi.end:
        yield f"'start' and 'end' are both '{kpi.start}'; a span needs two events"
    if kpi.clock == "service" and "queue" not in UNITS[kpi.of_unit].labels:
        yield f"clock 'service' needs a queue, which a {kpi.of_unit} does not have"
    if kpi.is_state and kpi.date is not None:
        yield "a state is of now; leave out 'date'"


def _of_denominator(kpi: Kpi, unit: Unit) -> Iterator[str]:
    if kpi.denominator == "answered" and kpi.end is None:
        yield "denominator 'answered' needs an 'end', the answer"
    if kpi.denominator == "removed" and "abandoned" not in unit.events:
        yield f"denominator 'removed' needs abandonment, which a {kpi.of_unit} does not have"
    if kpi.denominator == "removed" and not (kpi.start and kpi.end):
        yield "denominator 'removed' needs 'start' and 'end', the wait that was given up"
    if kpi.denominator == "offered" and kpi.start is None:
        yield "denominator 'offered' needs a 'start'"
    elif kpi.denominator == "offered":
        yield from _of_offered(kpi)
    if kpi.short_abandon is not None and kpi.denominator != "removed":
        yield "'short_abandon' belongs to denominator 'removed'"
    if kpi.dedup == "customer_day" and "customer" not in unit.identity:
        yield f"dedup 'customer_day' needs customers, which a {kpi.of_unit} does not have"
    if kpi.is_state and kpi.threshold is not None and kpi.start is None:
        yield "a state with a threshold needs a 'start', from when its age counts"
    if kpi.is_state and (kpi.rolling or kpi.matures or kpi.dedup != "none"):
        yield "a state has no window; leave out 'rolling', 'matures' and 'dedup'"


def _of_offered(kpi: Kpi) -> Iterator[str]:
    """Who has not been answered must be in it."""
    if kpi.date == kpi.end and kpi.date is not None:
        yield f"denominator 'offered' dated by '{kpi.date}' loses what has none; date it by 'start'"
