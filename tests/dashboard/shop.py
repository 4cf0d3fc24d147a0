"""A store as a small shop would have it after five weeks: facts, KPI rows, sources, alerts, a
worker. Written straight into the tables; how they get there is the sync's business."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from alerts.alert import Alert, Severity, Status
from alerts.store import save_alerts
from connectors import schema
from connectors.columns import to_micros
from connectors.store import Store, open_store
from metrics.measurement import labels_of
from metrics.packs import default_registry
from metrics.refresh import rebuild, refresh

ZONE = ZoneInfo("Asia/Shanghai")
QUEUES = (
    ("天猫旗舰店", "网页"),
    ("京东自营", "网页"),
    ("拼多多售后", "Api"),
    ("售前 Pre-sales", "微信"),
)
CONFIG = """
[app]
timezone = "Asia/Shanghai"
language = "zh"
name = "示例旗舰店"

[store]
url = "sqlite:///{store}"

[[sources]]
name = "helpdesk"
preset = "generic"
url = "sqlite:///{store}.source"
timezone = "UTC"
poll = "2s"

[[rules]]
name = "queue-too-long"
metric = "queue_length"
by = ["queue"]
when = "> 4"
severity = "critical"

[[rules]]
name = "waits-too-long"
metric = "longest_wait"
when = "> 10m"

[[rules]]
name = "first-response"
metric = "first_response"
when = "> 60s"
"""


def write_config(folder: Path) -> Path:
    path = folder / "deskpulse.toml"
    path.write_text(CONFIG.format(store=folder / "store.db"), encoding="utf-8")
    return path


def open_new(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder / 'store.db'}", migrate=True)


def fill(
    store: Store,
    now: datetime,
    *,
    days: int = 35,
    per_day: int = 60,
    seed: int = 1,
    queues: Sequence[tuple[str, str]] = QUEUES,
) -> None:
    """History up to `now`, a few people waiting, one queue in breach, and a fresh source."""
    dice = random.Random(seed)
    contacts: list[dict[str, Any]] = []
    ratings: list[dict[str, Any]] = []
    for at in sorted(
        now - timedelta(seconds=dice.uniform(0, days * 86_400)) for _ in range(days * per_day)
    ):
        contacts.append(_answered(len(contacts), at, dice, queues))
        if dice.random() < 0.4:
            ratings.append(_rating(contacts[-1], dice))
    for queue, waits in zip(
        queues, ((20, 95, 400, 900, 2_400), (35, 60), (7_300,), ()), strict=False
    ):
        contacts += [
            _waiting(len(contacts) + at, now - timedelta(seconds=wait), queue)
            for at, wait in enumerate(waits)
        ]
    with store.begin() as connection:
        connection.execute(schema.contacts.insert(), contacts)
        connection.execute(schema.ratings.insert(), ratings)
        connection.execute(schema.orders.insert(), _orders(now))
        heard(connection, now)
        connection.execute(schema.marks.insert().values(
            source="helpdesk", statement="contacts", mark="2135", complete=True))  # fmt: skip
        connection.execute(schema.rejected.insert().values(
            source="helpdesk", fact="contacts", row_id="77", reason="closed before opened",
            detail="closed_at lies 3 h before opened_at", times=2, seen_at=now))  # fmt: skip
        save_alerts(connection, [firing(now)])
    rebuild(store)
    refresh(store, default_registry())


def heard(connection: sa.Connection, now: datetime, **values: Any) -> None:
    """What the sync writes after a good read (or, with `values`, after another one)."""
    row = {"status": "ok", "as_of": now, "tried_at": now, "poll_s": 2.0, "rows": 2_135,
           "error": None} | values  # fmt: skip
    changed = connection.execute(
        schema.sources.update().where(schema.sources.c.source == "helpdesk").values(**row)
    )
    if not changed.rowcount:
        connection.execute(schema.sources.insert().values(source="helpdesk", **row))


def firing(now: datetime, **changes: Any) -> Alert:
    values: dict[str, Any] = {
        "fingerprint": "f1", "rule": "queue-too-long", "metric": "queue_length",
        "labels": labels_of(queue=QUEUES[0][0]), "severity": Severity.CRITICAL,
        "status": Status.FIRING, "episode": 1, "pending_since": now - timedelta(minutes=6),
        "last_breach_at": now, "fired_at": now - timedelta(minutes=6), "value": 5.0, "peak": 6.0,
        "op": ">", "threshold": 4.0, "updated_at": now,
    }  # fmt: skip
    return Alert(**(values | changes))


def _orders(now: datetime) -> list[dict[str, Any]]:
    """One order to be paid, two to be shipped, one of them late."""
    paid = {"status": "paid", "paid_at": now - timedelta(hours=1)}
    late = {"paid_at": now - timedelta(days=4), "promised_ship_at": now - timedelta(days=2)}
    kinds: list[dict[str, Any]] = [{"status": "unpaid"}, paid, paid | late]
    empty = dict.fromkeys(("paid_at", "promised_ship_at"))
    return [
        {"source": "helpdesk", "order_id": str(at), "placed_at": now - timedelta(days=5)}
        | empty
        | kind
        for at, kind in enumerate(kinds)
    ]


def _answered(
    number: int, opened: datetime, dice: random.Random, queues: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    queue, channel = dice.choice(queues)
    reply = opened + timedelta(seconds=dice.lognormvariate(3.4, 0.8))
    return _contact(number, queue, channel) | {
        "status": "closed", "opened_at": to_micros(opened), "queued_at": to_micros(opened),
        "first_reply_at": to_micros(reply), "closed_at": to_micros(reply + timedelta(minutes=4)),
        "agent_id": str(dice.randint(1, 9)),
    }  # fmt: skip


def _waiting(number: int, since: datetime, queue: tuple[str, str]) -> dict[str, Any]:
    moment = to_micros(since)
    times = dict.fromkeys(("opened_at", "queued_at", "waiting_since"), moment)
    return _contact(number, *queue) | {"status": "open"} | times


def _contact(number: int, queue: str, channel: str) -> dict[str, Any]:
    empty = {column.name: None for column in schema.contacts.columns}
    return empty | {"source": "helpdesk", "contact_id": str(1_000 + number), "queue": queue,
                    "channel": channel, "bot_only": False, "outbound_only": False}  # fmt: skip


def _rating(contact: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    at = contact["closed_at"]
    return {"source": "helpdesk", "rating_id": contact["contact_id"], "kind": "csat", "scale": 5.0,
            "contact_id": contact["contact_id"], "score": dice.choice((5, 5, 5, 4, 4, 3, 1)),
            "asked_at": at, "rated_at": at}  # fmt: skip
