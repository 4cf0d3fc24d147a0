"""What a correct dashboard must show, counted from the simulated contacts and never by SQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from connectors.simulator.instants import SECOND
from connectors.simulator.layouts.batch import Leftover
from connectors.simulator.records import Contact
from connectors.simulator.settings import QUEUES
from connectors.simulator.view import view


@dataclass(frozen=True, slots=True)
class QueueTruth:
    """One queue at an instant; the words are those of `deskpulse live`."""

    queue: str
    waiting: int
    open: int
    bot: int
    snoozed: int
    unassigned: int
    oldest_wait_s: float | None
    waits_s: tuple[float, ...]
    """Every wait, longest first."""


def live_truth(contacts: Iterable[Contact | Leftover], now: int) -> tuple[QueueTruth, ...]:
    """Per queue of the shop, what the contacts amount to at `now` (milliseconds)."""
    states: dict[str, list[tuple[str, int | None, int | None]]] = {q.name: [] for q in QUEUES}
    for contact in contacts:
        if isinstance(contact, Leftover):
            seen = (contact.status, contact.agent, contact.waiting_since)
            states.setdefault(contact.queue, []).append(seen)
        elif contact.opened_at <= now:
            at = view(contact, now)
            states[contact.queue.name].append((at.status, at.agent, at.waiting_since))
    return tuple(_queue(name, found, now) for name, found in states.items())


def _queue(name: str, states: list[tuple[str, int | None, int | None]], now: int) -> QueueTruth:
    waits = sorted(
        ((now - since) / SECOND for _, _, since in states if since is not None), reverse=True
    )
    return QueueTruth(
        queue=name,
        waiting=len(waits),
        open=sum(status == "open" for status, _, _ in states),
        bot=sum(status == "bot" for status, _, _ in states),
        snoozed=sum(status == "snoozed" for status, _, _ in states),
        unassigned=sum(status == "open" and agent is None for status, agent, _ in states),
        oldest_wait_s=waits[0] if waits else None,
        waits_s=tuple(waits),
    )


def volume_truth(
    contacts: Iterable[Contact], *, since: int, until: int, now: int
) -> dict[str, int]:
    """Contacts opened in [since, until) per queue, without those that only the shop wrote to."""
    found = {queue.name: 0 for queue in QUEUES}
    for contact in contacts:
        if since <= contact.opened_at < min(until, now + 1):
            found[contact.queue.name] += not view(contact, now).outbound_only
    return found
