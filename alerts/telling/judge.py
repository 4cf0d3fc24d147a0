"""What is to be said of one alert at one moment: words to receivers, and when to look again. Pure.

How words become messages is batches.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.alert import Alert, Cause, Reason, Status
from alerts.reasons import MUTED, decide
from alerts.telling.escalation import Policy
from alerts.telling.known import Episode, Knows, Told
from alerts.telling.muting import Mute, MuteKind, Muting
from alerts.telling.plan import TellingPlan
from alerts.telling.routes import Desk, Destination, destinations


@dataclass(frozen=True, slots=True)
class Word:
    """One alert to one receiver. `held`: it was held back before. `step`: of the escalation."""

    receiver: str
    lane: str
    reason: Reason
    cause: Cause
    alert: Alert
    held: bool = False
    step: int = 0
    urgent: bool = False  # not to wait for a digest: its alert comes up again


@dataclass(frozen=True, slots=True)
class Judged:
    """The words, what is known apart from them, and when something may come due (None: never)."""

    words: tuple[Word, ...]
    episode: Episode
    due: datetime | None


@dataclass(frozen=True, slots=True)
class World:
    """What an alert is judged against. `usual`: the receivers of a rule by name. `opens`: until
    when a receiver's group collects its first alerts, None when it is told of some already.
    `handover`: when the next person takes over, on any rota."""

    plan: TellingPlan
    muting: Muting
    desk: Desk
    usual: Callable[[str], Sequence[str]]
    opens: Callable[[Destination, Alert], datetime | None] = lambda _to, _alert: None
    handover: Callable[[], datetime | None] = lambda: None


def judge(alert: Alert, known: Episode, cause: Cause, world: World, now: datetime) -> Judged:
    if not alert.up:
        return Judged(ended_words(alert, known, cause), known, None)
    return _Look(alert, known, world, now).judged()


def ended_words(
    alert: Alert, known: Episode, cause: Cause, *, urgent: bool = False
) -> tuple[Word, ...]:
    """That it is over, to those who know or wait for it."""
    over = alert if alert.status is Status.RESOLVED else replace(alert, status=Status.RESOLVED)
    return tuple(
        Word(one.receiver, one.lane, reason, cause, over, urgent=urgent)
        for one in known.told
        if (reason := decide(one.knows, over)) is not None
    )


class _Look:
    """One look at one alert that is up."""

    def __init__(self, alert: Alert, known: Episode, world: World, now: datetime) -> None:
        self._alert = alert
        self._known = known
        self._world = world
        self._now = now
        self._mute = world.muting.judge(alert, now)
        self._withheld: list[Mute] = []
        self._dues: list[datetime] = []
        self._words: dict[str, Word] = {}

    def judged(self) -> Judged:
        found = destinations(
            self._world.plan.tree,
            self._alert,
            self._world.usual(self._alert.rule),
            self._world.desk,
            self._now,
        )
        for one in found:
            self._routed(one)
        self._told_besides({one.receiver for one in found})
        since, steps = self._escalation(found)
        self._handover(found)
        mute = max(self._withheld, key=lambda one: one.until or self._now, default=None)
        episode = replace(
            self._known, since=since, steps=steps, mute=mute, muted_since=self._muted_since(mute)
        )
        self._dues += [one.until for one in self._withheld if one.until is not None]
        return Judged(tuple(self._words.values()), episode, min(self._dues, default=None))

    def _muted_since(self, mute: Mute | None) -> datetime | None:
        if mute is None:
            return None
        same = self._known.mute is not None and self._known.mute.kind is mute.kind
        return self._known.muted_since if same else self._now

    def _routed(self, to: Destination) -> None:
        told = self._known.of(to.receiver)
        opens = self._world.opens(to, self._alert) if told is None else None
        if opens is not None and opens > self._now and self._alert.status is Status.FIRING:
            self._dues.append(opens)
            return
        again = self._again(told, to)
        lane = told.lane if told else to.group or self._alert.fingerprint
        reason = decide(told.knows if told else None, self._alert, again=again)
        self._say(to.receiver, lane, reason, self._muted(to))

    def _again(self, told: Told | None, to: Destination) -> bool:
        """Whether its time to repeat has come; notes when it next does."""
        if not to.repeat or self._alert.status is not Status.FIRING:
            return False
        next_at = (told.at if told else self._now) + to.repeat
        again = told is not None and (next_at <= self._now or told.at > self._now)  # set back
        self._dues.append(self._now + to.repeat if again else next_at)
        return again

    def _told_besides(self, routed: set[str]) -> None:
        """Those whom an escalation, or a route that changed since, told."""
        for one in self._known.told:
            if one.receiver not in routed and one.knows is not Knows.RESOLVED:
                reason = decide(one.knows, self._alert)
                self._say(one.receiver, one.lane, reason, self._mute)

    def _say(
        self, receiver: str, lane: str, reason: Reason | None, mute: Mute | None, step: int = 0
    ) -> None:
        if reason is None:
            return
        if mute is not None and reason in MUTED:
            self._withheld.append(mute)
            return
        held = self._known.mute is not None
        self._words[receiver] = Word(receiver, lane, reason, Cause.BREACH, self._alert, held, step)

    def _muted(self, to: Destination) -> Mute | None:
        if self._mute is not None:
            return self._mute
        until = to.quiet.ends(self._alert.severity, self._now) if to.quiet else None
        if until is None:
            return None
        return Mute(MuteKind.QUIET_HOURS, " › ".join(name for name in to.path if name), until)

    def _escalation(self, found: Sequence[Destination]) -> tuple[datetime | None, int]:
        """Where it counts from and how many steps were told, after this look."""
        policy, to = _policy(found, self._world.plan.policies)
        if policy is None or to is None or self._alert.status is not Status.FIRING:
            return None, 0
        since, steps = self._known.since, self._known.steps
        mute = self._muted(to)
        if since is None or since > self._now:
            if mute is not None:
                return None, 0
            since, steps = self._now, 0
        reached = policy.reached(since, self._now)
        if reached > steps and mute is not None:
            self._withheld.append(mute)
            return since, steps
        for number in range(steps + 1, reached + 1):
            for receiver in step_receivers(policy, number, self._world, self._alert, self._now):
                told = self._known.of(receiver)
                lane = told.lane if told else self._alert.fingerprint
                self._say(receiver, lane, Reason.ESCALATED, mute, number)
        due = policy.due(max(reached, steps) + 1, since)
        self._dues += [due] if due else []
        return since, max(reached, steps)

    def _handover(self, found: Sequence[Destination]) -> None:
        """Whoever takes over is told of what is firing."""
        if not any(one.via for one in found) or self._alert.status is not Status.FIRING:
            return
        due = self._world.handover()
        self._dues += [due] if due else []


def step_receivers(
    policy: Policy, number: int, world: World, alert: Alert, now: datetime
) -> list[str]:
    """Whom a step tells at a moment; a hole in its rota leads to the rule's receivers."""
    step = policy.step(number)
    names = list(step.receivers)
    for rota in step.rotas:
        names += world.desk.on_call(rota, now)[1]
    return list(dict.fromkeys(names or world.usual(alert.rule)))


def next_step(
    alert: Alert, episode: Episode, world: World, now: datetime
) -> tuple[datetime | None, tuple[str, ...]]:
    """When the escalation tells somebody next, and whom; (None, ()) when it doesn't."""
    if episode.since is None or alert.status is not Status.FIRING:
        return None, ()
    usual = world.usual(alert.rule)
    found = destinations(world.plan.tree, alert, usual, world.desk, now)
    policy, _ = _policy(found, world.plan.policies)
    due = policy.due(episode.steps + 1, episode.since) if policy else None
    if policy is None or due is None:
        return None, ()
    return due, tuple(step_receivers(policy, episode.steps + 1, world, alert, due))


def _policy(
    found: Sequence[Destination], policies: Mapping[str, Policy]
) -> tuple[Policy | None, Destination | None]:
    """The escalation of the first way that has one."""
    for one in found:
        if one.escalation and one.escalation in policies:
            return policies[one.escalation], one
    return None, None
