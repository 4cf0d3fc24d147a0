"""What an acknowledge link's page shows and what its form does. Pure; nothing is read or written.

Opening the link changes nothing, because chat clients open links to preview them: only the form
acknowledges. Doing so twice is doing it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.ack_links import AckToken
from alerts.actions import Done
from alerts.alert import Acknowledgement, Action, ActionKind, Alert

LONGEST_NAME, LONGEST_NOTE = 60, 200
# Minutes that may be chosen; 0 = until the alert is over.
SPANS = (30, 60, 240, 0)
USUAL_SPAN = 30


class Stage(StrEnum):
    BAD = "bad"  # not a link of ours
    OLD = "old"  # its time is over
    OVER = "over"  # the alert is
    FREE = "free"  # nobody is on it
    TAKEN = "taken"  # somebody is
    DONE = "done"  # just now, by this form
    UNKNOWN = "unknown"  # the store can't be read


@dataclass(frozen=True, slots=True)
class Shown:
    """`trouble`: key of what is wrong with what was filled in."""

    stage: Stage
    alert: Alert | None = None
    taken: Acknowledgement | None = None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form said. `minutes` 0: until it is over. `instead_of`: who was on it, as the page
    said, where the reader takes over."""

    name: str
    minutes: int
    note: str = ""
    instead_of: str = ""


def seen(alert: Alert | None, done: Sequence[Done], token: AckToken, *, now: datetime) -> Shown:
    """How things stand. `done`: what people did about this episode, oldest first."""
    if alert is None or not alert.up or alert.episode != token.episode:
        return Shown(Stage.OVER, alert)
    taken = _waiting(done, now) or alert.acknowledgement
    return Shown(Stage.TAKEN if taken else Stage.FREE, alert, taken)


def filled(form: dict[str, str]) -> Filled:
    """What came with the form, made usable: anything may have been sent."""
    minutes = form.get("minutes", "")
    known = minutes.isdecimal() and int(minutes) in SPANS
    return Filled(
        name=_line(form.get("name", ""), LONGEST_NAME),
        minutes=int(minutes) if known else USUAL_SPAN,
        note=_line(form.get("note", ""), LONGEST_NOTE),
        instead_of=_line(form.get("instead_of", ""), LONGEST_NAME),
    )


def answer(
    shown: Shown, form: Filled, token: AckToken, *, now: datetime
) -> tuple[Shown, Action | None]:
    """What the page says after the form, and what is to be written down."""
    if shown.alert is None or shown.stage not in (Stage.FREE, Stage.TAKEN):
        return shown, None
    if not form.name:
        return Shown(shown.stage, shown.alert, shown.taken, trouble="name"), None
    until = now + timedelta(minutes=form.minutes) if form.minutes else None
    if shown.taken is not None:
        same = shown.taken.by == form.name
        if same and not _longer(until, shown.taken.until):
            return Shown(Stage.DONE, shown.alert, shown.taken), None
        if not same and form.instead_of != shown.taken.by:  # somebody was quicker
            return shown, None
    said = Acknowledgement(form.name, now, until, form.note)
    action = Action(
        fingerprint=token.fingerprint, episode=token.episode, kind=ActionKind.ACKNOWLEDGE,
        who=form.name, at=now, note=form.note, until=until,
    )  # fmt: skip
    return Shown(Stage.DONE, shown.alert, said), action


def _waiting(done: Sequence[Done], now: datetime) -> Acknowledgement | None:
    """An acknowledgement that no tick has applied yet."""
    for one in reversed(done):
        action = one.action
        if one.outcome is None and action.kind is ActionKind.ACKNOWLEDGE:
            if action.until is None or action.until > now:
                return Acknowledgement(action.who, action.at, action.until, action.note)
            return None
    return None


def _longer(new: datetime | None, old: datetime | None) -> bool:
    """By more than a minute: who sends the form twice means one thing."""
    if new is None:
        return old is not None
    return old is not None and new - old > timedelta(minutes=1)


def _line(words: str, most: int) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:most]
