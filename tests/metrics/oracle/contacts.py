"""KPIs of contacts: how many, how long they wait, how they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from tests.metrics.oracle.facts import (
    CHINA,
    Counted,
    Definition,
    Facts,
    of_contact,
    seconds,
    service_seconds,
    within_hours,
)

WEEK = timedelta(days=7)


def counted(c: Any, at: datetime, value: float = 1.0) -> Counted:
    who = (c.source, c.contact_id)
    return Counted(at, float(value), of_contact(c, c.source, c.agent_id), c.contact_id, who)


def wait_begins(c: Any) -> datetime:
    """The hand-over to people, unless it came after the answer; else the opening."""
    if c.queued_at and (c.first_reply_at is None or c.queued_at <= c.first_reply_at):
        return c.queued_at  # type: ignore[no-any-return]
    return c.opened_at  # type: ignore[no-any-return]


def given_up(c: Any) -> datetime | None:
    """When the customer gave up before a person answered; a bot's contact is nobody's loss."""
    return None if c.first_reply_at or c.bot_only else c.abandoned_at


def is_lost(c: Any) -> bool:
    return given_up(c) is not None


def is_over(c: Any) -> bool:
    """Closed now, by people, and not just a campaign."""
    return bool(c.status == "closed" and c.closed_at and not c.outbound_only and not c.bot_only)


def opened(facts: Facts, *, campaigns: bool = False) -> Iterator[Counted]:
    for c in facts.contacts:
        if campaigns or not c.outbound_only:
            yield counted(c, c.opened_at)


def closed(facts: Facts, worth: Callable[[Any], float | None]) -> Iterator[Counted]:
    """Contacts that are over, each once; without those that are worth None."""
    for c in facts.contacts:
        value = worth(c) if is_over(c) else None
        if value is not None:
            yield counted(c, c.closed_at, value)


def answered(facts: Facts, worth: Callable[[Any], float]) -> Iterator[Counted]:
    for c in facts.contacts:
        if c.first_reply_at:
            yield counted(c, c.first_reply_at, worth(c))


def asking(found: Iterator[Counted], facts: Facts) -> Iterator[Counted]:
    """Without those that only a campaign opened."""
    return (one for one in found if not facts.by_id[one.who].outbound_only)


def wait(c: Any) -> float:
    return seconds(wait_begins(c), c.first_reply_at)


def left_queue(facts: Facts, *, met: Callable[[Any], bool], cut: float = 0) -> Iterator[Counted]:
    """Answered by a person or given up, dated by that; give-ups before `cut` seconds left out."""
    for c in facts.contacts:
        lost = given_up(c)
        if c.outbound_only or (lost and seconds(wait_begins(c), lost) < cut):
            continue
        left: datetime | None = c.first_reply_at or lost
        if left:
            yield counted(c, left, met(c))


def in_time(c: Any, limit: float = 30) -> bool:
    return c.first_reply_at is not None and wait(c) <= limit


def offered(facts: Facts) -> Iterator[Counted]:
    """What came to people: not what a bot had alone, nor what it still has."""
    for c in facts.contacts:
        with_bot = c.status == "bot" and c.queued_at is None
        if not (c.outbound_only or c.bot_only or with_bot):
            yield counted(c, wait_begins(c), in_time(c))


def jd_first_reply(facts: Facts) -> Iterator[Counted]:
    for one in offered(facts):
        c = facts.by_id[one.who]
        if within_hours(wait_begins(c), CHINA, time(9), time(23)):
            yield counted(c, c.opened_at, one.value)


def came_back(c: Any, facts: Facts) -> bool:
    """Whether the customer opened another contact within a week of the close."""
    return any(
        other.customer_key == c.customer_key and not other.outbound_only
        and c.closed_at < other.opened_at <= c.closed_at + WEEK
        for other in facts.contacts
    )  # fmt: skip


def solved_at_once(facts: Facts) -> Iterator[Counted]:
    return closed(facts, lambda c: not came_back(c, facts) if c.customer_key else None)


def bot_first(facts: Facts, met: Callable[[Any], bool]) -> Iterator[Counted]:
    """Closed contacts that a bot had first: alone, or until it handed them over."""
    for c in facts.contacts:
        if c.status != "closed" or not c.closed_at or c.outbound_only:
            continue
        if c.bot_only or handed_over(c):
            yield counted(c, c.closed_at, met(c))


def handed_over(c: Any) -> bool:
    return c.queued_at is not None and c.queued_at > c.opened_at


def handled(c: Any) -> float | None:
    start = c.assigned_at or c.first_reply_at
    return None if start is None else seconds(start, c.closed_at)


def service_wait(c: Any) -> float:
    return service_seconds(c.queue, wait_begins(c), c.first_reply_at)


KPIS = {
    "volume": Definition(opened, "count"),
    "chatwoot.conversations": Definition(partial(opened, campaigns=True), "count"),
    "contacts_closed": Definition(partial(closed, worth=lambda c: 1), "count"),
    "contacts_handled": Definition(
        partial(closed, worth=lambda c: 1 if c.agent_id else None), "count"),
    "first_response": Definition(partial(answered, worth=wait), "median"),
    "first_response_opened": Definition(
        partial(answered, worth=lambda c: seconds(c.opened_at, c.first_reply_at)), "median"),
    "first_response_service": Definition(partial(answered, worth=service_wait), "median"),
    "first_response_share": Definition(partial(answered, worth=in_time), "share"),
    "asa": Definition(lambda facts: asking(answered(facts, wait), facts), "mean time"),
    "service_level": Definition(partial(left_queue, met=in_time), "share"),
    "service_level_answered": Definition(partial(left_queue, met=in_time, cut=5), "share"),
    "service_level_offered": Definition(offered, "share", timedelta(seconds=30)),
    "jd.first_reply_30s": Definition(jd_first_reply, "share", timedelta(seconds=30)),
    "abandonment": Definition(partial(left_queue, met=is_lost), "share"),
    "abandonment_long": Definition(partial(left_queue, met=is_lost, cut=5), "share"),
    "resolution": Definition(
        partial(closed, worth=lambda c: seconds(c.opened_at, c.closed_at)), "median"),
    "resolution_service": Definition(
        partial(closed, worth=lambda c: service_seconds(c.queue, c.opened_at, c.closed_at)),
        "median"),
    "handle_time": Definition(partial(closed, worth=handled), "median"),
    "transfer_rate": Definition(
        partial(closed, worth=lambda c: (c.transfer_count or 0) > 0), "share"),
    "reopen_rate": Definition(partial(closed, worth=lambda c: (c.reopen_count or 0) > 0), "share"),
    "fcr": Definition(solved_at_once, "share", WEEK),
    "bot_containment": Definition(partial(bot_first, met=lambda c: bool(c.bot_only)), "share"),
    "bot_handover": Definition(partial(bot_first, met=handed_over), "share"),
}  # fmt: skip
