"""Sections of the configuration → the plan that telling works with. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.receivers import ReceiverSettings
from alerts.settings import AlertsSettings
from alerts.telling.escalation import Policy, Step
from alerts.telling.matchers import Matchers, parse_matcher
from alerts.telling.muting import Inhibition, Maintenance, QuietHours, Silence
from alerts.telling.plan import Storm, TellingPlan
from alerts.telling.rota import Layer, Rota
from alerts.telling.routes import Node
from alerts.telling.settings import (
    TURNS,
    EscalationSettings,
    InhibitSettings,
    LayerSettings,
    MaintenanceSettings,
    OncallSettings,
    RouteSettings,
    SilenceSettings,
)
from alerts.telling.weekly import parse_spans

# Receivers that are programs: they get every alert, and no digest instead.
PROGRAMS = frozenset({"webhook"})


@dataclass(frozen=True, slots=True)
class TellingSettings:
    """The sections about telling, as they were read."""

    routes: tuple[RouteSettings, ...] = ()
    silences: tuple[SilenceSettings, ...] = ()
    maintenance: tuple[MaintenanceSettings, ...] = ()
    inhibit: tuple[InhibitSettings, ...] = ()
    oncall: tuple[OncallSettings, ...] = ()
    escalations: tuple[EscalationSettings, ...] = ()


NOTHING_SAID = TellingSettings()


def telling_plan(
    sections: TellingSettings,
    alerts: AlertsSettings,
    receivers: Sequence[ReceiverSettings],
    zone: ZoneInfo,
) -> TellingPlan:
    """`zone` is the shop's, for what names none."""
    people = frozenset(one.name for one in receivers if one.type not in PROGRAMS)
    return TellingPlan(
        tree=nodes(sections.routes, zone),
        inhibitions=tuple(
            Inhibition(_matchers(one.source), _matchers(one.target), one.equal)
            for one in sections.inhibit
        ),
        windows=tuple(_window(one, zone) for one in sections.maintenance),
        silences=tuple(_silence(one, zone) for one in sections.silences),
        rotas={one.name: rota(one, zone) for one in sections.oncall},
        policies={one.name: _policy(one) for one in sections.escalations},
        storm=Storm(alerts.digest_after, alerts.digest_within, alerts.digest_every, people),
    )


def nodes(routes: Sequence[RouteSettings], zone: ZoneInfo, *, number: str = "") -> tuple[Node, ...]:
    return tuple(_node(one, zone, f"{number}{at}") for at, one in enumerate(routes, 1))


def rota(one: OncallSettings, zone: ZoneInfo) -> Rota:
    layers = tuple(_layer(layer) for layer in one.layers)
    return Rota(one.name, one.timezone or zone, layers, dict(one.people))


def _node(one: RouteSettings, zone: ZoneInfo, number: str) -> Node:
    quiet = one.quiet_hours
    return Node(
        name=one.name or (", ".join(one.match) if one.match else f"#{number}"),
        matchers=one.matchers,
        receivers=one.receivers,
        rotas=one.oncall,
        goes_on=one.go_on,
        group_by=one.group_by,
        group_wait=one.group_wait,
        repeat=one.repeat,
        quiet=None
        if quiet is None
        else QuietHours({severity: parse_spans(text) for severity, text in quiet.items()}, zone),
        escalation=one.escalation,
        children=nodes(one.routes, zone, number=f"{number}."),
    )


def _layer(one: LayerSettings) -> Layer:
    return Layer(one.people, TURNS[one.turn], one.start, one.handover, one.spans)


def _policy(one: EscalationSettings) -> Policy:
    steps = tuple(Step(step.after, step.receivers, step.oncall) for step in one.steps)
    return Policy(one.name, steps, one.rounds)


def _window(one: MaintenanceSettings, zone: ZoneInfo) -> Maintenance:
    own = one.timezone or zone
    return Maintenance(
        one.name,
        _matchers(one.match),
        own,
        parse_spans(one.weekly) if one.weekly else (),
        _aware(one.since, own),
        _aware(one.until, own),
    )


def _silence(one: SilenceSettings, zone: ZoneInfo) -> Silence:
    begin = _aware(one.since, zone) or datetime(1990, 1, 1, tzinfo=zone)
    end = _aware(one.until, zone) or begin + timedelta(0)  # without an end it isn't let in
    return Silence(
        matchers=_matchers(one.match),
        since=begin,
        until=end,
        by=one.by,
        reason=one.reason,
        made_at=begin,
    )


def _matchers(texts: Iterable[str]) -> Matchers:
    return tuple(parse_matcher(one) for one in texts)


def _aware(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=zone)
