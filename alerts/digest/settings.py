"""The config section [[digests]], checked as far as it can be alone, and who reads what.

What needs two sections (a digest naming a receiver that isn't there) is `digest_problems`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import time
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from connectors.settings import Section
from metrics.kpi import Registry

Audience = Literal["supervisor", "planner", "quality", "lead"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_KPIS = 12

# What each audience answers for, the most important first: the order decides what is said first.
AUDIENCES: dict[Audience, tuple[str, ...]] = {
    "supervisor": (
        "service_level",
        "first_response",
        "abandonment",
        "csat",
        "volume",
        "reply_time",
        "transfer_rate",
    ),
    "planner": (
        "volume",
        "service_level",
        "aht",
        "abandonment",
        "occupancy",
        "contacts_per_order",
    ),
    "quality": (
        "csat",
        "negative_review_share",
        "reopen_rate",
        "negative_review_answered",
        "review_score",
        "resolution",
        "csat_response_rate",
        "nps",
    ),
    "lead": (
        "service_level",
        "csat",
        "complaint_rate",
        "volume",
        "negative_review_share",
        "after_sales_turnaround",
        "shipped_late",
        "paid_amount",
    ),
}


def _clock(value: object) -> object:
    if isinstance(value, time):
        return value
    if isinstance(value, str):
        hour, _, minute = value.partition(":")
        if hour.isdecimal() and len(minute) == 2 and minute.isdecimal():
            try:
                return time(int(hour), int(minute))
            except ValueError:
                pass
    raise ValueError(f"{value!r} is no time of day; write for example 08:30")


def _names(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class DigestSettings(Section):
    """One digest. `at` is a time of day in the shop's zone, `weekday` counts for weekly ones."""

    name: str = Field(min_length=1, max_length=60)
    every: Literal["daily", "weekly"] = "daily"
    at: Annotated[time, BeforeValidator(_clock)] = time(8, 30)
    weekday: Weekday | None = None
    audience: Audience = "lead"
    kpis: Names | None = None
    queues: Names = ()
    receivers: Annotated[tuple[str, ...] | None, BeforeValidator(_names)] = None

    @field_validator("name")
    @classmethod
    def _name_is_one_line(cls, name: str) -> str:
        if not name.isprintable():
            raise ValueError("a digest's name must be one line of printable text")
        return name

    @field_validator("kpis")
    @classmethod
    def _kpis_are_few(cls, kpis: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if kpis is not None and not 1 <= len(kpis) <= MOST_KPIS:
            raise ValueError(
                f"a digest has 1 to {MOST_KPIS} KPIs; leave kpis out for those of its audience"
            )
        return kpis if kpis is None else tuple(dict.fromkeys(kpis))

    @model_validator(mode="after")
    def _weekday_belongs_to_a_week(self) -> Self:
        if self.every == "daily" and self.weekday is not None:
            raise ValueError('weekday is for every = "weekly"; leave it out of a daily digest')
        return self

    @property
    def due_on(self) -> Weekday:
        """The day a weekly digest is due on."""
        return self.weekday or "mon"

    def keys(self, kpis: Registry) -> tuple[str, ...]:
        """The KPIs to tell of; with a filter of queues only those that have queues."""
        wanted = self.kpis or AUDIENCES[self.audience]
        if not self.queues:
            return wanted
        return tuple(key for key in wanted if "queue" in kpis.labels(kpis.find(key)))


def digest_problems(
    digests: Sequence[DigestSettings],
    *,
    receivers: Collection[str],
    kpis: Registry,
) -> list[str]:
    """What is wrong between sections, one sentence each."""
    names = Counter(digest.name for digest in digests)
    found = [f"two digests are named {name!r}; rename one" for name, n in names.items() if n > 1]
    for digest in digests:
        where = f"digest {digest.name!r}"
        found += [
            f"{where}: there is no receiver {name!r}; known: {', '.join(receivers) or '-'}"
            for name in digest.receivers or ()
            if name not in receivers
        ]
        if digest.receivers is None and not receivers:
            found.append(f"{where}: nobody would get it; add a [[receivers]] block")
        for key in digest.kpis or ():
            if fault := _fault(key, digest, kpis):
                found.append(f"{where}: {fault}")
    return found


def _fault(key: str, digest: DigestSettings, kpis: Registry) -> str | None:
    if key not in kpis:
        return f"there is no KPI {key!r}; known: {', '.join(sorted(kpis))}"
    if kpis[key].is_state:
        return f"{key} is a state and has no yesterday; use a KPI with a window"
    if digest.queues and "queue" not in kpis.labels(kpis[key]):
        return f"{key} cannot be split by queue; take it out of kpis or leave out queues"
    return None
