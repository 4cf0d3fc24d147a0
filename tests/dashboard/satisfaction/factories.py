"""A store of ratings for tests of the Satisfaction page, and what a slow reader makes of it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors import schema
from connectors.columns import to_micros
from connectors.store import Store
from dashboard.history.asked import Asked, read_asked
from dashboard.satisfaction.answer import KPIS, MORE
from dashboard.words import Language
from metrics.kpi import Registry
from metrics.packs import DEFAULT, load_registry
from metrics.refresh import rebuild, refresh

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 8, 15, 7, tzinfo=ZONE)  # a Sunday; clocks went back two weeks earlier
Rating = dict[str, Any]
SCORES_PACK = """
[pack]
name = "scores"
version = "1"

[kpi.csat_score]
title = { zh = "满意度均分", en = "CSAT score" }
unit = "rating"
where = ["csat", "rated"]
date = "rated"
shape = "mean"
number = "score5"
unit_of_value = "score"
better = "higher"
"""


def registry_of(folder: Path) -> Registry:
    """The shipped KPIs and the mean of the survey's scores."""
    path = folder / "scores.toml"
    path.write_text(SCORES_PACK, encoding="utf-8")
    return load_registry((*DEFAULT, path), zone=ZONE.key)


def fill(store: Store, registry: Registry, *, now: datetime = NOW, seed: int = 1) -> list[Rating]:
    """Twelve weeks of surveys, NPS and reviews, half of which nobody answered."""
    dice = random.Random(seed)
    contacts = [_contact(number, now, dice) for number in range(1_200)]
    ratings = [_rating(one, dice) for one in contacts]
    ratings += [_review(number, now, dice) for number in range(500)]
    young = {"rated_at": to_micros(now) - 30 * 60_000_000, "score": 1.0, "answered_at": None}
    ratings.append(_review(500, now, dice) | young | {"order_ref": "young"})
    with store.begin() as connection:
        connection.execute(schema.contacts.insert(), contacts)
        connection.execute(schema.ratings.insert(), ratings)
        connection.execute(schema.sources.insert().values(
            source="desk", status="ok", as_of=now.astimezone(UTC), tried_at=now.astimezone(UTC),
            poll_s=2.0, rows=1, error=None))  # fmt: skip
    rebuild(store)
    refresh(store, registry)
    known = {one["contact_id"]: one for one in contacts}
    return [known.get(one["contact_id"], {}) | one for one in ratings]


def _back(now: datetime, dice: random.Random) -> int:
    return to_micros(now) - round(dice.uniform(0, 84 * 86_400) * 1e6)


def _contact(number: int, now: datetime, dice: random.Random) -> dict[str, Any]:
    opened = _back(now, dice)
    empty: dict[str, Any] = {column.name: None for column in schema.contacts.columns}
    return empty | {
        "source": "desk", "contact_id": str(number), "status": "closed",
        "queue": dice.choices(("A", "B", "tiny"), (60, 39, 1))[0], "opened_at": opened,
        "channel": dice.choice(("chat", "mail")), "agent_id": dice.choice("xyz"),
        "closed_at": opened + 60_000_000, "bot_only": False, "outbound_only": False,
    }  # fmt: skip


def _rating(contact: dict[str, Any], dice: random.Random) -> Rating:
    kind, scale = dice.choice((("csat", 5.0), ("csat", 5.0), ("csat", 10.0), ("nps", 10.0)))
    rated = dice.random() < 0.7
    at = contact["closed_at"]
    best = 2 if contact["queue"] == "B" else 6  # far fewer good ones
    steps = dice.choices(range(6), (1, 1, 1, 1, 1, best))[0]
    return _empty() | {
        "rating_id": contact["contact_id"], "contact_id": contact["contact_id"], "kind": kind,
        "scale": scale, "score": steps * scale / 5 if rated else None, "asked_at": at,
        "rated_at": at if rated else None,
    }  # fmt: skip


def _review(number: int, now: datetime, dice: random.Random) -> Rating:
    at = _back(now, dice)
    wait = round(dice.uniform(0.2, 5) * 3_600e6)
    answered = at + wait if dice.random() < 0.5 and at + wait < to_micros(now) else None
    return _empty() | {
        "rating_id": f"r{number}", "order_ref": f"o{number}", "kind": "review", "scale": 5.0,
        "score": float(dice.randint(1, 5)), "rated_at": at, "answered_at": answered,
    }  # fmt: skip


def _empty() -> dict[str, Any]:
    return {column.name: None for column in schema.ratings.columns} | {"source": "desk"}


def ask(language: Language = "en", *, now: datetime = NOW, **query: str | list[str]) -> Asked:
    """What a URL asks of the page."""
    given = {name.rstrip("_"): [v] if isinstance(v, str) else v for name, v in query.items()}
    known = {"queue": ("A", "B", "tiny"), "channel": ("chat", "mail"), "agent": ("x", "y", "z")}
    return read_asked(
        "satisfaction", given, kpis=KPIS, more=MORE, known=known, language=language, now=now
    )


def dated(ratings: list[Rating], asked: Asked, *, kind: str, by: str = "rated_at") -> list[Rating]:
    """The ratings of a kind in the period, the slow way."""
    first, last = to_micros(asked.period.since), to_micros(asked.period.until)
    return [
        one for one in ratings
        if one["kind"] == kind and one[by] is not None and first <= one[by] < last
        and all(one.get(name, "") in values for name, values in asked.where.asked.items())
    ]  # fmt: skip


def local_day(micros: int) -> datetime:
    """The local midnight before a moment."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    return moment.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
