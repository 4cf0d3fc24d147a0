"""A small shop's facts over five weeks, and digests with ordinary values, for tests to vary."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts.digest.content import Digest, Figure, Term, Verdict
from alerts.digest.gather import Shop
from alerts.digest.settings import DigestSettings
from connectors import schema
from connectors.columns import to_micros
from connectors.store import Store
from metrics.packs import default_registry
from metrics.refresh import refresh

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 12, 8, 31, tzinfo=SHANGHAI).astimezone(UTC)
YESTERDAY = datetime(2026, 11, 11, tzinfo=SHANGHAI)
TODAY = datetime(2026, 11, 12, tzinfo=SHANGHAI)
REGISTRY = default_registry()
SHOP = Shop("示例旗舰店", SHANGHAI, ("helpdesk",), REGISTRY)
QUEUES = ("天猫售前", "京东自营", "抖音")
Reply = Callable[[datetime, str, random.Random], float]


def digest_of(**values: Any) -> DigestSettings:
    return DigestSettings.model_validate({"name": "morning", "audience": "supervisor"} | values)


def usual_reply(opened: datetime, queue: str, dice: random.Random) -> float:
    """Seconds to the first answer: four of five within 30 s."""
    return dice.lognormvariate(2.8, 0.7)


def fill(
    store: Store,
    *,
    reply: Reply = usual_reply,
    days: int = 36,
    per_day: int = 120,
    seed: int = 1,
    as_of: datetime = NOW,
) -> None:
    """Contacts and ratings up to `as_of`, and their KPI values."""
    dice = random.Random(seed)
    contacts: list[dict[str, Any]] = []
    ratings: list[dict[str, Any]] = []
    for day in range(days):
        midnight = TODAY - timedelta(days=day)
        for _ in range(per_day):
            opened = midnight + timedelta(seconds=dice.triangular(8 * 3600, 23 * 3600, 15 * 3600))
            if opened < as_of - timedelta(hours=1):
                contacts.append(_contact(len(contacts), opened, reply, dice))
                if dice.random() < 0.5:
                    ratings.append(_rating(contacts[-1], dice))
    with store.begin() as connection:
        connection.execute(schema.contacts.insert(), contacts)
        connection.execute(schema.ratings.insert(), ratings)
        read = {"status": "ok", "as_of": as_of, "tried_at": as_of, "poll_s": 2.0, "rows": 1}
        connection.execute(schema.sources.insert().values(source="helpdesk", **read))
    refresh(store, REGISTRY)


def _contact(number: int, opened: datetime, reply: Reply, dice: random.Random) -> dict[str, Any]:
    queue = dice.choice(QUEUES)
    answered = opened + timedelta(seconds=reply(opened, queue, dice))
    empty = {column.name: None for column in schema.contacts.columns}
    return empty | {
        "source": "helpdesk", "contact_id": str(number), "queue": queue, "channel": "网页",
        "status": "closed", "bot_only": False, "outbound_only": False, "transfer_count": 0,
        "opened_at": to_micros(opened), "queued_at": to_micros(opened),
        "first_reply_at": to_micros(answered),
        "closed_at": to_micros(answered + timedelta(minutes=4)), "agent_id": "1",
    }  # fmt: skip


def _rating(contact: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    at = contact["closed_at"]
    return {"source": "helpdesk", "rating_id": contact["contact_id"], "kind": "csat", "scale": 5.0,
            "contact_id": contact["contact_id"], "score": dice.choice((5, 5, 5, 5, 4, 4, 3, 1)),
            "asked_at": at, "rated_at": at}  # fmt: skip


def figure(**changes: Any) -> Figure:
    values: dict[str, Any] = {
        "kpi": "service_level", "value": 72.0, "n": 213, "before": 84.0, "before_n": 200,
        "usual": 86.0, "usual_n": 800, "low": 82.0, "high": 90.0, "verdict": Verdict.CHANGED,
        "direction": "worse",
    }  # fmt: skip
    return Figure(**(values | changes))


def term(key: str) -> Term:
    kpi = REGISTRY.find(key)
    return Term(kpi=key, shape=kpi.shape, unit=kpi.unit, decimals=kpi.decimals,
                titles=kpi.titles, abouts=kpi.abouts)  # fmt: skip


def digest(**changes: Any) -> Digest:
    values: dict[str, Any] = {
        "name": "客服日报", "shop": "示例旗舰店", "every": "daily", "audience": "supervisor",
        "queues": (), "due_at": datetime(2026, 11, 12, 8, 30, tzinfo=SHANGHAI).astimezone(UTC),
        "since": YESTERDAY.astimezone(UTC), "until": TODAY.astimezone(UTC), "as_of": NOW,
        "terms": tuple(term(key) for key in REGISTRY if not REGISTRY[key].is_state),
    }  # fmt: skip
    return Digest(**(values | changes))
