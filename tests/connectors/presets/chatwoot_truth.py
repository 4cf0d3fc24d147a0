"""What is true about a desk at a moment, by the definitions alone: no SQL, no table.

The facts a conversation must become, its messages by role, its surveys, and the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.connectors.presets.chatwoot_desk import (
    OPEN,
    PENDING,
    RESOLVED,
    SNOOZED,
    Desk,
    Event,
    Line,
    Talk,
)

STATUS = {OPEN: "open", RESOLVED: "closed", PENDING: "bot", SNOOZED: "snoozed"}
PRIORITY = {None: None, 0: "low", 1: "normal", 2: "high", 3: "urgent"}
ROLES = {"customer": "customer", "person": "agent", "bot": "bot", "captain": "bot",
         "automation": "system", "campaign": "system", "greeting": "system"}  # fmt: skip
Fact = dict[str, Any]


def contacts(desk: Desk, account: int, moment: datetime) -> dict[int, Fact]:
    return {talk.id: contact(desk, talk, moment) for talk in desk.at(moment, account)}


def contact(desk: Desk, talk: Talk, moment: datetime) -> Fact:
    """Every column of the fact but updated_at."""
    status = talk.status_at(moment)
    lines = talk.lines_at(moment)
    handed = [event.ended_at for event in talk.events_at(moment, "conversation_bot_handoff")]
    resolved = [event.ended_at for event in talk.events_at(moment, "conversation_resolved")]
    replied = first_reply(talk, moment)
    joined = [at for at, _ in talk.participants if at <= moment]
    closed = status == RESOLVED
    return {
        "contact_id": talk.id,
        "channel": talk.inbox.channel,
        "queue": talk.inbox.name,
        "team": desk.teams[talk.team][1] if talk.team else None,
        "customer_key": talk.customer or f"chatwoot:{10_000 + talk.id}",
        "order_ref": (talk.attributes or {}).get("order_no") or None,
        "agent_id": _agent(talk, moment, closed=closed),
        "status": STATUS[status],
        "priority": PRIORITY[talk.priority],
        "topic": talk.labels.split(",")[0].strip() if talk.labels else None,
        "opened_at": talk.opened_at,
        "queued_at": min(handed, default=None),
        "assigned_at": min(joined, default=None),
        "first_reply_at": replied,
        "waiting_since": _waiting_since(lines, handed) if status == OPEN else None,
        "closed_at": _closed_at(talk, resolved, moment, worked=bool(replied or handed))
        if closed else None,
        "reopen_count": max(len(resolved) - closed, 0),
        "bot_only": closed and not replied and not handed
        and _never_with_people(talk, lines, resolved, moment),
        "outbound_only": _from_campaign(talk, lines) and all(x.by != "customer" for x in lines),
    }  # fmt: skip


def first_reply(talk: Talk, moment: datetime) -> datetime | None:
    """By messages; what the help desk noted counts only for messages that are gone."""
    there = talk.lines_at(moment)
    noted = min((x.at for x in talk.lines if x.by == "person" and x.at <= moment), default=None)
    if noted and talk.first_reply_noted and (not there or noted < there[0].at):
        return noted
    return next((line.at for line in there if line.by == "person"), None)


def _waiting_since(lines: list[Line], handed: list[datetime]) -> datetime | None:
    since: datetime | None = None
    for line in lines:
        if line.by == "person":
            since = None
        elif line.by == "customer" and since is None:
            since = line.at
    return max([since, *handed]) if since else None


def _closed_at(talk: Talk, resolved: list[datetime], moment: datetime, *, worked: bool) -> datetime:
    if resolved:
        return max(resolved)
    if not worked:
        return talk.opened_at
    moved = [at for at, _ in talk.states] + [at for at, _, quiet in talk.assignees if not quiet]
    answers = [x.at for x in talk.lines if x.by == "person" and x.at <= moment]
    noted = answers[:1] if talk.first_reply_noted else []
    changed = max(at for at in [*moved, *noted] if at <= moment)
    active = max((x.at for x in talk.lines if x.at <= moment), default=talk.opened_at)
    return max(talk.opened_at, min(changed, active))


def _agent(talk: Talk, moment: datetime, *, closed: bool) -> int | None:
    """Who has it; of a closed one whose agent left, who closed it."""
    now = talk.assignee_at(moment)
    if now is not None or not closed:
        return now
    names = ("conversation_resolved", "first_response")
    told = sorted((e for name in names for e in talk.events_at(moment, name)), key=_written)
    return next((e.user for e in reversed(told) if e.user is not None), None)


def _written(event: Event) -> datetime:
    return event.written_at


def _never_with_people(
    talk: Talk, lines: list[Line], resolved: list[datetime], moment: datetime
) -> bool:
    by_bot = talk.events_at(moment, "conversation_bot_resolved")
    return bool(by_bot) or any(x.by in ("bot", "captain") for x in lines) or not resolved


def _from_campaign(talk: Talk, lines: list[Line]) -> bool:
    if talk.campaign is not None and not talk.campaign_deleted:
        return True
    public = [x for x in lines if x.by not in ("note", "activity", "greeting", "survey")]
    return bool(public) and public[0].by == "campaign"


def messages(desk: Desk, account: int, moment: datetime) -> dict[int, tuple[int, str, int | None]]:
    """What the customer saw: id -> (conversation, role, agent)."""
    found = {}
    for talk in desk.at(moment, account):
        for line in talk.lines_at(moment):
            role = ROLES.get(line.by)
            if line.by == "survey" and line.deleted_at and line.deleted_at <= moment:
                role = "system"  # plain text by now
            if role:
                agent = line.agent if role == "agent" else None
                found[line.id] = (talk.id, role, agent)
    return found


def ratings(desk: Desk, account: int, moment: datetime) -> dict[int, Fact]:
    """Surveys asked, answered or not, and answers whose survey is gone."""
    found: dict[int, Fact] = {}
    for talk in desk.at(moment, account):
        there = {line.id for line in talk.lines_at(moment)}
        rated = {r.line.id: r for r in talk.ratings if r.at <= moment}
        for line in talk.lines:
            plain = line.deleted_at is not None and line.deleted_at <= moment
            asked = line.by == "survey" and line.id in there and not plain
            if not asked and line.id not in rated:
                continue
            rating = rated.get(line.id)
            found[line.id] = {
                "rating_id": line.id, "contact_id": talk.id, "kind": "csat", "scale": 5,
                "asked_at": line.at if line.id in there else None,
                "rated_at": rating.at if rating else None,
                "score": [s for at, s in rating.scores if at <= moment][-1] if rating else None,
            }  # fmt: skip
    return found


EVENTS = {"conversation_resolved": "closed", "first_response": "first_response",
          "reply_time": "reply", "conversation_bot_resolved": "bot_closed",
          "conversation_bot_handoff": "handed_over", "conversation_opened": "opened"}  # fmt: skip


def events(desk: Desk, account: int, moment: datetime) -> dict[int, Fact]:
    """What the help desk noted, by when it wrote that down."""
    return {
        event.id: {
            "event_id": event.id, "contact_id": talk.id, "kind": EVENTS[event.name],
            "at": event.written_at, "value_s": event.value_s(talk), "agent_id": event.user,
        }
        for talk in desk.at(moment, account)
        for event in talk.events
        if event.written_at <= moment and event.name in EVENTS
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """The live figures of one queue."""

    waiting: int
    open: int
    bot: int
    snoozed: int
    unassigned: int
    oldest_wait_s: float | None


def live(found: dict[int, Fact], queue: str | None, moment: datetime) -> Figures:
    """As `deskpulse live` must show them; queue None is all of them."""
    rows = [row for row in found.values() if queue in (None, row["queue"])]
    waits = [(moment - row["waiting_since"]).total_seconds() for row in rows
             if row["waiting_since"]]  # fmt: skip
    state = [row["status"] for row in rows]
    return Figures(
        waiting=len(waits), open=state.count("open"), bot=state.count("bot"),
        snoozed=state.count("snoozed"),
        unassigned=sum(row["status"] == "open" and row["agent_id"] is None for row in rows),
        oldest_wait_s=max(waits, default=None),
    )  # fmt: skip


def first_responses(found: dict[int, Fact], since: datetime, until: datetime) -> list[float]:
    """Seconds from the hand-over, else the opening, to the first answer, by answer time.

    A hand-over after the answer did not start that wait.
    """
    return sorted(
        (row["first_reply_at"] - _queued(row)).total_seconds()
        for row in found.values()
        if row["first_reply_at"] and since <= row["first_reply_at"] < until
    )  # fmt: skip


def _queued(row: Fact) -> datetime:
    handed: datetime | None = row["queued_at"]
    opened: datetime = row["opened_at"]
    return handed if handed and handed <= row["first_reply_at"] else opened


def resolutions(found: dict[int, Fact], since: datetime, until: datetime) -> list[float]:
    return sorted(
        (row["closed_at"] - row["opened_at"]).total_seconds()
        for row in found.values()
        if row["closed_at"] and since <= row["closed_at"] < until
        and not row["bot_only"] and not row["outbound_only"]
    )  # fmt: skip
