"""The config sections [[routes]], [[silences]], [[maintenance]], [[inhibit]], [[oncall]] and
[[escalations]], checked as far as each can be alone.

What needs two sections is checks.py; the types the rest of this package works with are made by
`telling_plan` in making.py.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from alerts.alert import Severity
from alerts.telling.escalation import MOST_ROUNDS
from alerts.telling.matchers import Matcher, parse_matcher
from alerts.telling.weekly import Spans, parse_spans
from connectors.durations import Duration
from connectors.settings import Section, Zone

TURNS = {"daily": 1, "weekly": 7}
_LONGEST_REPEAT = timedelta(days=7)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _checked(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        parse_matcher(text)
    return texts


def _hours(text: str) -> str:
    parse_spans(text)
    return text


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Written = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_checked)]
Hours = Annotated[str, AfterValidator(_hours)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class RouteSettings(Section):
    """A node of the route tree. What it leaves out is as in the node above it."""

    name: str = Field(default="", max_length=100)
    match: Written = ()
    receivers: Names | None = None
    oncall: Names | None = None
    go_on: bool = Field(default=False, alias="continue")
    group_by: Names | None = None
    group_wait: Duration | None = None
    repeat: Duration | None = None
    quiet_hours: dict[Severity, Hours] | None = None
    escalation: str | None = None
    routes: tuple[RouteSettings, ...] = ()

    @field_validator("repeat")
    @classmethod
    def _repeat_is_sensible(cls, repeat: timedelta | None) -> timedelta | None:
        if repeat and not timedelta(minutes=1) <= repeat <= _LONGEST_REPEAT:
            raise ValueError("a repeat lies between 1m and 7d; 0s for none")
        return repeat

    @field_validator("group_wait")
    @classmethod
    def _wait_is_short(cls, wait: timedelta | None) -> timedelta | None:
        if wait and wait > timedelta(minutes=10):
            raise ValueError("a group waits 10m at most: a first message is worth little later")
        return wait

    @field_validator("quiet_hours")
    @classmethod
    def _critical_passes(cls, hours: dict[Severity, str] | None) -> dict[Severity, str] | None:
        if hours and Severity.CRITICAL in hours:
            raise ValueError("critical alerts have no quiet hours; lower the rule's severity")
        return hours

    @model_validator(mode="after")
    def _somebody_is_told(self) -> Self:
        said = self.receivers is not None or self.oncall is not None
        if said and not self.receivers and not self.oncall:
            raise ValueError(
                f"{self.label} tells nobody; name receivers or oncall, or leave both out to tell "
                "those of the route above"
            )
        return self

    @property
    def label(self) -> str:
        return f"the route {self.name!r}" if self.name else f"the route on {self.said}"

    @property
    def said(self) -> str:
        return ", ".join(self.match) or "everything"

    @property
    def matchers(self) -> tuple[Matcher, ...]:
        return tuple(parse_matcher(one) for one in self.match)


class SilenceSettings(Section):
    """A silence of the configuration: always with an end."""

    match: Written = Field(min_length=1)
    since: datetime | None = None
    until: datetime | None = None
    by: str = Field(default="configuration", min_length=1, max_length=100)
    reason: str = ""

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.until is None:
            raise ValueError(
                f"the silence on {', '.join(self.match)} has no end; "
                "write for example until = 2026-12-01T08:00:00"
            )
        return self


class MaintenanceSettings(Section):
    """Weekly hours, or once `since` … `until`."""

    name: Name
    match: Written = ()
    weekly: Hours | None = None
    since: datetime | None = None
    until: datetime | None = None
    timezone: Zone | None = None

    @model_validator(mode="after")
    def _weekly_or_once(self) -> Self:
        once = self.since is not None and self.until is not None
        if (self.weekly is not None) == once or (self.since is None) != (self.until is None):
            raise ValueError(
                'write either weekly = "sun 02:00-04:00", or since and until for a single time'
            )
        return self


class InhibitSettings(Section):
    """While a `source` alert is up, `target` alerts with `equal` labels are not told."""

    source: Written = Field(min_length=1)
    target: Written = Field(min_length=1)
    equal: Names = ()


class LayerSettings(Section):
    """People who take turns. `start` is the first day of the first in the list."""

    people: Names = Field(min_length=1)
    turn: str = "weekly"
    start: date
    handover: time = time(9)
    hours: Hours | None = None

    @field_validator("turn")
    @classmethod
    def _turn_is_known(cls, turn: str) -> str:
        if turn not in TURNS:
            raise ValueError(f"{turn!r} is no turn; write daily or weekly")
        return turn

    @field_validator("handover", mode="before")
    @classmethod
    def _read_time(cls, value: Any) -> Any:
        return value if isinstance(value, time) else str(value)

    @property
    def spans(self) -> Spans:
        return parse_spans(self.hours) if self.hours else ()


class OncallSettings(Section):
    """A rota: people with their receivers, in layers; the first layer that covers wins."""

    name: Name
    timezone: Zone | None = None
    people: dict[str, Names] = Field(min_length=1)
    layers: tuple[LayerSettings, ...] = Field(min_length=1)
    covers: Hours | None = None

    @model_validator(mode="after")
    def _everybody_can_be_told(self) -> Self:
        for person, receivers in self.people.items():
            if not receivers:
                raise ValueError(f"{person!r} has no receiver; name at least one under people")
        unknown = {one for layer in self.layers for one in layer.people} - self.people.keys()
        if unknown:
            raise ValueError(
                f"{', '.join(sorted(unknown))} takes turns but is not under people; "
                "say by which receiver they are told"
            )
        return self


class StepSettings(Section):
    """`after`: since the first message, or since an acknowledgement ran out."""

    after: Duration
    receivers: Names = ()
    oncall: Names = ()

    @model_validator(mode="after")
    def _tells_somebody(self) -> Self:
        if not self.receivers and not self.oncall:
            raise ValueError("a step tells somebody: name receivers or oncall")
        return self


class EscalationSettings(Section):
    """Steps until somebody acknowledges; `rounds` goes through them so often."""

    name: Name
    steps: tuple[StepSettings, ...] = Field(min_length=1)
    rounds: int = Field(default=1, ge=1, le=MOST_ROUNDS)

    @model_validator(mode="after")
    def _steps_ascend(self) -> Self:
        waits = [step.after for step in self.steps]
        if waits[0] <= timedelta(0) or any(b <= a for a, b in pairwise(waits)):
            raise ValueError("each step comes after the one before: let `after` grow from 1m on")
        return self
