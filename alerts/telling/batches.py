"""Words become messages: which alerts share one, what waits for a digest, and their keys. Pure.

Alerts of one group that come up in the same tick share a message; one that comes up later goes at
once. In a storm a digest takes over.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.alert import Alert, Notification, Reason, notification_key
from alerts.telling.judge import Word
from alerts.telling.plan import Storm

DIGEST_LANE = "digest"


@dataclass(frozen=True, slots=True)
class Recent:
    """What a receiver got of late: when its first messages came, and its last digest."""

    firsts: tuple[datetime, ...] = ()
    digest_at: datetime | None = None

    def within(self, storm: Storm, now: datetime) -> int:
        return sum(now - storm.within < at <= now for at in self.firsts)

    def quiet_until(self, storm: Storm, now: datetime) -> datetime | None:
        """When the next digest may go; None when it may now."""
        if self.digest_at is None or self.digest_at > now:
            return None
        next_at = self.digest_at + storm.every
        return next_at if next_at > now else None


@dataclass(frozen=True, slots=True)
class Sorted:
    """`later` wait for the digest at the time they come with."""

    now: tuple[Word, ...]
    later: tuple[tuple[Word, datetime], ...]


def sort_out(
    words: Sequence[Word], recents: Mapping[str, Recent], storm: Storm, now: datetime
) -> Sorted:
    """What is said at once, one by one or as digest, and what with the next digest."""
    by_receiver: dict[str, list[Word]] = defaultdict(list)
    for word in words:
        by_receiver[word.receiver].append(word)
    said: list[Word] = []
    later: list[tuple[Word, datetime]] = []
    for receiver in sorted(by_receiver):
        found = by_receiver[receiver]
        recent = recents.get(receiver, Recent())
        if receiver in storm.people:
            found = _digested(found, recent, storm, now)
        urgent = any(word.urgent for word in found)  # a digest goes now: all come along
        until = None if urgent else recent.quiet_until(storm, now)
        for word in found:
            waits = word.lane == DIGEST_LANE and word.reason is Reason.DIGEST
            if until is not None and waits:
                later.append((word, until))
            else:
                said.append(word)
    return Sorted(tuple(said), tuple(later))


def _digested(words: Sequence[Word], recent: Recent, storm: Storm, now: datetime) -> list[Word]:
    """First words as words of a digest, where there are too many or they waited together."""
    firsts = sum(word.reason is Reason.FIRST for word in words)
    storming = firsts + recent.within(storm, now) > storm.after
    held = sum(word.held and word.reason is Reason.FIRST for word in words) > 1
    found = []
    for word in words:
        if word.reason is Reason.FIRST and (storming or (held and word.held)):
            found.append(replace(word, reason=Reason.DIGEST, lane=DIGEST_LANE))
        elif word.reason is Reason.RESOLVED and word.lane == DIGEST_LANE:
            found.append(replace(word, reason=Reason.DIGEST))
        else:
            found.append(word)
    return found


def messages(
    words: Iterable[Word],
    *,
    times: Callable[[Word], int],
    knows_group: Callable[[str, str], bool],
    now: datetime,
) -> list[tuple[Notification, tuple[Word, ...]]]:
    """Messages with the words in them. `times`: how many the receiver got of that episode."""
    batches: dict[tuple[str, ...], list[Word]] = defaultdict(list)
    for word in words:
        alone = word.lane == word.alert.fingerprint or word.reason is Reason.ESCALATED
        place = word.alert.fingerprint if alone else ""
        cause = "" if word.reason is Reason.DIGEST else word.cause
        batches[(word.receiver, word.lane, word.reason, cause, place)].append(word)
    return [
        (_message(batch, times=times, knows_group=knows_group, now=now), tuple(batch))
        for batch in batches.values()
    ]


def _message(
    batch: Sequence[Word],
    *,
    times: Callable[[Word], int],
    knows_group: Callable[[str, str], bool],
    now: datetime,
) -> Notification:
    first = batch[0]
    grouped = first.lane not in (first.alert.fingerprint, DIGEST_LANE)
    new = first.reason is Reason.FIRST and grouped and knows_group(first.receiver, first.lane)
    return Notification(
        key=_key(batch, times),
        receiver=first.receiver,
        reason=Reason.NEW if new else first.reason,
        cause=first.cause,
        at=now,
        alerts=_most_severe_first([word.alert for word in batch]),
        lane="" if first.lane == first.alert.fingerprint else first.lane,
        step=max(word.step for word in batch),
    )


_RANK = {"critical": 0, "warning": 1, "info": 2}


def _most_severe_first(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    """What is up before what is over."""
    return tuple(
        sorted(alerts, key=lambda one: (not one.up, _RANK[one.severity], one.pending_since))
    )


def _key(batch: Sequence[Word], times: Callable[[Word], int]) -> str:
    """The same for the same words after a crash: what was said before is in the log."""
    single = [_word_key(word, times(word)) for word in batch]
    if len(single) == 1:
        return single[0]
    text = "\n".join(sorted(single))
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    place = single[0].rsplit("-", 1)[1]
    return f"{digest}-{len(single)}-{batch[0].reason}-{place}"


def _word_key(word: Word, times: int) -> str:
    key = notification_key(word.alert, word.reason, word.receiver)
    if word.reason in (Reason.FIRST, Reason.RESOLVED):
        return key  # there is one of each in an episode
    start, place = key.rsplit("-", 1)
    return f"{start}{times + 1}-{place}"
