"""The [forecast] and [staffing] sections of the configuration.

Every command reads them: what takes long to import is imported where it is used.
"""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from connectors.durations import Duration
from connectors.settings import Section
from forecasting.staffing.errors import StaffingError
from forecasting.staffing.rules import StaffingRules, parse_target

if TYPE_CHECKING:
    from forecasting.staffing.shifts import ShiftPattern
    from forecasting.volume.steps import Step

_DAY = timedelta(days=1)
Measure = Literal["contacts", "handed", "orders", "cases"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ASSUMED_AHT = timedelta(minutes=4)  # where none was set and none could be measured


def _clock(value: Any) -> Any:
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"'{value}' is not a time of day; write for example 02:40") from None


Clock = Annotated[time, BeforeValidator(_clock)]


class ForecastSettings(Section):
    """[forecast]: which series, how far, when, and where the work is done."""

    enabled: bool = True
    measures: tuple[Measure, ...] = ("contacts", "handed", "orders", "cases")
    step: Duration = timedelta(minutes=30)
    horizon: Duration = timedelta(days=14)
    past: Duration = timedelta(days=800)  # of history that the models look at
    country: str | None = None  # None: of the shop's time zone; "none": no public holidays
    nightly: Clock = time(2, 40)
    choice: Weekday = "sunday"
    intraday: Duration = timedelta(minutes=15)
    processes: int | None = Field(default=None, ge=1, le=64)
    dask: str | None = Field(default=None, pattern=r"^(tcp|tls)://.+:\d+$")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.step not in (timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1)):
            raise ValueError("step must be 15m, 30m or 1h")
        if not _DAY <= self.horizon <= 90 * _DAY or self.horizon % _DAY:
            raise ValueError("horizon must be whole days, from 1d to 90d")
        if not 28 * _DAY <= self.past <= 1100 * _DAY:
            raise ValueError("past must lie between 28d and 1100d")
        if not timedelta(minutes=5) <= self.intraday <= _DAY:
            raise ValueError("intraday must lie between 5m and 1d")
        return self

    @property
    def volume_step(self) -> Step:
        from forecasting.volume.steps import Step

        return Step(self.step)

    def country_for(self, zone: ZoneInfo) -> str | None:
        from forecasting.volume.day_calendar import country_of

        if self.country is None:
            return country_of(zone)
        return None if self.country.lower() == "none" else self.country.upper()


def _share(value: Any) -> Any:
    """A share as written: 0.3 is 3/10, not the nearest float."""
    return Decimal(str(value)) if isinstance(value, float) else value


Share = Annotated[Decimal, BeforeValidator(_share), Field(ge=0, lt=1)]


class QueueStaffing(Section):
    """How a queue is staffed; what it leaves out is as in [staffing] itself."""

    target: str | None = None
    aht: Duration | None = None
    patience: Duration | None = None
    concurrency: int | None = Field(default=None, ge=1, le=50)
    shrinkage: Share | None = None
    minimum: int | None = Field(default=None, ge=0, le=10_000)
    max_occupancy: float | None = Field(default=None, gt=0, le=1)

    @model_validator(mode="after")
    def _target_reads(self) -> Self:
        if self.target is not None:
            try:
                parse_target(self.target)
            except StaffingError as error:
                raise ValueError(str(error)) from None
        return self


class ShiftSettings(Section):
    """[[staffing.shifts]]: a kind of shift for suggestions."""

    name: str
    length: Duration
    starts: tuple[Clock, ...] = Field(min_length=1)
    break_after: Duration | None = None
    break_length: Duration = timedelta(minutes=30)
    break_paid: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not timedelta(0) < self.length <= _DAY:
            raise ValueError("length must be above 0 and at most 24h")
        after = self.break_after
        if after is not None and after + self.break_length > self.length:
            raise ValueError("the break does not lie within the shift; move break_after")
        return self

    def pattern(self, cost_per_hour: float) -> ShiftPattern:
        from forecasting.staffing.shifts import Break, ShiftPattern

        breaks = () if self.break_after is None else (
            Break(self.break_after, self.break_length, self.break_paid),
        )  # fmt: skip
        starts = tuple(timedelta(hours=one.hour, minutes=one.minute) for one in self.starts)
        return ShiftPattern(self.name, self.length, starts, breaks, cost_per_hour)


_EIGHT = timedelta(hours=8)
_USUAL_SHIFTS = tuple(
    ShiftSettings(name=name, length=_EIGHT + timedelta(minutes=30), starts=starts,
                  break_after=timedelta(hours=4))
    for name, starts in (
        ("early", (time(7), time(8), time(9))), ("day", (time(10), time(11), time(12))),
        ("late", (time(14), time(15), time(16))), ("night", (time(22), time(23))),
    )
)  # fmt: skip


class StaffingSettings(QueueStaffing):
    """[staffing]: targets and handling of all queues, and in [staffing.queues."…"] of single
    ones."""

    target: str | None = "0.8/30s"
    concurrency: int | None = Field(default=1, ge=1, le=50)
    shrinkage: Share | None = Decimal("0.3")
    minimum: int | None = Field(default=0, ge=0, le=10_000)
    case: float = Field(default=0.5, gt=0, lt=1)  # of the volume that isn't exceeded
    cost_per_hour: float = Field(default=0.0, ge=0, le=1e6)
    cost_per_abandoned: float = Field(default=0.0, ge=0, le=1e6)
    queues: dict[str, QueueStaffing] = Field(default_factory=dict)
    pools: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # queues of the same agents
    shifts: tuple[ShiftSettings, ...] = _USUAL_SHIFTS

    @field_validator("pools")
    @classmethod
    def _one_pool_each(cls, pools: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        of: dict[str, str] = {}
        for name, queues in pools.items():
            if not queues:
                raise ValueError(f"pool '{name}' has no queues; name some, or \"*\" for all")
            for queue in queues:
                if of.setdefault(queue, name) != name:
                    raise ValueError(
                        f"queue '{queue}' is in the pools '{of[queue]}' and '{name}'; "
                        "keep it in one"
                    )
        return pools

    def rules_for(self, queue: str, aht_s: float) -> StaffingRules:
        """The rules of a queue or pool, with a handle time in seconds: the measured one where none
        is set, wall-clock at the queue's concurrency."""
        own = self.queues.get(queue, QueueStaffing())
        target = _first(own.target, self.target, "0.8/30s")
        share, within = parse_target(target)
        patience = _first(own.patience, self.patience)
        shrinkage = _first(own.shrinkage, self.shrinkage, Decimal(0))
        return StaffingRules(
            share, within, aht_s,
            concurrency=_first(own.concurrency, self.concurrency, 1),
            patience_s=None if patience is None else patience.total_seconds(),
            shrinkage=Fraction(shrinkage),
            most_occupancy=_first(own.max_occupancy, self.max_occupancy),
            minimum=_first(own.minimum, self.minimum, 0),
        )  # fmt: skip

    def aht_of(self, queue: str) -> timedelta | None:
        """As set; None: to be measured."""
        own = self.queues.get(queue, QueueStaffing())
        found: timedelta | None = _first(own.aht, self.aht)
        return found

    def concurrency_of(self, queue: str) -> int:
        own = self.queues.get(queue, QueueStaffing())
        return int(_first(own.concurrency, self.concurrency, 1))

    def patterns(self) -> tuple[ShiftPattern, ...]:
        return tuple(one.pattern(max(self.cost_per_hour, 1e-3)) for one in self.shifts)


def _first(*values: Any) -> Any:
    """The first that is set."""
    return next((value for value in values if value is not None), None)
