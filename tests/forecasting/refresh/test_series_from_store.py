"""Series from facts: counted as a slow recount does, and unknown where nobody looked."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from connectors import schema
from connectors.columns import to_micros
from connectors.dirty import SLOT
from connectors.store import Store, open_store
from forecasting.published.series import CONTACTS, HANDED, SeriesKey
from forecasting.volume.series_from_store import (
    Tally,
    history_of,
    reaches,
    tallies,
    with_silences,
)
from forecasting.volume.steps import Step
from tests.forecasting.refresh.conftest import NOW
from tests.forecasting.refresh.shop import SHANGHAI, usual, write_contacts, write_source

STEP = Step(timedelta(minutes=30))
BERLIN = ZoneInfo("Europe/Berlin")


def recount(store: Store, zone: ZoneInfo, *, handed: bool = False) -> Counter:
    """(queue, channel, local half-hour) → contacts, row by row."""
    found: Counter = Counter()
    with store.read() as connection:
        for row in connection.execute(sa.select(schema.contacts)).mappings():
            if row["outbound_only"] or (handed and row["bot_only"] and not row["queued_at"]):
                continue
            at = (row["queued_at"] or row["opened_at"]) if handed else row["opened_at"]
            local = at.astimezone(zone).replace(tzinfo=None)
            half = local.replace(minute=local.minute // 30 * 30, second=0, microsecond=0)
            for queue, channel in {(row["queue"], row["channel"]), (row["queue"], ""), ("", "")}:
                found[queue, channel, half] += 1
    return found


@pytest.mark.parametrize("handed", [False, True])
def test_counts_are_those_of_a_slow_recount(store_url: str, handed: bool) -> None:
    store = open_store(store_url, migrate=True)
    until = datetime(2026, 10, 1, 4, 10, tzinfo=UTC)
    rates = {("a", "chat"): usual(3.0), ("a", "web"): usual(1.0), ("b", "chat"): usual(2.0)}
    write_contacts(store, dict(rates), since=date(2026, 9, 21), until=until, bot=0.3)
    slow = recount(store, SHANGHAI, handed=handed)
    with store.read() as connection:
        found = tallies(connection, HANDED if handed else CONTACTS, until=until)
    store.close()
    assert [(one.key.queue, one.key.channel) for one in found] == [
        ("a", "chat"), ("a", "web"), ("b", "chat"), ("", ""), ("a", ""), ("b", ""),
    ]  # fmt: skip
    for one in found:
        history = history_of(one, STEP, SHANGHAI)
        assert history is not None
        told = dict(zip(history.stamps, history.counts, strict=True))
        for (queue, channel, half), n in slow.items():
            stamp = pd.Timestamp(half)
            if (queue, channel) == (one.key.queue, one.key.channel) and stamp in told:
                assert told[stamp] == n
        assert np.isfinite(history.counts).all()
        steps = pd.Series(history.stamps).diff().dropna().unique()
        assert list(steps) == [pd.Timedelta(STEP.span)]  # no gap
        # 12:00 has begun but isn't over: it is no count yet.
        assert history.last == pd.Timestamp("2026-10-01 11:30")


def test_what_was_not_read_is_not_counted_as_nothing(shop: Store) -> None:
    with shop.begin() as connection:
        write_source(connection, "desk", NOW - timedelta(hours=5))
    with shop.read() as connection:
        [*_, whole] = [t for t in tallies(connection, CONTACTS, until=NOW) if not t.key.queue]
    history = history_of(whole, STEP, SHANGHAI)
    assert history is not None
    assert history.last == pd.Timestamp("2026-10-17 05:00")


def test_a_source_still_being_read_says_so(shop: Store) -> None:
    with shop.begin() as connection:
        write_source(connection, "desk", NOW, status="backfill")
    with shop.read() as connection:
        assert all(one.filling for one in tallies(connection, CONTACTS, until=NOW))
        assert reaches(connection, ["other"]) == {}


def test_an_outage_that_planners_entered_is_unknown(shop: Store) -> None:
    start = datetime(2026, 10, 14, 2, 0, tzinfo=UTC)  # 10:00
    outages = [("售前", start, start + timedelta(hours=2))]
    with shop.read() as connection:
        found = {one.key: one for one in tallies(connection, CONTACTS, until=NOW, outages=outages)}
    mine = history_of(found[SeriesKey(CONTACTS, "售前", "chat")], STEP, SHANGHAI)
    assert mine is not None
    lost = mine.stamps[np.isnan(mine.counts)]
    assert [f"{at:%H:%M}" for at in lost] == ["10:00", "10:30", "11:00", "11:30"]
    assert "4 steps count as unknown" in mine.notes[0]
    other = history_of(found[SeriesKey(CONTACTS, "售后", "chat")], STEP, SHANGHAI)
    assert other is not None
    assert np.isfinite(other.counts).all()


def test_silence_of_a_whole_source_is_unknown_for_each_queue(shop: Store) -> None:
    start = datetime(2026, 10, 14, 2, 0, tzinfo=UTC)
    table = schema.contacts.c
    with shop.begin() as connection:
        gone = (table.opened_at >= start) & (table.opened_at < start + timedelta(hours=3))
        connection.execute(schema.contacts.delete().where(gone))
    with shop.read() as connection:
        found = with_silences(tallies(connection, CONTACTS, until=NOW), STEP, SHANGHAI)
    for one in found:
        history = history_of(one, STEP, SHANGHAI)
        assert history is not None
        lost = history.stamps[np.isnan(history.counts)]
        assert [f"{at:%m-%d %H:%M}" for at in lost] == [
            f"10-14 {hour}:{minute}" for hour in (10, 11, 12) for minute in ("00", "30")
        ]


@pytest.mark.parametrize(
    ("day", "hours", "gone", "twice"),
    [("2026-03-29", 23, "02:00", None), ("2026-10-25", 25, None, "02:00")],
)
def test_clock_changes_are_told_apart(day: str, hours: int, gone: str, twice: str) -> None:
    start = pd.Timestamp(day, tz=BERLIN) - pd.Timedelta(days=1)
    first = to_micros(start.to_pydatetime()) // SLOT
    quarters = np.arange((24 + hours) * 4)  # one contact each quarter hour
    tally = Tally(SeriesKey(CONTACTS), first + quarters, np.ones(len(quarters)), first,
                  first + len(quarters))  # fmt: skip
    history = history_of(tally, STEP, BERLIN)
    assert history is not None
    stamps = [f"{at:%H:%M}" for at in history.stamps if f"{at:%Y-%m-%d}" == day]
    assert len(stamps) == (46 if gone else 48)
    assert (gone in stamps) is (gone is None) or gone not in stamps
    assert set(history.counts) == {2.0}  # the hour that comes twice is averaged, not summed
    days = history_of(tally, Step(timedelta(days=1)), BERLIN)
    assert days is not None
    assert days.counts.tolist() == [96.0, hours * 4.0]
