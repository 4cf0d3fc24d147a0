"""The sections about telling, read, checked against the others, and made into the worker's plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.receivers import ReceiverSettings
from alerts.rules import COMPANIONS
from alerts.settings import RuleSettings
from alerts.telling.checks import rota_problems, telling_problems
from alerts.telling.making import TellingSettings
from alerts.telling.settings import (
    EscalationSettings,
    InhibitSettings,
    MaintenanceSettings,
    OncallSettings,
    RouteSettings,
    SilenceSettings,
)
from connectors.checkup import Finding
from dashboard.sections import Sections


def telling_of(build: Sections) -> TellingSettings:
    return TellingSettings(
        routes=build.many("routes", RouteSettings),
        silences=build.many("silences", SilenceSettings),
        maintenance=build.many("maintenance", MaintenanceSettings),
        inhibit=build.many("inhibit", InhibitSettings),
        oncall=build.many("oncall", OncallSettings),
        escalations=build.many("escalations", EscalationSettings),
    )


def between_sections(
    telling: TellingSettings, rules: Sequence[RuleSettings], receivers: Sequence[ReceiverSettings]
) -> list[str]:
    labels = {*COMPANIONS, *(name for rule in rules for name in (*rule.by, *rule.where))}
    return telling_problems(telling, [one.name for one in receivers], labels)


def hole_findings(telling: TellingSettings, zone: ZoneInfo, now: datetime) -> Iterator[Finding]:
    """A hole is said at `check` and stops no worker: until then the rule's receivers are told."""
    for one in telling.oncall:
        for problem in rota_problems(one, zone, now):
            yield Finding("error", problem)
