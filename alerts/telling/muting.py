"""Why an alert is not told just now: inhibition → maintenance → silence → quiet hours. Pure.

Muting holds messages back, it never loses them: it is judged again whenever one would be due, so
an alert that outlives its silence does notify. Ends are told to those who know of the beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from alerts.alert import Alert, Severity
from alerts.settings import SOURCE_DOWN
from alerts.telling.matchers import Matchers, facets_of, match_all
from alerts.telling.weekly import Spans, ends_at


class MuteKind(StrEnum):
    INHIBITED = "inhibited"  # by an alert that explains it
    MAINTENANCE = "maintenance"
    SILENCED = "silenced"
    QUIET_HOURS = "quiet-hours"


@dataclass(frozen=True, slots=True)
class Mute:
    """`by`: the rule, window, person or route that mutes. `until` None: nobody knows yet."""

    kind: MuteKind
    by: str
    until: datetime | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Made by a person, always with an end."""

    matchers: Matchers
    since: datetime
    until: datetime
    by: str
    reason: str = ""
    made_at: datetime
    id: int = 0  # 0: of the configuration
    ended_at: datetime | None = None
    ended_by: str | None = None

    def holds(self, at: datetime) -> bool:
        ended = self.ended_at is not None and self.ended_at <= at
        return self.since <= at < self.until and not ended


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Weekly hours in a zone, or once from `since` until `until`."""

    name: str
    matchers: Matchers
    zone: ZoneInfo
    weekly: Spans = ()
    since: datetime | None = None
    until: datetime | None = None

    def ends(self, at: datetime) -> datetime | None:
        """When the window that `at` lies in ends; None outside."""
        if self.since is not None and self.until is not None:
            return self.until if self.since <= at < self.until else None
        return ends_at(self.weekly, at, self.zone)


@dataclass(frozen=True, slots=True)
class Inhibition:
    """While an alert of `source` is up, those of `target` with `equal` labels are not told."""

    source: Matchers
    target: Matchers
    equal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours by severity in which a route keeps quiet; what has none passes."""

    hours: Mapping[Severity, Spans]
    zone: ZoneInfo

    def ends(self, severity: Severity, at: datetime) -> datetime | None:
        spans = self.hours.get(severity)
        return None if spans is None else ends_at(spans, at, self.zone)


@dataclass(frozen=True, slots=True)
class Muting:
    """All that mutes alerts as a whole. `inhibitors` are the alerts that are up and may inhibit."""

    inhibitions: Sequence[Inhibition]
    windows: Sequence[Maintenance]
    silences: Sequence[Silence]
    inhibitors: Sequence[Alert] = ()

    def judge(self, alert: Alert, at: datetime) -> Mute | None:
        """The first reason, in the order of the module's title; None when nothing mutes it."""
        facets = facets_of(alert)
        return (
            self._inhibited(alert, facets)
            or self._maintained(facets, at)
            or self._silenced(facets, at)
        )

    def _inhibited(self, alert: Alert, facets: Mapping[str, str]) -> Mute | None:
        for one in self.inhibitors:
            if one.fingerprint != alert.fingerprint and self._explains(one, facets):
                return Mute(MuteKind.INHIBITED, one.rule, None, _where(one))
        return None

    def _explains(self, one: Alert, facets: Mapping[str, str]) -> bool:
        if one.rule == SOURCE_DOWN:
            source = dict(one.labels).get("source")
            return source is not None and facets.get("source") == source
        found = facets_of(one)
        return any(
            match_all(rule.source, found)
            and match_all(rule.target, facets)
            and all(found.get(name, "") == facets.get(name, "") for name in rule.equal)
            for rule in self.inhibitions
        )

    def _maintained(self, facets: Mapping[str, str], at: datetime) -> Mute | None:
        found = [
            Mute(MuteKind.MAINTENANCE, one.name, until)
            for one in self.windows
            if match_all(one.matchers, facets) and (until := one.ends(at)) is not None
        ]
        return max(found, key=_end, default=None)

    def _silenced(self, facets: Mapping[str, str], at: datetime) -> Mute | None:
        found = [
            Mute(MuteKind.SILENCED, one.by, one.until, one.reason)
            for one in self.silences
            if one.holds(at) and match_all(one.matchers, facets)
        ]
        return max(found, key=_end, default=None)


def can_inhibit(alert: Alert, inhibitions: Iterable[Inhibition]) -> bool:
    if alert.rule == SOURCE_DOWN:
        return True
    facets = facets_of(alert)
    return any(match_all(one.source, facets) for one in inhibitions)


def _end(mute: Mute) -> datetime:
    assert mute.until is not None  # noqa: S101 - windows and silences have an end
    return mute.until


def _where(alert: Alert) -> str:
    return " · ".join(value for _, value in alert.labels)
