"""The Delivery page's sentence, tables and file, from what was loaded. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.card import summary
from alerts.channels import ChannelState
from alerts.outgoing import Outgoing, Stand, Try
from alerts.render import Wording
from dashboard.history.export import Cell, Column, Sheet, Table
from dashboard.lists import DOWN, GOOD, LATE
from dashboard.outgoing.load import Delivered, Filters, Place
from dashboard.troubles import told_in
from dashboard.words import UNKNOWN, Words
from metrics.text import format_age

# A message that waits for longer than this is worth a word; most are sent within a second.
LONG_WAIT = timedelta(minutes=1)
_SHAPES = {ChannelState.WORKING: GOOD, ChannelState.FAILING: LATE, ChannelState.BROKEN: DOWN}
_MARKS = {Stand.WAITING: "…", Stand.FAILED: LATE, Stand.SENT: "✓", Stand.DEAD: DOWN,
          Stand.MOVED: "→"}  # fmt: skip


def sentence(found: Delivered, say: Words) -> str:
    """What stands out: what must be mended first."""
    broken = [one.name for one in found.places if one.state is ChannelState.BROKEN]
    failing = [one.name for one in found.places if one.state is ChannelState.FAILING]
    said = []
    if not found.places:
        return say("outgoing.no_receivers")
    if broken:
        said.append(say("outgoing.some_broken", names=say("outgoing.joint").join(broken)))
    if failing:
        said.append(say("outgoing.some_failing", names=say("outgoing.joint").join(failing)))
    if found.dead_total:
        said.append(say("outgoing.some_dead", n=say.count(found.dead_total)))
    waiting = sum(one.count(Stand.WAITING, Stand.FAILED) for one in found.places)
    if waiting and (broken or failing or not said):
        said.append(say("outgoing.some_waiting", n=say.count(waiting)))
    joint = "" if say.language == "zh" else " "
    return joint.join(said) or say("outgoing.all_well")


def state_said(place: Place, say: Words) -> str:
    """Shape and word."""
    if place.settings is None:
        return f"{LATE} {say('outgoing.gone')}"
    if place.state is None:
        return say("outgoing.never")
    return f"{_SHAPES[place.state]} {say(f'outgoing.{place.state}')}"


def place_pairs(place: Place, say: Words, now: datetime) -> list[tuple[str, str]]:
    """What a channel's card lists."""
    channel = place.channel
    pairs = [
        (say("outgoing.last_sent"), _ago(channel.sent_at if channel else None, say, now)),
        (say("outgoing.last_failed"), _ago(channel.failed_at if channel else None, say, now)),
        (say("outgoing.waiting"), say.count(place.count(Stand.WAITING, Stand.FAILED))),
        (say("outgoing.sent"), say.count(place.count(Stand.SENT))),
    ]
    if dead := place.count(Stand.DEAD):
        pairs.append((say("outgoing.dead"), say.count(dead)))
    if moved := place.count(Stand.MOVED):
        pairs.append((say("outgoing.moved"), say.count(moved)))
    if place.settings is not None and place.settings.fallback is not None:
        pairs.append((say("outgoing.fallback"), place.settings.fallback))
    return pairs


def stand_said(one: Outgoing, say: Words) -> str:
    words = say(f"outgoing.{one.stand}")
    if one.moved_to is not None:
        words = say("outgoing.moved_to", receiver=one.moved_to)
    return f"{_MARKS[one.stand]} {words}"


def heads(say: Words) -> list[str]:
    return [say(f"outgoing.{name}") for name in ("at", "receiver", "message", "stand", "remark")]


def message_rows(
    messages: Sequence[Outgoing], wording: Wording, say: Words, now: datetime
) -> list[list[str]]:
    return [
        [_moment(one.created_at, wording, say), one.receiver, what_said(one, wording, say),
         stand_said(one, say), _remark(one, say, now)]
        for one in messages
    ]  # fmt: skip


def what_said(one: Outgoing, wording: Wording, say: Words) -> str:
    return summary(one.note, wording) if one.note is not None else say("outgoing.unreadable")


def try_rows(tries: Sequence[Try], wording: Wording, say: Words) -> list[list[str]]:
    return [
        [str(one.attempt), _moment(one.at, wording, say), say(f"outgoing.try_{_key(one.outcome)}"),
         told_in(say.language, one.error or "")]
        for one in tries
    ]  # fmt: skip


def sheet(
    messages: Sequence[Outgoing], filters: Filters, wording: Wording, say: Words, now: datetime
) -> Sheet:
    """Everything that the filters ask for."""
    names = ("at", "receiver", "message", "stand", "sent_at", "attempts", "remark", "status",
             "instead_of", "moved_to", "sent_as", "key")  # fmt: skip
    zone = wording.zone
    rows: list[list[Cell]] = [
        [one.created_at.astimezone(zone), one.receiver, what_said(one, wording, say),
         say(f"outgoing.{one.stand}"), one.sent_at and one.sent_at.astimezone(zone), one.attempts,
         told_in(say.language, one.error or ""), one.http_status, one.instead_of, one.moved_to,
         one.sent_as, one.key]
        for one in messages
    ]  # fmt: skip
    chosen = [filters.receiver or say("outgoing.any_receiver"),
              say(f"outgoing.{filters.stand}") if filters.stand else say("outgoing.any_stand"),
              say("outgoing.days", n=filters.days)]  # fmt: skip
    about = (
        (say("sheet.zone"), zone.key),
        (say("sheet.filters"), " · ".join(chosen)),
        (say("sheet.as_of"), f"{now.astimezone(zone):%Y-%m-%d %H:%M:%S}"),
    )
    table = Table([Column(say(f"outgoing.{name}")) for name in names], rows)
    day = now.astimezone(zone).date()
    return Sheet(f"deskpulse-delivery-{day}", say("outgoing.title"), about, table)


def _remark(one: Outgoing, say: Words, now: datetime) -> str:
    """Why it isn't sent, or what there is to know about how it went."""
    said = []
    if one.error:
        said.append(told_in(say.language, one.error))
    if one.stand is Stand.FAILED:
        wait = (one.next_at - now).total_seconds()
        due = say("outgoing.next_try", n=one.attempts, wait=say.duration(wait))
        said.append(due if wait >= 1 else say("outgoing.next_now", n=one.attempts))
    if one.instead_of:
        said.append(say("outgoing.instead", receiver=one.instead_of))
    if one.sent_as:
        said.append(say("outgoing.shared"))
    if one.sent_at and one.sent_at - one.created_at > LONG_WAIT:
        late = (one.sent_at - one.created_at).total_seconds()
        said.append(say("outgoing.late", late=say.duration(late)))
    return " · ".join(said)


def _ago(moment: datetime | None, say: Words, now: datetime) -> str:
    return UNKNOWN if moment is None else format_age((now - moment).total_seconds(), say.language)


def _moment(moment: datetime, wording: Wording, say: Words) -> str:
    return say.moment(moment.astimezone(wording.zone))


def _key(outcome: str) -> str:
    return outcome.replace(" ", "_")
