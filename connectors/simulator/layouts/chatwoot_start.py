"""What stands in the help desk from its first day: accounts, people, teams, inboxes, bot, campaign.

A second account shares the database; nothing of it may ever show up in figures of the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from connectors.simulator.instants import MINUTE, naive_utc
from connectors.simulator.layouts.chatwoot_rows import (
    ACCOUNT,
    BOT,
    CAMPAIGN,
    INBOXES,
    OFFICE_HOURS,
    OFFICE_INBOX,
)
from connectors.simulator.layouts.rows import copy
from connectors.simulator.people import Agent
from connectors.simulator.settings import QUEUES, TEAMS

NEIGHBOUR = 2
NEIGHBOURS_CONTACTS = 30
_CHANNELS = {"chat": "Channel::Api", "web": "Channel::WebWidget", "email": "Channel::Email"}
_OWNER = 1_000


class _Start:
    """Writes rows that all begin at the same instant."""

    def __init__(self, conn: sa.Connection, now: int) -> None:
        self._conn = conn
        self._at = naive_utc(now)

    def rows(self, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
        names = (*columns.split(), "created_at", "updated_at")
        copy(self._conn, table, names, [(*row, self._at, self._at) for row in rows])


def begin(conn: sa.Connection, agents: Sequence[Agent], zone: str, now: int) -> None:
    """All of it, as of `now`."""
    start = _Start(conn, now)
    accounts = [(ACCOUNT, "脉搏商城", 20), (NEIGHBOUR, "邻居小店", 20)]
    start.rows("accounts", "id name locale", accounts)
    _people(start, agents)
    _inboxes(start, zone)
    _members(start, agents)
    _neighbour(conn, start, now)
    for table in ("accounts", "users", "teams", "inboxes", "agent_bots", "campaigns"):
        key = sa.func.pg_get_serial_sequence(table, "id")
        row_id: sa.ColumnClause[int] = sa.column("id")
        last = sa.select(sa.func.max(row_id)).select_from(sa.table(table)).scalar_subquery()
        conn.execute(sa.select(sa.func.setval(key, last)))


def _people(start: _Start, agents: Sequence[Agent]) -> None:
    names = [(a.id, a.name) for a in agents] + [(_OWNER, "店长")]
    start.rows(
        "users",
        "id name display_name uid email pubsub_token",
        [(n, name, name, f"u{n}@shop.example", f"u{n}@shop.example", f"t{n}") for n, name in names],
    )
    # Whoever has gone home stays "online" here: the real state is not in this database.
    start.rows(
        "account_users",
        "account_id user_id role availability auto_offline",
        [(ACCOUNT, n, int(n == _OWNER), 0, True) for n, _ in names],
    )
    start.rows(
        "teams", "id name account_id", [(n + 1, t.name, ACCOUNT) for n, t in enumerate(TEAMS)]
    )
    start.rows("team_members", "team_id user_id", [(a.team + 1, a.id) for a in agents])


def _inboxes(start: _Start, zone: str) -> None:
    start.rows("channel_api", "id account_id identifier hmac_token",
               [(n, ACCOUNT, f"api{n}", f"api{n}") for n in INBOXES.values()])  # fmt: skip
    start.rows("channel_web_widgets", "id account_id website_token",
               [(n, ACCOUNT, f"web{n}") for n in INBOXES.values()])  # fmt: skip
    start.rows("channel_email", "id account_id email forward_to_email",
               [(n, ACCOUNT, f"help{n}@shop.example", f"in{n}@shop.example")
                for n in INBOXES.values()])  # fmt: skip
    start.rows(
        "inboxes",
        "id channel_id account_id name channel_type csat_survey_enabled timezone "
        "working_hours_enabled",
        [
            (n, n, ACCOUNT, q.name, _CHANNELS[q.channel], True, zone, n == OFFICE_INBOX)
            for q, n in zip(QUEUES, INBOXES.values(), strict=True)
        ],
    )
    opens, closes = OFFICE_HOURS
    start.rows(
        "working_hours",
        "inbox_id account_id day_of_week open_hour open_minutes close_hour close_minutes",
        [
            (n, ACCOUNT, day, *((opens, 0, closes, 0) if n == OFFICE_INBOX else (9, 0, 17, 0)))
            for n in INBOXES.values()
            for day in range(7)
        ],
    )
    start.rows("agent_bots", "id name account_id", [(BOT, "小脉", ACCOUNT)])
    with_bot = [INBOXES[q.name] for q in QUEUES if q.contained is not None]
    start.rows("agent_bot_inboxes", "inbox_id agent_bot_id account_id",
               [(n, BOT, ACCOUNT) for n in with_bot])  # fmt: skip
    start.rows("campaigns", "id display_id title message account_id inbox_id campaign_type",
               [(CAMPAIGN, 1, "会员日", "会员日专享", ACCOUNT, 1, 1)])  # fmt: skip


def _members(start: _Start, agents: Sequence[Agent]) -> None:
    rows = [
        (agent.id, INBOXES[queue.name])
        for agent in agents
        for queue in QUEUES
        if queue.team == agent.team
    ]
    start.rows("inbox_members", "user_id inbox_id", rows)


def _neighbour(conn: sa.Connection, start: _Start, now: int) -> None:
    """Customers of another shop who have waited for ever."""
    inbox = len(QUEUES) + 1
    start.rows("inboxes", "id channel_id account_id name channel_type",
               [(inbox, inbox, NEIGHBOUR, "邻居客服", "Channel::Api")])  # fmt: skip
    waiting = [(n, now + n * 3 * MINUTE) for n in range(1, NEIGHBOURS_CONTACTS + 1)]
    start.rows("contacts", "account_id name identifier",
               [(NEIGHBOUR, f"路人{n}", f"n{n}") for n, _ in waiting])  # fmt: skip
    columns = ("account_id", "inbox_id", "status", "display_id", "created_at", "updated_at",
               "last_activity_at", "waiting_since")  # fmt: skip
    times = [(n, naive_utc(at)) for n, at in waiting]
    copy(conn, "conversations", columns,
         [(NEIGHBOUR, inbox, 0, n, at, at, at, at) for n, at in times])  # fmt: skip
    ids = conn.execute(
        sa.text("SELECT id FROM conversations WHERE account_id = :a ORDER BY id"), {"a": NEIGHBOUR}
    ).scalars()
    asked = [(row_id, naive_utc(at)) for row_id, (_, at) in zip(ids, waiting, strict=True)]
    columns = ("content", "account_id", "inbox_id", "conversation_id", "message_type",
               "created_at", "updated_at", "sender_type")  # fmt: skip
    copy(conn, "messages", columns,
         [("在吗", NEIGHBOUR, inbox, n, 0, at, at, "Contact") for n, at in asked])  # fmt: skip
