"""All rules, where they come from and how they stand: store and configuration → values, HTML."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from alerts.alert import Alert, Status
from alerts.render import amount
from alerts.rule_settings import RULE_ERROR, RuleSettings
from alerts.rule_store import StoredRule, stored_rules
from alerts.store import load_alerts
from dashboard.lists import DOWN, GOOD, LATE
from dashboard.markup import tag, text
from dashboard.rules.draft import FIELDS
from dashboard.settings import Settings
from dashboard.words import UNKNOWN, Words
from metrics.kpi import Registry


@dataclass(frozen=True, slots=True)
class Listed:
    """A rule of the file (`stored` None, read-only) or of the store. `why`: it can't be used.

    `alerts` are all that it ever raised, the newest first; `failing`: it can't be evaluated.
    """

    name: str
    settings: RuleSettings | None
    stored: StoredRule | None
    why: str | None
    alerts: tuple[Alert, ...]
    failing: bool

    @property
    def given(self) -> Mapping[str, Any]:
        """The keys of [[rules]] as somebody wrote them."""
        if self.stored is not None:
            return self.stored.given
        return given_of(self.settings) if self.settings else {}

    def count(self, *states: Status) -> int:
        return sum(one.status in states for one in self.alerts)


def given_of(rule: RuleSettings) -> dict[str, Any]:
    """A rule's settings as they could have been written: those that were set."""
    given = rule.model_dump(by_alias=True, exclude_unset=True, mode="python")
    first = [name for name in FIELDS if name in given]
    return {name: _written(given[name]) for name in dict.fromkeys([*first, *given])}


def _written(value: Any) -> Any:
    if hasattr(value, "total_seconds"):
        return f"{value.total_seconds():g}s"
    if isinstance(value, tuple | list):
        return [_written(one) for one in value]
    if isinstance(value, dict):
        return {name: _written(one) for name, one in value.items() if one is not None}
    return str(value) if isinstance(value, str) else value


def listed(connection: sa.Connection, settings: Settings) -> tuple[Listed, ...]:
    """The rules of the file in its order, then the stored ones by name."""
    by_rule: dict[str, list[Alert]] = defaultdict(list)
    failing = set()
    for alert in load_alerts(connection).values():
        by_rule[alert.rule].append(alert)
        if alert.rule == RULE_ERROR and alert.up:
            failing.add(dict(alert.labels).get("rule"))

    def made(
        name: str, rule: RuleSettings | None, stored: StoredRule | None, why: str | None
    ) -> Listed:
        alerts = sorted(by_rule[name], key=_newest, reverse=True)
        return Listed(name, rule, stored, why, tuple(alerts), name in failing)

    taken = {one.name for one in settings.rules}
    receivers = [one.name for one in settings.receivers]
    found = [made(one.name, one, None, None) for one in settings.rules]
    found += [
        made(one.name, one.settings, one, one.why)
        for one in stored_rules(connection, settings.kpis, receivers)
        if one.name not in taken
    ]
    return tuple(found)


def _newest(alert: Alert) -> tuple[bool, datetime]:
    return alert.up, alert.fired_at or alert.pending_since


def sentence(found: Sequence[Listed], say: Words) -> str:
    """What stands out: rules that can't work, else what fires."""
    bad = [one.name for one in found if one.why or one.failing]
    if bad:
        return say("rules.broken", names=say.listing(bad[:3]), n=len(bad))
    if not found:
        return say("rules.none")
    up = sum(one.count(Status.FIRING, Status.ACKNOWLEDGED) > 0 for one in found)
    return say("rules.firing", n=len(found), up=up) if up else say("rules.calm", n=len(found))


def table_html(found: Sequence[Listed], zone: ZoneInfo, kpis: Registry, say: Words) -> str:
    """One line per rule: how it stands, what it watches, whose it is, what came of it last."""
    heads = [say(f"rules.head.{name}") for name in ("state", "name", "what", "origin", "last")]
    rows = "".join(_row(one, heads, zone, kpis, say) for one in found)
    head = tag("tr", "".join(tag("th", text(name), scope="col") for name in heads))
    table = tag("table", tag("thead", head) + tag("tbody", rows), class_="dp-list")
    return tag("div", table, class_="dp-scroll")


def _row(one: Listed, heads: Sequence[str], zone: ZoneInfo, kpis: Registry, say: Words) -> str:
    cells = (_state(one, say), text(one.name), text(what(one.settings, kpis, say)),
             text(origin(one, zone, say)), text(_last(one, zone, kpis, say)))  # fmt: skip
    return tag(
        "tr",
        "".join(tag("td", cell, data_label=name) for name, cell in zip(heads, cells, strict=True)),
        data_rule=one.name,
    )


def _state(one: Listed, say: Words) -> str:
    if one.why or one.failing:
        return tag("span", text(f"{LATE} {say('rules.state.error')}"), class_="dp-watch")
    counts = [(name, one.count(state)) for name, state in _STATES if one.count(state)]
    if not counts:
        return text(f"{GOOD} {say('rules.state.calm')}")
    said = say.listing(say(f"rules.state.{name}", n=n) for name, n in counts)
    loud = counts[0][0] == "firing"
    return tag(
        "span", text(f"{DOWN if loud else LATE} {said}"), class_="dp-breach" if loud else None
    )


_STATES = (
    ("firing", Status.FIRING),
    ("acknowledged", Status.ACKNOWLEDGED),
    ("pending", Status.PENDING),
)


def what(rule: RuleSettings | None, kpis: Registry, say: Words) -> str:
    """`排队人数 > 20，按队列，持续 30 秒`."""
    if rule is None:
        return UNKNOWN
    parts = [f"{metric_name(rule.metric, kpis, say)} {rule.when}"]
    if rule.kind != "threshold":
        parts.insert(0, say(f"rules.kind.{rule.kind}"))
    if rule.where:
        parts.append(say.listing(rule.where.values()))
    if rule.by:
        parts.append(say("rules.by", labels=say.listing(label_name(one, say) for one in rule.by)))
    if rule.wait:
        parts.append(say("rules.for", span=say.duration(rule.wait.total_seconds())))
    if rule.hours:
        parts.append(say.listing(rule.hours))
    return say("rules.joint").join(parts)


def metric_name(metric: str, kpis: Registry, say: Words) -> str:
    if metric in kpis:
        return kpis[metric].title(say.language)
    key = f"rules.metric.{metric}"
    return say(key) if say.has(key) else metric


def label_name(label: str, say: Words) -> str:
    key = f"rules.label.{label}"
    return say(key) if say.has(key) else label


def origin(one: Listed, zone: ZoneInfo, say: Words) -> str:
    if one.stored is None:
        return say("rules.of_file")
    at = say.moment(one.stored.changed_at.astimezone(zone))
    return say("rules.of_store", who=one.stored.changed_by, time=at)


def _last(one: Listed, zone: ZoneInfo, kpis: Registry, say: Words) -> str:
    """The newest alert: where, how bad, when."""
    if one.why:
        return one.why
    if one.failing:
        return say("rules.failing")
    fired = [alert for alert in one.alerts if alert.fired_at is not None]
    if not fired:
        return say("rules.never")
    alert = fired[0]
    assert alert.fired_at is not None  # noqa: S101 - chosen by it
    where = " · ".join(value for name, value in alert.labels if name not in ("source", "channel"))
    peak = amount(alert.metric, alert.peak, say.language, kpis)
    at = say.moment(alert.fired_at.astimezone(zone))
    return say("rules.last", where=where or say("rules.everywhere"), peak=peak, time=at)
