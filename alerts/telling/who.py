"""Who would be told if an alert fired at a moment, and why: the worker's functions, asked ahead.

Nothing is sent and nothing is stored. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.alert import Alert, Rule, Severity, Status, fingerprint
from alerts.telling.book import Standing
from alerts.telling.escalation import Policy
from alerts.telling.judge import World, step_receivers
from alerts.telling.muting import Mute, MuteKind, Muting
from alerts.telling.plan import TellingPlan
from alerts.telling.rota import on_call
from alerts.telling.routes import Desk, Destination, destinations
from metrics.measurement import Labels


@dataclass(frozen=True, slots=True)
class Reached:
    """A receiver that is routed to. `mute`: why it hears nothing at once; `at`: when it is told
    if the alert is still up then, None when nobody knows."""

    to: Destination
    mute: Mute | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Reminder:
    """A step of the escalation: `people` are those on call at that moment, by rota."""

    number: int
    at: datetime
    receivers: tuple[str, ...]
    people: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class WhoAnswer:
    """`ways`: names of the routes down to the ones that take it; () = no route, the rule's own."""

    ways: tuple[tuple[str, ...], ...]
    reached: tuple[Reached, ...]
    reminders: tuple[Reminder, ...]


def imagined(rule: Rule, labels: Labels, severity: Severity, at: datetime) -> Alert:
    """An alert as the rule would raise it, at its threshold."""
    return Alert(
        fingerprint=fingerprint(rule.name, labels),
        rule=rule.name,
        metric=rule.metric,
        labels=labels,
        severity=severity,
        status=Status.FIRING,
        episode=1,
        pending_since=at,
        last_breach_at=at,
        fired_at=at,
        value=rule.when.value,
        peak=rule.when.value,
        op=rule.when.op,
        threshold=rule.when.value,
        updated_at=at,
    )


def who(
    alert: Alert,
    at: datetime,
    *,
    plan: TellingPlan,
    standing: Standing,
    usual: Callable[[str], Sequence[str]],
    inhibitors: Sequence[Alert] = (),
) -> WhoAnswer:
    """`inhibitors`: alerts that would be up beside it."""
    desk = Desk(plan.rotas, standing.overrides)
    silences = (*plan.silences, *standing.silences)
    muting = Muting(plan.inhibitions, plan.windows, silences, inhibitors)
    found = destinations(plan.tree, alert, usual(alert.rule), desk, at)
    mute = muting.judge(alert, at)
    reached = tuple(_reached(to, mute, alert.severity, at) for to in found)
    policy, first = _policy(reached, plan)
    world = World(plan, muting, desk, usual)
    begun = first.at if first else None
    reminders = () if policy is None or begun is None else _steps(policy, begun, alert, world)
    ways = tuple(dict.fromkeys(to.path for to in found))
    return WhoAnswer(ways, reached, reminders)


def _reached(to: Destination, mute: Mute | None, severity: Severity, at: datetime) -> Reached:
    until = to.quiet.ends(severity, at) if to.quiet else None
    if mute is None and until is not None:
        mute = Mute(MuteKind.QUIET_HOURS, " › ".join(name for name in to.path if name), until)
    return Reached(to, mute, at + to.group_wait if mute is None else mute.until)


def _policy(reached: Sequence[Reached], plan: TellingPlan) -> tuple[Policy | None, Reached | None]:
    for one in reached:
        if one.to.escalation and one.to.escalation in plan.policies:
            return plan.policies[one.to.escalation], one
    return None, None


def _steps(policy: Policy, begun: datetime, alert: Alert, world: World) -> tuple[Reminder, ...]:
    found = []
    for number in range(1, policy.count + 1):
        due = policy.due(number, begun)
        assert due is not None  # noqa: S101 - every number up to `count` has its time
        receivers = step_receivers(policy, number, world, alert, due)
        people = tuple(
            (name, on_call(rota, world.desk.overrides, due))
            for name in policy.step(number).rotas
            if (rota := world.desk.rotas.get(name)) is not None
        )
        found.append(Reminder(number, due, tuple(receivers), people))
    return tuple(found)
