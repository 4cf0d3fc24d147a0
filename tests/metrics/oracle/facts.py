"""Facts as plain rows, and the form of a slow definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from connectors import schema
from connectors.store import Store
from tests.metrics.oracle.desk import service_seconds

CHINA = ZoneInfo("Asia/Shanghai")
# median and mean: of seconds; share: percent of ones; hits: ones among n.
Kind = Literal["median", "mean time", "share", "hits", "count", "sum", "mean"]


@dataclass(frozen=True)
class Counted:
    """Something that counts: when, how much, of whom. `ref`: what lists call it."""

    at: datetime
    value: float
    labels: Mapping[str, str]
    ref: str
    who: tuple[str, str] = ("", "")  # source and contact


@dataclass(frozen=True)
class Facts:
    """All facts as they are stored, times as aware datetimes; `zone` is the shop's."""

    zone: ZoneInfo
    contacts: list[Any]
    rounds: list[Any]
    events: list[Any]
    ratings: list[Any]
    orders: list[Any]
    cases: list[Any]
    agents: list[Any]
    presence: list[Any]
    by_id: Mapping[tuple[str, str], Any]

    def contact(self, row: Any) -> Any:
        """The contact that a row of the same source belongs to, or None."""
        return self.by_id.get((row.source, row.contact_id))


@dataclass(frozen=True)
class Definition:
    """What counts, and how it becomes a number."""

    rows: Callable[[Facts], Iterable[Counted]]
    kind: Kind
    known_after: timedelta | None = None
    once_per_window: bool = False  # a contact counts once in whatever window is asked for


@dataclass(frozen=True)
class Ratio:
    """`factor` × the one ÷ the other."""

    of: str
    per: str
    factor: float = 1


def read(store: Store, zone: ZoneInfo) -> Facts:
    names = ("contacts", "rounds", "events", "ratings", "orders", "cases", "agents", "presence")
    with store.read() as connection:
        rows = [list(connection.execute(sa.select(schema.FACTS[name]))) for name in names]
    by_id = {(one.source, one.contact_id): one for one in rows[0]}
    return Facts(zone=zone, by_id=by_id, **dict(zip(names, rows, strict=True)))


def seconds(start: datetime, end: datetime) -> float:
    """Wall-clock seconds; an end before the start is no wait."""
    return max(0.0, (end - start) / timedelta(seconds=1))


def labels_of(row: Any, *names: str, **more: str | None) -> dict[str, str]:
    """Labels by name, of a row's columns or as given; unknown is empty."""
    found = {name: getattr(row, name) for name in names} | more
    return {name: value or "" for name, value in found.items()}


def of_contact(contact: Any, source: str, agent: str | None = None) -> dict[str, str]:
    """The five labels of what belongs to a contact, if there is one."""
    if contact is None:
        return labels_of(None, source=source, agent=agent, channel="", queue="", team="")
    return labels_of(contact, "channel", "queue", "team", source=source,
                     agent=agent or contact.agent_id)  # fmt: skip


def within_hours(moment: datetime, zone: ZoneInfo, first: time, last: time) -> bool:
    return first <= moment.astimezone(zone).time() < last


def first_of_day(found: Iterable[tuple[str | None, Counted]], zone: ZoneInfo) -> Iterator[Counted]:
    """Of each customer the first of each local day; who is not known counts each time."""
    seen: set[tuple[str, date]] = set()
    for customer, one in sorted(found, key=lambda pair: (pair[1].at, pair[1].who)):
        if customer is None:
            yield one
        elif (customer, one.at.astimezone(zone).date()) not in seen:
            seen.add((customer, one.at.astimezone(zone).date()))
            yield one


__all__ = ["CHINA", "Counted", "Definition", "Facts", "Ratio", "first_of_day", "labels_of",
           "of_contact", "read", "seconds", "service_seconds", "within_hours"]  # fmt: skip
