"""What became of past alerts: how soon somebody was on them, how long they lasted, what was noise.

Transitions in, figures out. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.alert import Cause, Severity, Transition
from metrics.measurement import Labels

# Over so soon, and nobody had to do anything: it need not have woken anybody.
NOISE_WITHIN = timedelta(minutes=5)
# Up again so soon after its end: its clear value or `keep_firing_for` is too tight.
FLAP_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One episode. `flap`: the alert had ended shortly before. `resolved_at` None: still up."""

    fingerprint: str
    episode: int
    rule: str
    labels: Labels
    severity: Severity
    fired_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None
    flap: bool = False

    @property
    def to_acknowledge(self) -> timedelta | None:
        return None if self.acknowledged_at is None else self.acknowledged_at - self.fired_at

    @property
    def to_resolve(self) -> timedelta | None:
        return None if self.resolved_at is None else self.resolved_at - self.fired_at

    @property
    def noise(self) -> bool:
        lasted = self.to_resolve
        return lasted is not None and lasted < NOISE_WITHIN and self.acknowledged_at is None

    @property
    def ignored(self) -> bool:
        """Nobody was on it, although it lasted and is over."""
        return self.resolved_at is not None and self.acknowledged_at is None and not self.noise


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some episodes. Times are None where there is nothing to take them of."""

    n: int
    acknowledged: int
    mtta: timedelta | None  # mean from firing to the first acknowledgement
    median_tta: timedelta | None
    mttr: timedelta | None  # mean from firing to the end
    median_ttr: timedelta | None
    noise: int
    flaps: int
    ignored: int
    up: int


def episodes(transitions: Iterable[Transition], since: datetime) -> list[Past]:
    """Those that fired from `since` on, in the order of firing. Give earlier transitions too: a
    flap is seen by the end before it."""
    found: dict[tuple[str, int], Past] = {}
    ended: dict[str, datetime] = {}
    for one in transitions:
        key = one.fingerprint, one.episode
        if one.begins:
            before = ended.get(one.fingerprint)
            flap = before is not None and one.at - before < FLAP_WITHIN
            found[key] = _begun(one, flap=flap)
        elif one.ends:
            ended[one.fingerprint] = one.at
            if key in found:
                found[key] = replace(found[key], resolved_at=one.at)
        elif one.cause is Cause.ACKNOWLEDGED and key in found:
            known = found[key]
            if known.acknowledged_at is None:
                found[key] = replace(known, acknowledged_at=one.at, acknowledged_by=one.who)
    return [one for one in found.values() if one.fired_at >= since]


def figures(past: Sequence[Past]) -> Figures:
    acknowledged = [one.to_acknowledge for one in past if one.to_acknowledge is not None]
    resolved = [one.to_resolve for one in past if one.to_resolve is not None]
    return Figures(
        n=len(past),
        acknowledged=len(acknowledged),
        mtta=_mean(acknowledged),
        median_tta=_median(acknowledged),
        mttr=_mean(resolved),
        median_ttr=_median(resolved),
        noise=sum(one.noise for one in past),
        flaps=sum(one.flap for one in past),
        ignored=sum(one.ignored for one in past),
        up=sum(one.resolved_at is None for one in past),
    )


def figures_by(past: Sequence[Past], by: Callable[[Past], str]) -> list[tuple[str, Figures]]:
    """Most episodes first."""
    groups: dict[str, list[Past]] = defaultdict(list)
    for one in past:
        groups[by(one)].append(one)
    found = [(name, figures(group)) for name, group in groups.items()]
    return sorted(found, key=lambda pair: (-pair[1].n, pair[0]))


def _begun(one: Transition, *, flap: bool) -> Past:
    return Past(
        fingerprint=one.fingerprint,
        episode=one.episode,
        rule=one.rule,
        labels=one.labels,
        severity=one.severity,
        fired_at=one.at,
        flap=flap,
    )


def _mean(spans: Sequence[timedelta]) -> timedelta | None:
    return sum(spans, timedelta()) / len(spans) if spans else None


def _median(spans: Sequence[timedelta]) -> timedelta | None:
    if not spans:
        return None
    ordered, middle = sorted(spans), len(spans) // 2
    return ordered[middle] if len(spans) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
