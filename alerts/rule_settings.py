"""The config section [[rules]], checked as far as a rule can be alone, and the rules it makes.

Whether its metric, labels and KPIs are there is rule_checks.py's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from alerts.conditions.hours import parse_active
from alerts.conditions.kinds import KINDS
from alerts.conditions.naming import COMPOSITE
from alerts.rule import NO_TIME, Override, Rule, Severity, Side, Signal, Threshold
from connectors.durations import Duration, parse_duration
from connectors.settings import Section
from metrics.measurement import labels_of

SOURCE_DOWN = "source-down"
RULE_ERROR = "rule-error"
# About the watch itself (self_watch.py).
RECEIVER_BLOCKED, MESSAGE_UNDELIVERED = "receiver-blocked", "message-undelivered"
JOB_FAILED, TURNS_SKIPPED = "job-failed", "turns-skipped"
WATCH_INTERRUPTED, CLOCK_SET = "watch-interrupted", "clock-set"
ABOUT_THE_WATCH = (
    RECEIVER_BLOCKED, MESSAGE_UNDELIVERED, JOB_FAILED, TURNS_SKIPPED, WATCH_INTERRUPTED, CLOCK_SET,
)  # fmt: skip
BUILT_IN = (SOURCE_DOWN, RULE_ERROR, *ABOUT_THE_WATCH)
# Settings that only some kinds take.
OF_KINDS = ("window", "ago", "percent", "target", "short_window", "level", "side", "lead", "after",
            "conditions")  # fmt: skip
_PLAIN_TAKES = ("window",)
_CONDITION = re.compile(r"\s*(>=|<=|>|<)\s*(\S.*?)\s*")
_NEGATION = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def parse_threshold(text: str) -> Threshold:
    """`> 20`, `>= 80%`, `> 3m` (spans of time count as seconds, percentages as they are shown)."""
    match = _CONDITION.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no condition; write for example > 20, <= 80% or > 3m")
    op, number = match.groups()
    try:
        return Threshold(op, float(number.removesuffix("%")))
    except ValueError:
        pass
    try:
        return Threshold(op, parse_duration(number).total_seconds())
    except ValueError:
        raise ValueError(
            f"{number!r} is neither a number nor a span of time; write for example > 20 or > 3m"
        ) from None


def _names(value: object) -> object:
    return [value] if isinstance(value, str) else value


def parse_share(value: object) -> object:
    """`"95%"` or 95."""
    return value.removesuffix("%") if isinstance(value, str) else value


class Limits(Section):
    """A condition with its clear value: what rules, their conditions and overrides share."""

    when: str
    clear: str | None = None

    @model_validator(mode="after")
    def _clear_lies_on_the_other_side(self) -> Self:
        when, clear = self.threshold, self.clear_threshold
        upward = when.op.startswith(">")
        if clear.op.startswith(">") is upward:
            raise ValueError(
                f"clear {self.clear!r} points the same way as when {self.when!r}; "
                f"write for example {_NEGATION[when.op]} {when.value:g}"
            )
        beyond = clear.value > when.value if upward else clear.value < when.value
        both_hold = clear.value == when.value and "=" in when.op and "=" in clear.op
        if beyond or both_hold:
            raise ValueError(
                f"clear {self.clear!r} is on the wrong side of when {self.when!r}: values that "
                f"breach would also clear; write {_NEGATION[when.op]} {when.value:g} or "
                f"a {'lower' if upward else 'higher'} value"
            )
        return self

    @property
    def threshold(self) -> Threshold:
        return parse_threshold(self.when)

    @property
    def clear_threshold(self) -> Threshold:
        """Where none is given, an alert ends as soon as its condition no longer holds."""
        if self.clear is not None:
            return parse_threshold(self.clear)
        return Threshold(_NEGATION[self.threshold.op], self.threshold.value)


class OverrideSettings(Limits):
    """[[rules.overrides]]: other limits for single segments."""

    where: dict[str, str] = Field(min_length=1)


class ConditionSettings(Limits):
    """[[rules.conditions]]: one of several conditions."""

    metric: str = Field(min_length=1)
    where: dict[str, str] = Field(default_factory=dict)
    window: Duration | None = None


class RuleSettings(Limits):
    name: str = Field(min_length=1, max_length=100)
    kind: str = "threshold"
    metric: str = Field(min_length=1)
    by: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    where: dict[str, str] = Field(default_factory=dict)
    wait: Duration = Field(default=NO_TIME, alias="for")
    keep_firing_for: Duration = NO_TIME
    severity: Severity = Severity.WARNING
    receivers: Annotated[tuple[str, ...] | None, BeforeValidator(_names)] = None
    window: Duration | None = None
    ago: Duration | None = None
    percent: bool = False
    target: Annotated[float, BeforeValidator(parse_share), Field(gt=0, lt=100)] | None = None
    short_window: Duration | None = None
    level: Literal[80, 95] = 95
    side: Side = "both"
    lead: Duration | None = None
    after: Duration | None = None
    conditions: tuple[ConditionSettings, ...] = ()
    overrides: tuple[OverrideSettings, ...] = ()
    hours: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    times: int = Field(default=1, ge=1, le=1000)
    within: Duration | None = None

    @model_validator(mode="before")
    @classmethod
    def _kind_fills_in(cls, given: Any) -> Any:
        """A kind may know by itself what is compared with what; a composite shows its first
        condition."""
        if not isinstance(given, Mapping):
            return given
        kind = KINDS.get(str(given.get("kind", "threshold")))
        values = dict(given)
        if kind is None:
            return values
        usual: dict[str, Any] = {"metric": kind.metric, "when": kind.when}
        conditions = given.get("conditions")
        if conditions and isinstance(conditions, list | tuple):
            first = conditions[0]
            usual = {n: first.get(n) for n in usual} if isinstance(first, Mapping) else {
                n: getattr(first, n) for n in usual
            }  # fmt: skip
        elif "conditions" in kind.needs:
            raise ValueError(
                f"kind {given['kind']!r} combines conditions and has none; add [[rules.conditions]]"
            )
        return {n: v for n, v in usual.items() if v is not None} | values

    @field_validator("name")
    @classmethod
    def _name_is_free(cls, name: str) -> str:
        if name in BUILT_IN:
            raise ValueError(f"{name} is the built-in rule's name; choose another")
        if not name.isprintable():
            raise ValueError("a rule's name must be one line of printable text")
        return name

    @field_validator("kind")
    @classmethod
    def _kind_is_known(cls, kind: str) -> str:
        if kind not in KINDS:
            raise ValueError(f"there is no kind {kind!r}; use one of {', '.join(KINDS)}")
        return kind

    @field_validator("hours")
    @classmethod
    def _hours_read(cls, hours: tuple[str, ...]) -> tuple[str, ...]:
        for one in hours:
            parse_active(one)
        return hours

    @field_validator("window", "ago", "short_window", "lead", "within")
    @classmethod
    def _has_length(cls, span: timedelta | None) -> timedelta | None:
        if span == NO_TIME:
            raise ValueError("it must be longer than 0s; leave it out where it isn't needed")
        return span

    @model_validator(mode="after")
    def _kind_has_what_it_needs(self) -> Self:
        kind = KINDS[self.kind]
        for name in kind.needs:
            if not getattr(self, name):
                raise ValueError(f"kind {self.kind!r} needs {name!r}; {_FOR_EXAMPLE[name]}")
        plain = () if kind.read or self.kind in COMPOSITE else _PLAIN_TAKES
        for name in OF_KINDS:
            given = name in self.model_fields_set
            if given and name not in (*kind.needs, *kind.takes, *plain):
                raise ValueError(f"kind {self.kind!r} takes no {name!r}; leave it out")
        return self

    @model_validator(mode="after")
    def _spans_fit(self) -> Self:
        if self.times > 1 and self.within is None:
            raise ValueError('times needs within, the span they are counted in; for example "10m"')
        if self.within is not None and self.times == 1:
            raise ValueError("within counts times and needs times = 2 or more")
        short, long = self.short_window, self.window
        if short is not None and long is not None and short >= long:
            raise ValueError(f"short_window must be shorter than window ({short} and {long})")
        return self

    @model_validator(mode="after")
    def _overrides_point_the_same_way(self) -> Self:
        if self.overrides and self.kind in COMPOSITE:
            raise ValueError("a rule of several conditions takes no overrides; write two rules")
        for one in self.overrides:
            if one.threshold.op[0] != self.threshold.op[0]:
                raise ValueError(
                    f"the override for {_shown(one.where)} says when {one.when!r}, the rule "
                    f"{self.when!r}: both must point the same way"
                )
        return self

    @property
    def metrics(self) -> tuple[str, ...]:
        """The live metrics and KPIs that it names."""
        if self.conditions:
            return tuple(one.metric for one in self.conditions)
        return () if KINDS[self.kind].metrics else (self.metric,)


_FOR_EXAMPLE = {
    "ago": 'the span looked back, for example ago = "15m"',
    "target": 'the share to hold, for example target = "95%"',
    "window": 'the long window, for example window = "1h"',
    "short_window": 'for example short_window = "5m"',
    "lead": 'how far ahead it looks, for example lead = "2h"',
    "conditions": "add [[rules.conditions]]",
}


def _shown(where: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value!r}" for name, value in where.items())


def rules_of(
    rules: Sequence[RuleSettings], *, receivers: Sequence[str], zone: ZoneInfo | None = None
) -> tuple[Rule, ...]:
    """The rules to run. A rule that names no receivers tells all; `receivers = []` tells nobody.
    `zone`: of the shop, whose clock active hours go by."""
    return tuple(_rule(one, tuple(receivers), zone or ZoneInfo("UTC")) for one in rules)


def _rule(rule: RuleSettings, receivers: tuple[str, ...], zone: ZoneInfo) -> Rule:
    by = tuple(sorted({*rule.by, *rule.where}))
    return Rule(
        name=rule.name,
        metric=rule.metric,
        when=rule.threshold,
        clear=rule.clear_threshold,
        by=by,
        where=labels_of(**rule.where),
        wait=rule.wait,
        keep_firing_for=rule.keep_firing_for,
        severity=rule.severity,
        receivers=receivers if rule.receivers is None else rule.receivers,
        window=rule.window,
        kind=rule.kind,
        signal=Signal(
            ago=rule.ago,
            percent=rule.percent,
            target=rule.target,
            short_window=rule.short_window,
            level=rule.level,
            side=rule.side,
            lead=rule.lead,
            after=rule.after,
        ),
        overrides=tuple(
            Override(labels_of(**one.where), one.threshold, one.clear_threshold)
            for one in rule.overrides
        ),
        hours=tuple(parse_active(one) for one in rule.hours),
        zone=zone,
        times=rule.times,
        within=rule.within or NO_TIME,
        parts=tuple(_part(rule, one, by) for one in rule.conditions),
    )


def _part(rule: RuleSettings, one: ConditionSettings, by: tuple[str, ...]) -> Rule:
    return Rule(
        name=rule.name,
        metric=one.metric,
        when=one.threshold,
        clear=one.clear_threshold,
        by=tuple(sorted({*by, *one.where})),
        where=labels_of(**one.where),
        window=one.window,
    )
