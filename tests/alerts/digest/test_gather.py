"""A digest of real facts: what it says on a quiet day, a bad day, and where little is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.digest.content import ProfileChart, QueueChart, TrendChart, Verdict
from alerts.digest.gather import gather
from alerts.digest.schedule import last_due
from metrics.errors import NothingSynced
from metrics.query import kpi
from tests.alerts.digest.factories import (
    NOW,
    REGISTRY,
    SHANGHAI,
    SHOP,
    TODAY,
    YESTERDAY,
    digest_of,
    fill,
    usual_reply,
)


def made(store, *, now=NOW, **values):
    due = last_due(digest_of(**values), now, SHANGHAI)
    with store.read() as connection:
        return gather(connection, SHOP, due, now=now)


def slow_for_one(opened: datetime, queue: str, dice) -> float:
    """Yesterday one queue answers everybody a minute later."""
    late = 60 if queue == "抖音" and opened >= YESTERDAY else 0
    return usual_reply(opened, queue, dice) + late


def test_a_quiet_day_has_numbers_charts_and_no_change(quiet_shop):
    digest = made(quiet_shop)
    assert digest.changes == ()
    assert {one.verdict for one in digest.figures} <= {Verdict.STEADY, Verdict.THIN}
    assert [type(one) for one in digest.charts] == [TrendChart, ProfileChart, QueueChart]
    assert (digest.since, digest.until) == (YESTERDAY, TODAY)


def test_its_numbers_are_those_of_the_kpi_command(quiet_shop):
    digest = made(quiet_shop)
    with quiet_shop.read() as connection:
        for one in digest.figures:
            [row] = kpi(connection, one.kpi, since=YESTERDAY, until=TODAY, zone=SHANGHAI,
                        registry=REGISTRY).rows  # fmt: skip
            assert (one.value, one.n) == (row.value, row.n)
            [before] = kpi(connection, one.kpi, since=YESTERDAY - timedelta(days=1),
                           until=YESTERDAY, zone=SHANGHAI, registry=REGISTRY).rows  # fmt: skip
            assert (one.before, one.before_n) == (before.value, before.n)


def test_a_bad_day_in_one_queue_is_told_first_and_the_queue_is_named(store):
    fill(store, reply=slow_for_one)
    digest = made(store)
    first = digest.changes[0]
    assert (first.figure.kpi, first.figure.direction) == ("service_level", "worse")
    assert [one.queue for one in first.queues] == ["抖音"]
    assert digest.charts[0].kpi == "service_level"
    assert first.hit == pytest.approx(first.queues[0].n * 0.8, rel=0.35)


def test_a_digest_of_another_queue_does_not_know_of_it(store):
    fill(store, reply=slow_for_one)
    digest = made(store, queues=["京东自营", "天猫售前"])
    assert digest.changes == ()
    whole, part = made(store), digest
    volume = {one.kpi: one.n for one in whole.figures}["volume"]
    assert 0 < {one.kpi: one.n for one in part.figures}["volume"] < volume


def test_a_week_is_compared_with_the_four_weeks_before(quiet_shop):
    digest = made(quiet_shop, every="weekly", weekday="thu")
    volume = next(one for one in digest.figures if one.kpi == "volume")
    assert volume.n > 700
    assert volume.usual == pytest.approx(840, rel=0.1)
    assert volume.verdict is Verdict.STEADY
    trend, profile, _ = digest.charts
    assert isinstance(trend, TrendChart)
    assert isinstance(profile, ProfileChart)
    assert (trend.span_days, len(profile.points)) == (7, 7)


def test_what_no_source_delivers_is_named_as_silent_and_not_as_nought(quiet_shop):
    digest = made(quiet_shop, audience="quality")
    assert {"review_score", "nps"} <= set(digest.silent)
    assert not {one.kpi for one in digest.figures} & set(digest.silent)


def test_a_new_shop_is_not_compared_with_the_time_before_it(store):
    fill(store, days=9)
    digest = made(store)
    assert digest.changes == ()
    volume = next(one for one in digest.figures if one.kpi == "volume")
    assert volume.verdict is Verdict.NO_HISTORY
    assert volume.usual is None or volume.usual > 50


def test_a_day_without_any_contact_after_busy_weeks_is_a_fall_and_not_silence(store):
    fill(store, as_of=YESTERDAY - timedelta(seconds=1))
    digest = made(store)
    volume = next(one for one in digest.changes if one.figure.kpi == "volume")
    assert volume.figure.value == 0.0
    assert digest.as_of is not None
    assert digest.as_of < digest.until  # and the reader is told that it isn't whole
    level = next(one for one in digest.figures if one.kpi == "service_level")
    assert (level.value, level.verdict) == (None, Verdict.NO_DATA)


def test_a_store_that_never_read_a_source_has_nothing_to_tell(store):
    with pytest.raises(NothingSynced):
        made(store)


def test_a_day_of_23_hours_has_23_hours(store):
    fill(store, days=3)
    from zoneinfo import ZoneInfo

    berlin = ZoneInfo("Europe/Berlin")
    shop = replace(SHOP, zone=berlin)
    now = datetime(2026, 3, 30, 9, tzinfo=berlin)
    due = last_due(digest_of(kpis=["volume"]), now, berlin)
    with store.read() as connection:
        digest = gather(connection, shop, due, now=now)
    assert digest.silent == ("volume",)
    assert digest.charts == ()
