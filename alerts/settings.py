"""The config sections [[rules]] and [alerts], checked as far as they can be alone.

[[receivers]] is receivers.py.
What needs two sections (a rule naming a receiver that isn't there) is `problems`. The types the
rest of this package works with are made by `rules_of`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from alerts.alert import NO_TIME, Rule, Severity, Threshold
from alerts.receivers import ReceiverSettings
from connectors.durations import Duration, parse_duration
from connectors.settings import Section
from metrics.measurement import labels_of

SOURCE_DOWN = "source-down"
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


class RuleSettings(Section):
    name: str = Field(min_length=1, max_length=100)
    metric: str = Field(min_length=1)
    by: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    where: dict[str, str] = Field(default_factory=dict)
    when: str
    clear: str | None = None
    wait: Duration = Field(default=NO_TIME, alias="for")
    keep_firing_for: Duration = NO_TIME
    severity: Severity = Severity.WARNING
    receivers: Annotated[tuple[str, ...] | None, BeforeValidator(_names)] = None
    window: Duration | None = None

    @field_validator("name")
    @classmethod
    def _name_is_free(cls, name: str) -> str:
        if name == SOURCE_DOWN:
            raise ValueError(f"{SOURCE_DOWN} is the built-in rule's name; choose another")
        if not name.isprintable():
            raise ValueError("a rule's name must be one line of printable text")
        return name

    @field_validator("window")
    @classmethod
    def _window_has_length(cls, window: timedelta | None) -> timedelta | None:
        if window == NO_TIME:
            raise ValueError("a window must be longer than 0s; leave it out for a live metric")
        return window

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


class AlertsSettings(Section):
    """`public_url` is where people open the dashboard: links in messages start with it."""

    source_down: bool = True
    source_down_after: Duration | None = None
    give_up_after: Duration = timedelta(days=3)
    public_url: str | None = None
    digest_after: int = Field(default=20, ge=1, le=1000)
    digest_within: Duration = timedelta(minutes=5)
    digest_every: Duration = timedelta(minutes=1)


def problems(
    rules: Sequence[RuleSettings],
    receivers: Sequence[ReceiverSettings],
    *,
    metrics: Collection[str],
) -> list[str]:
    """What is wrong between sections, one sentence each. `metrics` are the names there are."""
    known = [receiver.name for receiver in receivers]
    found = [f"two receivers are named {name!r}; rename one" for name in _twice(known)]
    found += [f"two rules are named {name!r}; rename one" for name in _twice(r.name for r in rules)]
    for rule in rules:
        if rule.metric not in metrics:
            names = ", ".join(sorted(metrics))
            found.append(f"rule {rule.name!r}: there is no metric {rule.metric!r}; known: {names}")
        found += [
            f"rule {rule.name!r}: there is no receiver {name!r}; known: {', '.join(known) or '-'}"
            for name in rule.receivers or ()
            if name not in known
        ]
    return found


def rules_of(rules: Sequence[RuleSettings], *, receivers: Sequence[str]) -> tuple[Rule, ...]:
    """The rules to run. A rule that names no receivers tells all; `receivers = []` tells nobody."""
    return tuple(
        Rule(
            name=rule.name,
            metric=rule.metric,
            when=rule.threshold,
            clear=rule.clear_threshold,
            by=tuple(sorted({*rule.by, *rule.where})),
            where=labels_of(**rule.where),
            wait=rule.wait,
            keep_firing_for=rule.keep_firing_for,
            severity=rule.severity,
            receivers=tuple(receivers) if rule.receivers is None else rule.receivers,
            window=rule.window,
        )
        for rule in rules
    )


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
