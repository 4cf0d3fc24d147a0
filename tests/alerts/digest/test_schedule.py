"""When a digest is due: each span of days once, whatever happens in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.digest.schedule import agenda, last_due
from tests.alerts.digest.factories import SHANGHAI, digest_of

BERLIN = ZoneInfo("Europe/Berlin")


def local(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-12T08:29:59", "2026-11-10"),  # not yet: still the one before
        ("2026-11-12T08:30:00", "2026-11-11"),
        ("2026-11-12T23:59:59", "2026-11-11"),
        ("2026-11-13T00:00:00", "2026-11-11"),
    ],
)
def test_a_daily_digest_tells_of_the_whole_day_before(now, day):
    due = last_due(digest_of(at="08:30"), local(now), SHANGHAI)
    assert due.since == local(day)
    assert due.until - due.since == timedelta(days=1)


@pytest.mark.parametrize(
    ("now", "since"),
    [
        ("2026-11-16T08:29:00", "2026-11-02"),  # Monday, not yet
        ("2026-11-16T08:30:00", "2026-11-09"),
        ("2026-11-22T20:00:00", "2026-11-09"),  # the Sunday after
    ],
)
def test_a_weekly_digest_tells_of_the_seven_whole_days_before_its_weekday(now, since):
    due = last_due(digest_of(every="weekly"), local(now), SHANGHAI)
    assert (due.since, due.until) == (local(since), local(since) + timedelta(days=7))


def test_days_are_local_also_when_the_clock_changes():
    due = last_due(digest_of(at="02:30"), local("2026-03-30T12:00", BERLIN), BERLIN)
    assert due.until.astimezone(UTC) - due.since.astimezone(UTC) == timedelta(hours=23)
    skipped = last_due(digest_of(at="02:30"), local("2026-03-29T12:00", BERLIN), BERLIN)
    assert skipped.at == local("2026-03-29T03:30", BERLIN)  # 02:30 does not exist on that day
    twice = last_due(digest_of(at="02:30"), local("2026-10-25T12:00", BERLIN), BERLIN)
    assert twice.at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first of the two


def test_what_is_due_is_due_once_and_only_the_newest_after_a_pause():
    one = digest_of(at="08:30")
    told: dict[str, datetime] = {}
    sent = []
    for hour in range(24 * 10):
        if 60 <= hour < 140:  # nobody works for more than three days
            continue
        now = local("2026-11-10T00:00") + timedelta(hours=hour)
        found = agenda([one], now=now, zone=SHANGHAI, told=told)
        for due in (*found.send, *found.begin):
            told["morning"] = due.until
        sent += [due.since.astimezone(SHANGHAI).date().isoformat() for due in found.send]
    assert sent == ["2026-11-09", "2026-11-10", "2026-11-11",
                    "2026-11-14", "2026-11-15", "2026-11-16", "2026-11-17",
                    "2026-11-18"]  # fmt: skip


def test_a_new_digest_begins_with_the_next_span():
    found = agenda([digest_of()], now=local("2026-11-12T10:00"), zone=SHANGHAI, told={})
    assert (found.send, len(found.begin)) == ((), 1)


def test_a_later_hour_does_not_tell_the_same_day_again():
    told = {"morning": local("2026-11-12")}
    moved = digest_of(at="09:30")
    now = local("2026-11-12T09:31")
    assert agenda([moved], now=now, zone=SHANGHAI, told=told).send == ()


def test_a_clock_that_is_set_back_sends_nothing_again():
    told = {"morning": local("2026-11-12")}
    now = local("2026-11-11T09:00")
    assert agenda([digest_of()], now=now, zone=SHANGHAI, told=told).send == ()
