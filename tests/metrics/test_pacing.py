"""The pace of a KPI in a store equals what plain counting of its contacts comes to."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors import schema, write
from connectors.columns import to_micros
from connectors.delivered import save_columns
from connectors.dirty import save_dirty
from connectors.store import Store, open_store
from metrics.errors import BadWindow
from metrics.kpi import Registry
from metrics.pace import DAY, Tally
from metrics.pacing import NoPace, Pace, pace, paced
from metrics.packs import available, load_registry
from metrics.reading import Reader, Where
from metrics.refresh import refresh

SHOP, PLATFORM = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 20)
NOW = datetime.combine(TODAY, time(14, 37), PLATFORM)
PACK = """
[pack]
name = "mall"
zone = "Asia/Shanghai"
version = "1"
[kpi."mall.fast"]
shape = "percent"
unit = "contact"
unit_of_value = "%"
start = "opened"
end = "first_reply"
threshold = "30s"
denominator = "offered"
date = "opened"
matures = "30s"
rolling = "5d"
target = 80
better = "higher"
[kpi."mall.slow"]
shape = "percent"
unit = "contact"
unit_of_value = "%"
start = "opened"
end = "first_reply"
threshold = "30s"
hit = "late"
denominator = "offered"
date = "opened"
matures = "30s"
rolling = "5d"
target = 20
better = "lower"
[kpi."mall.mean"]
shape = "duration"
headline = "mean"
unit = "contact"
unit_of_value = "s"
start = "opened"
end = "first_reply"
denominator = "answered"
date = "opened"
rolling = "5d"
"""


def moments(seed: int) -> list[tuple[datetime, bool, str]]:
    """(opened, answered in time, queue) over six weeks, more on some weekdays than on others."""
    dice = random.Random(seed)
    found = []
    for back in range(42):
        day = TODAY - DAY * back
        for _ in range(6 + 4 * day.weekday() + dice.randint(0, 5)):
            at = datetime.combine(day, time(8), PLATFORM) + timedelta(
                seconds=dice.randint(0, 50_000)
            )
            if at <= NOW:
                found.append((at, dice.random() < 0.75, dice.choice("AB")))
    return found


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    file = tmp_path / "mall.toml"
    file.write_text(PACK, encoding="utf-8")
    return load_registry([file], zone=SHOP.key)


@pytest.fixture
def store(tmp_path: Path, registry: Registry) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'store.db'}", migrate=True)
    names = [column.name for column in schema.contacts.columns][1:]
    rows: list[tuple[Any, ...]] = []
    for number, (at, fast, queue) in enumerate(moments(3)):
        values = {
            "contact_id": str(number), "channel": "chat", "queue": queue, "status": "open",
            "opened_at": to_micros(at), "bot_only": False, "outbound_only": False,
            "first_reply_at": to_micros(at + timedelta(seconds=10 if fast else 90)),
        }  # fmt: skip
        rows.append(("desk", *(values.get(name) for name in names)))
    with made.begin() as connection:
        _, dirty = write.apply(connection, "contacts", rows)
        save_dirty(connection, dirty)
        connection.execute(
            schema.sources.insert().values(
                source="desk", status="ok", poll_s=2.0, rows=0, as_of=NOW
            )
        )
    refresh(made, registry)
    yield made
    made.close()


def paced_of(store: Store, registry: Registry, key: str, **asked: Any) -> Pace:
    with store.read() as connection:
        found = pace(Reader(connection, SHOP, registry), key, **asked)
    assert isinstance(found, Pace)
    return found


def counted(since: datetime, until: datetime, *, queue: str = "AB") -> Tally:
    fast = [ok for at, ok, name in moments(3) if since <= at < until and name in queue]
    return Tally(len(fast), sum(fast))


def day(at: date, after: time = time(), *, queue: str = "AB") -> Tally:
    since = datetime.combine(at, after, PLATFORM)
    return counted(since, datetime.combine(at + DAY, time(), PLATFORM), queue=queue)


KNOWN = time(14, 30)  # the last quarter hour that is over for half a minute


def expected(at: date, after: time = time(), *, queue: str = "AB") -> int:
    weeks = [at - DAY * 7 * week for week in range(1, 12)]
    past = [one for one in weeks if one < TODAY][:4]
    return int(median(day(one, after, queue=queue).n for one in past) + 0.5)


@pytest.mark.parametrize("queue", ["AB", "A"])
def test_the_window_and_the_rest_of_today_are_those_of_the_platforms_days(
    store: Store, registry: Registry, queue: str
) -> None:
    where = Where() if queue == "AB" else Where(queue=(queue,))
    found = paced_of(store, registry, "mall.fast", where=where)
    since = datetime.combine(TODAY - DAY * 4, time(), PLATFORM)
    until = datetime.combine(TODAY, KNOWN, PLATFORM)
    assert (found.today, found.length, found.known_until) == (TODAY, 5, until)
    assert found.window == counted(since, until, queue=queue)
    assert found.outlook.rest == expected(TODAY, KNOWN, queue=queue)
    week = datetime.combine(TODAY - DAY * 7, time(), PLATFORM)
    recent = counted(week, datetime.combine(TODAY, time(), PLATFORM), queue=queue)
    assert found.outlook.rate == Fraction(recent.good, recent.n)


def test_the_days_ahead_are_windows_with_the_expected_rounds(
    store: Store, registry: Registry
) -> None:
    found = paced_of(store, registry, "mall.fast")
    rate = found.outlook.rate
    assert rate is not None
    coming = {TODAY: expected(TODAY, KNOWN)}
    coming |= {TODAY + DAY * one: expected(TODAY + DAY * one) for one in range(1, 6)}
    assert [one.day for one in found.ahead] == list(coming)
    until = datetime.combine(TODAY, KNOWN, PLATFORM)
    for point in found.ahead:
        n, good = 0, Fraction(0)
        for back in range(5):
            at = point.day - DAY * back
            start = datetime.combine(at, time(), PLATFORM)
            known = counted(start, min(start + DAY, until)) if at <= TODAY else Tally(0, 0)
            n += known.n + coming.get(at, 0)
            good += known.good + rate * coming.get(at, 0)
        assert point.share == good / n


def test_against_a_line_the_pace_says_what_is_left_and_how_to_get_back(
    store: Store, registry: Registry
) -> None:
    above = paced_of(store, registry, "mall.fast", target=50)
    assert above.line is not None
    assert above.line.recovery is None
    assert above.line.spare == above.outlook.rest  # far above: even all of them
    below = paced_of(store, registry, "mall.fast", target=99)
    assert below.line is not None
    assert below.line.recovery is not None
    assert below.line.spare is None
    assert below.line.recovery.rounds_as_now is None
    assert below.line.recovery.day_as_now is None
    assert below.line.recovery.day is not None
    assert below.line.recovery.day <= TODAY + DAY * 5
    assert below.worst is not None
    assert below.worst_leaves == below.worst.day + DAY * 5
    own = paced_of(store, registry, "mall.fast")
    assert own.line is not None
    assert own.line.target == 80


def test_a_share_of_misses_has_the_same_pace_upside_down(store: Store, registry: Registry) -> None:
    fast = paced_of(store, registry, "mall.fast")
    slow = paced_of(store, registry, "mall.slow")
    assert slow.window == fast.window
    assert slow.line is not None
    assert fast.line is not None
    assert (slow.line.spare, slow.line.recovery) == (fast.line.spare, fast.line.recovery)
    assert slow.value is not None
    assert fast.value is not None
    assert slow.value + fast.value == pytest.approx(100)


def test_only_shares_over_whole_days_have_a_pace(store: Store, registry: Registry) -> None:
    assert paced(registry) == ("mall.fast", "mall.slow")
    shipped = paced(load_registry(available()))
    assert "taobao.reply_3min" in shipped
    assert "csat" not in shipped
    with pytest.raises(BadWindow, match="has no pace"):
        paced_of(store, registry, "mall.mean")


def test_without_rounds_nothing_is_known_and_nothing_breaks(
    store: Store, registry: Registry
) -> None:
    found = paced_of(store, registry, "mall.fast", where=Where(queue=("renamed",)))
    assert (found.value, found.end, found.window, found.worst) == (None, None, Tally(0, 0), None)


def test_a_column_that_no_source_delivers_leaves_no_pace(store: Store, registry: Registry) -> None:
    with store.begin() as connection:
        save_columns(connection, "desk", frozenset({"contacts", "contacts.opened_at"}))
    with store.read() as connection:
        found = pace(Reader(connection, SHOP, registry), "mall.fast")
    assert isinstance(found, NoPace)
    assert [one.column for one in found.lacks] == ["contacts.first_reply_at"]
