"""Settings that cannot be meant are refused by a sentence; whatever is taken can be computed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.store import Store
from metrics.behind import contacts_behind
from metrics.errors import BadPack
from metrics.kpi import Registry
from metrics.packs import load_registry
from metrics.reading import Reader
from metrics.refresh import refresh
from metrics.trailing import trailing
from metrics.vocabulary import AGENT_TIME_NUMBERS, UNITS
from tests.metrics.chance import Chance

UTC = ZoneInfo("UTC")
WAIT = {"start": "waiting", "end": "first_reply", "date": "opened", "unit_of_value": "%"}
COUNT = {"shape": "count", "date": "opened", "unit_of_value": "contacts"}
CASES = {"unit": "case", "shape": "count", "date": "opened", "unit_of_value": "cases"}
NOW = {"shape": "state", "unit_of_value": "contacts"}
CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({**COUNT, "shape": "average"}, "shape 'average' is not one of duration, percent"),
    ({**COUNT, "clock": "office"}, "clock 'office' is not one of wall, service"),
    ({**COUNT, "denominator": "some"}, "denominator 'some' is not one of all, answered"),
    ({**COUNT, "dedup": "person"}, "dedup 'person' is not one of none, contact"),
    ({**COUNT, "headline": "p99"}, "headline 'p99' is not one of p50, mean"),
    ({**COUNT, "better": "more"}, "better 'more' is not one of lower, higher, neither"),
    ({**COUNT, "counts": ["people"]}, "counts: 'people' is not one of human, bot, assisted"),
    ({**COUNT, "counts": []}, "counts: name at least one"),
    ({**COUNT, "unit": "call"}, "unit 'call' is not one of contact, round"),
    ({"shape": "ratio", "unit_of_value": "%", "of": "csat"}, "a ratio needs 'of' and 'per'"),
    ({**COUNT, "per": "csat"}, "belong to shape 'ratio', not to 'count'"),
    (
        {"unit": "agent_time", "shape": "mean", "number": "busy", "unit_of_value": "s"},
        'agent_time is added up: shape "sum"',
    ),
    (
        {"unit": "agent_time", "shape": "sum", "number": "idle", "unit_of_value": "s"},
        "number one of busy, handling",
    ),
    ({**COUNT, "shape": "sum"}, "shape 'sum' needs 'number'"),
    ({**COUNT, "shape": "mean"}, "shape 'mean' needs 'number'"),
    ({**COUNT, "shape": "percent"}, "shape 'percent' needs 'hit' or 'threshold'"),
    ({**COUNT, "shape": "hits"}, "shape 'hits' needs 'hit' or 'threshold'"),
    ({"shape": "count", "unit_of_value": "contacts"}, "'date' is missing"),
    ({**COUNT, "date": "called"}, "date: a contact has no 'called'; it has opened, queued"),
    ({**COUNT, "start": "called"}, "start: a contact has no 'called'"),
    ({**COUNT, "end": "called"}, "end: a contact has no 'called'"),
    ({**COUNT, "where": ["!called"]}, "where: a contact has no '!called'"),
    ({**COUNT, "shape": "percent", "hit": "called"}, "hit: a contact has no 'called'; it has in"),
    ({**COUNT, "shape": "sum", "number": "calls"}, "number: a contact has no 'calls'"),
    ({**COUNT, "date": "next_contact"}, "date: a contact is not dated by 'next_contact'"),
    ({**CASES, "date": "handled"}, "is not dated by 'handled'; use one of opened, closed"),
    ({**CASES, "unit": "round", "date": "waiting"}, "a round is not dated by 'waiting'"),
    ({**CASES, "unit": "message", "date": "answered"}, "not dated by 'answered'; use one of asked"),
    ({**COUNT, "shape": "duration", "start": "opened"}, "needs both 'start' and 'end'"),
    ({**COUNT, "shape": "percent", "threshold": "30s"}, "needs both 'start' and 'end'"),
    ({**COUNT, "shape": "hits", "threshold": "30s", "hit": "late"}, "both 'start' and 'end'"),
    ({**WAIT, "shape": "percent", "hit": "late"}, "hit 'late' needs a 'threshold'"),
    ({**WAIT, "shape": "duration", "threshold": "30s"}, "a threshold means nothing for shape"),
    ({**WAIT, "shape": "percent", "threshold": "30s", "hit": "closed"}, "contradict each other"),
    ({**COUNT, "hit": "closed"}, "'hit' means nothing for shape 'count'"),
    ({**COUNT, "number": "transfers"}, "'number' means nothing for shape 'count'"),
    ({**COUNT, "counts": ["bot"]}, "counts: who answered a contact is not known"),
    ({**COUNT, "headline": "mean"}, "headline = \"mean\" belongs to shape 'duration'"),
    ({**COUNT, "denominator": "answered"}, "denominator 'answered' needs an 'end'"),
    ({**COUNT, "denominator": "offered"}, "denominator 'offered' needs a 'start'"),
    ({**COUNT, "denominator": "removed"}, "denominator 'removed' needs 'start' and 'end'"),
    ({**CASES, "denominator": "removed"}, "abandonment, which a case does not have"),
    ({**COUNT, "short_abandon": "5s"}, "'short_abandon' belongs to denominator 'removed'"),
    ({**CASES, "dedup": "customer_day"}, "customers, which a case does not have"),
    ({**NOW, "threshold": "1h"}, "a state with a threshold needs a 'start'"),
    ({**NOW, "matures": "1h"}, "a state has no window"),
    ({**NOW, "dedup": "contact"}, "a state has no window"),
    ({**NOW, "rolling": "30d"}, "a state has no window"),
]


@pytest.mark.parametrize(("settings", "words"), CONTRADICTIONS, ids=lambda one: str(one)[:40])
def test_a_contradiction_is_said_with_file_and_key(settings: Mapping[str, Any], words: str) -> None:
    with pytest.raises(BadPack) as caught:
        load_registry(["general"], own={"mine": settings})
    assert all(one.startswith("deskpulse.toml: kpi 'mine': ") for one in caught.value.problems)
    assert any(words in one for one in caught.value.problems)


def test_a_kpi_of_ones_own_replaces_the_shipped_one_and_keeps_its_place_in_ratios() -> None:
    own = {"volume": {**COUNT, "where": ["people"]}}
    registry = load_registry(["general", "chatwoot"], own=own)
    found = registry.find("volume")
    assert (found.where, found.pack.file) == (("people",), "deskpulse.toml")
    assert registry.parts(registry.find("contacts_per_order"))[0] is found
    assert load_registry().find("volume").where == ("incoming",)
    assert registry.fingerprint(found) != registry.fingerprint(load_registry().find("volume"))


def drawn(chance: random.Random) -> dict[str, Any]:
    """Settings by chance, of words that the unit has."""
    name = chance.choice([*UNITS, "agent_time"])
    if name == "agent_time":
        return {"unit": name, "shape": "sum", "number": chance.choice(AGENT_TIME_NUMBERS),
                "unit_of_value": "s"}  # fmt: skip
    unit = UNITS[name]

    def some(words: Any, share: float = 0.5) -> Any:
        return chance.choice(sorted(words)) if words and chance.random() < share else None

    found = {
        "unit": name, "unit_of_value": "x", "start": some(unit.events), "end": some(unit.events),
        "shape": chance.choice(["duration", "percent", "hits", "count", "sum", "mean"]),
        "date": some(unit.events, 1.0), "where": [some(unit.conditions, 1.0)],
        "number": some(unit.numbers, 0.3), "hit": some([*unit.conditions, "in_time", "late"], 0.3),
        "threshold": some(["0s", "5m"], 0.4), "matures": some(["1h"], 0.2),
        "counts": some([["human"], ["bot", "assisted"]], 0.2), "clock": some(["service"], 0.3),
        "denominator": some(["all", "answered", "removed", "offered"]),
        "dedup": some(["contact", "customer_day", "contact_window"], 0.4),
        "hours": some(["08:00-23:00"], 0.2), "effective_from": some(["2026-03-29"], 0.2),
    }  # fmt: skip
    return {key: value for key, value in found.items() if value is not None}


def accepted(count: int, seed: int) -> Registry:
    """So many KPIs by chance that nobody objects to."""
    chance = random.Random(seed)
    own: dict[str, Any] = {}
    while len(own) < count:
        settings = drawn(chance)
        try:
            load_registry([], own={"x": settings})
        except BadPack:
            continue
        own[f"own.by_chance_{len(own)}"] = settings
    return load_registry([], own=own)


def test_whatever_is_accepted_is_computed_alike_in_every_way(small: Store) -> None:
    registry = accepted(60, seed=3)
    chance = Chance(small, 41)
    chance.some(250, at_once=250)
    refresh(small, registry)
    chance.some(30, registry, at_once=15)
    refresh(small, registry)
    as_of = chance.read_now(chance.end + timedelta(days=60))
    wrong = []
    with small.read() as connection:
        reader = Reader(connection, UTC, registry)
        for key, kpi in registry.items():
            since, until = as_of - timedelta(days=120), as_of - timedelta(days=1)
            row = reader.values(key, since, until).total()
            listed = contacts_behind(reader, key, since, until, limit=10_000).total
            if kpi.of_unit != "agent_time" and row.n != listed:
                wrong.append(f"{key}: {row.n} counted, {listed} listed, of {kpi}")
            [one] = trailing(connection, key, window=as_of - since, by=(), as_of=as_of, zone=UTC,
                             registry=registry)  # fmt: skip
            whole = reader.values(key, since, as_of + timedelta(minutes=15)).total()
            if (one.n, one.value) != pytest.approx((whole.n, whole.value)):
                wrong.append(f"{key}: {whole} kept, {one} trailing, of {kpi}")
    assert wrong == []
