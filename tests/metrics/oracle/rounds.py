"""KPIs of rounds, of the customers' single messages, and of what the help desk wrote down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from connectors.columns import from_micros
from connectors.rounds import unpacked
from tests.metrics.oracle.facts import (
    CHINA,
    Counted,
    Definition,
    Facts,
    first_of_day,
    of_contact,
    seconds,
    within_hours,
)

PEOPLE = ("human",)
VALID = ("human", "assisted")  # of Taobao: robots that assist people too
ANYBODY = ("human", "assisted", "bot")
DAY_FROM, DAY_TO = time(8), time(23)
SPRING_FESTIVAL = (date(2024, 2, 4), date(2024, 2, 17))


@dataclass(frozen=True)
class Question:
    """A round or a message: when asked, from when people are waited for, when answered."""

    row: Any
    contact: Any
    asked: datetime
    waits_from: datetime
    answered: datetime | None


def questions(facts: Facts, who: tuple[str, ...]) -> Iterator[Question]:
    """Rounds that `who` answered, or nobody yet; what others answered never was theirs."""
    for r in facts.rounds:
        contact = facts.contact(r)
        if contact is None or (r.answered_at and r.answered_by not in who):
            continue
        handed, waits_from = contact.queued_at, r.asked_at
        if handed and handed > r.asked_at and (not r.answered_at or handed <= r.answered_at):
            waits_from = handed
        yield Question(r, contact, r.asked_at, waits_from, r.answered_at)


def messages(facts: Facts, who: tuple[str, ...] = ANYBODY) -> Iterator[Question]:
    """Every message of the customers' runs as a question of its own."""
    for one in questions(facts, who):
        for at in (one.asked, *map(from_micros, unpacked(one.row.asked_again))):
            yield Question(one.row, one.contact, at, at, one.answered)


def counted(one: Question, at: datetime, value: float) -> Counted:
    r = one.row
    labels = of_contact(one.contact, r.source, r.agent_id)
    return Counted(at, value, labels, r.contact_id, (r.source, r.contact_id))


def reply_times(facts: Facts) -> Iterator[Counted]:
    for one in questions(facts, PEOPLE):
        if one.answered:
            yield counted(one, one.answered, seconds(one.waits_from, one.answered))


def jd_response(facts: Facts) -> Iterator[Counted]:
    for one in questions(facts, PEOPLE):
        day = one.waits_from.astimezone(CHINA).date()
        if (
            one.answered
            and not one.contact.outbound_only
            and within_hours(one.waits_from, CHINA, time(9), time(23))
            and not SPRING_FESTIVAL[0] <= day <= SPRING_FESTIVAL[1]
        ):
            yield counted(one, one.asked, seconds(one.waits_from, one.answered))


def by_day(asked: Iterator[Question], start: Callable[[Question], datetime]) -> Iterator[Question]:
    """Asked between 8 and 23 o'clock by customers, not by a campaign."""
    for one in asked:
        if not one.contact.outbound_only and within_hours(start(one), CHINA, DAY_FROM, DAY_TO):
            yield one


def met(one: Question, start: datetime, limit: float) -> bool:
    return one.answered is not None and seconds(start, one.answered) <= limit


def waits_from(one: Question) -> datetime:
    return one.waits_from


def asked(one: Question) -> datetime:
    return one.asked


def taobao(facts: Facts, limit: float, *, late: bool = False) -> Iterator[Counted]:
    for one in by_day(questions(facts, VALID), waits_from):
        yield counted(one, one.asked, float(met(one, one.waits_from, limit) != late))


def once_a_day(
    facts: Facts, who: tuple[str, ...], start: Callable[[Question], datetime], limit: float
) -> Iterator[Counted]:
    found = by_day(questions(facts, who), start)
    yield from first_of_day(
        ((q.contact.customer_key, counted(q, q.asked, float(met(q, start(q), limit))))
         for q in found),
        CHINA,
    )  # fmt: skip


def douyin(facts: Facts) -> Iterator[Counted]:
    for one in by_day(messages(facts, PEOPLE), asked):
        yield counted(one, one.asked, float(met(one, one.asked, 180)))


def said(facts: Facts) -> Iterator[Counted]:
    return (counted(one, one.asked, 1.0) for one in messages(facts))


def events(facts: Facts, kind: str, *, timed: bool = False) -> Iterator[Counted]:
    """What the help desk wrote down; with `timed` its duration, if it has one."""
    for e in facts.events:
        if e.kind == kind and not (timed and e.value_s is None):
            labels = of_contact(facts.contact(e), e.source, e.agent_id)
            value = e.value_s if timed else 1.0
            yield Counted(e.at, value, labels, e.contact_id, (e.source, e.contact_id))


def resolved(facts: Facts) -> Iterator[Counted]:
    for one in events(facts, "closed"):
        if one.who in facts.by_id and facts.by_id[one.who].status == "closed":
            yield one


MINUTES = timedelta(minutes=1)
KPIS = {
    "reply_time": Definition(reply_times, "median"),
    "jd.mean_response": Definition(jd_response, "mean time"),
    "taobao.reply_3min": Definition(partial(taobao, limit=180), "share", 3 * MINUTES),
    "taobao.slow_100s": Definition(
        partial(taobao, limit=100, late=True), "hits", timedelta(seconds=100)),
    "pdd.reply_5min": Definition(
        partial(once_a_day, who=ANYBODY, start=asked, limit=300), "share", 5 * MINUTES),
    "kuaishou.reply_3min": Definition(
        partial(once_a_day, who=PEOPLE, start=waits_from, limit=180), "share", 3 * MINUTES),
    "douyin.reply_3min": Definition(douyin, "share", 3 * MINUTES),
    "chatwoot.incoming_messages": Definition(said, "count"),
    "closes": Definition(partial(events, kind="closed"), "count"),
    "resolution_per_close": Definition(partial(events, kind="closed", timed=True), "median"),
    "chatwoot.resolution_time": Definition(
        partial(events, kind="closed", timed=True), "mean time"),
    "chatwoot.first_response": Definition(
        partial(events, kind="first_response", timed=True), "mean time"),
    "chatwoot.reply_time": Definition(partial(events, kind="reply", timed=True), "mean time"),
    "chatwoot.resolutions": Definition(resolved, "count", once_per_window=True),
}  # fmt: skip
