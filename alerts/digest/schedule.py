"""When a digest is due and which days it tells of. Pure; all days are those of the shop's zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.digest.settings import WEEKDAYS, DigestSettings

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Due:
    """A digest to be made: due at `at`, about [since, until), local midnights. Aware UTC."""

    digest: DigestSettings
    at: datetime
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Agenda:
    """`send`: make and send now. `begin`: seen for the first time, so the next one is the first."""

    send: tuple[Due, ...]
    begin: tuple[Due, ...]


def last_due(digest: DigestSettings, now: datetime, zone: ZoneInfo) -> Due:
    """The newest due date that isn't in the future.

    A daily digest tells of the whole day before it, a weekly one of the seven whole days before.
    """
    day = now.astimezone(zone).date()
    while not (_falls_on(digest, day) and _instant(day, digest.at, zone) <= now):
        day -= DAY
    span = DAY if digest.every == "daily" else WEEK
    return Due(
        digest,
        _instant(day, digest.at, zone),
        _instant(day - span, time(), zone),
        _instant(day, time(), zone),
    )


def agenda(
    digests: Sequence[DigestSettings],
    *,
    now: datetime,
    zone: ZoneInfo,
    told: Mapping[str, datetime],
) -> Agenda:
    """What is to be done now. `told`: by digest, up to when its last one reached.

    Each span of days is told once: a changed `at` doesn't repeat it. After a time without a worker
    only the newest is sent; one that was just configured doesn't tell of what was before it.
    """
    dues = [last_due(digest, now, zone) for digest in digests]
    return Agenda(
        send=tuple(d for d in dues if d.digest.name in told and told[d.digest.name] < d.until),
        begin=tuple(d for d in dues if d.digest.name not in told),
    )


def local_midnight(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The midnight that many local days after that of `moment`, which is one."""
    return _instant(moment.astimezone(zone).date() + days * DAY, time(), zone)


def _falls_on(digest: DigestSettings, day: date) -> bool:
    return digest.every == "daily" or WEEKDAYS[day.weekday()] == digest.due_on


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """In UTC, because within one zone Python compares wall clocks."""
    return datetime.combine(day, at, zone).astimezone(UTC)
