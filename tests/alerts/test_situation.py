"""What a message knows when it is sent: trends of the last values, who was hit, who is on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from alerts.alert import Acknowledgement, Reason, Status
from alerts.situation import SPAN, Trend, Trends, situations_of, trend_of
from alerts.store import save_alerts
from connectors.schema import contacts, rounds
from connectors.store import Store
from metrics.measurement import labels_of
from metrics.waited import waited_between
from tests.alerts.factories import alert, at, note


@pytest.mark.parametrize(
    ("values", "trend"),
    [
        ([20, 24, 30, 42], Trend.UP),
        ([42, 40, 30, 25], Trend.DOWN),
        ([42, 41, 42, 42], Trend.FLAT),
        ([0, 0, 0], Trend.FLAT),
        ([0, 0, 0, 1], Trend.UP),
        ([42, 43], None),
        ([], None),
    ],
)
def test_a_trend_is_what_the_later_values_say_against_the_earlier(values, trend):
    assert trend_of([(at(10 * n), float(value)) for n, value in enumerate(values)]) is trend


def test_values_of_a_moment_make_no_trend():
    assert trend_of([(at(n), float(n)) for n in range(10)]) is None


def test_only_alerts_that_still_stand_are_followed_and_only_for_minutes():
    trends = Trends()
    for count in range(60):
        trends.sample([alert(value=float(count))], at(5 * count))
    assert trends.of(alert().fingerprint) is Trend.UP
    for count in range(60):
        trends.sample([alert(value=59.0)], at(300 + 5 * count))
    assert trends.of(alert().fingerprint) is Trend.FLAT  # the rise is longer ago than SPAN
    assert SPAN.total_seconds() == 300
    trends.sample([], at(900))
    assert trends.of(alert().fingerprint) is None


def test_values_that_are_not_known_are_no_values_and_a_clock_set_back_starts_anew():
    trends = Trends()
    for count in range(10):
        trends.sample([alert(value=9.0, no_data_since=at(0))], at(10 * count))
    assert trends.of(alert().fingerprint) is None
    for count in range(10):
        trends.sample([alert(value=float(count))], at(10 * count - 7_200))
    assert trends.of(alert().fingerprint) is Trend.UP


def add(store: Store, number: int, **times: Any) -> None:
    values = {
        "source": "helpdesk", "contact_id": str(number), "channel": "Api", "queue": "天猫售前",
        "status": "closed", "opened_at": at(0),
    }  # fmt: skip
    with store.begin() as connection:
        connection.execute(contacts.insert().values(**(values | times)))


def ask(store: Store, number: int, asked: datetime, answered: datetime | None) -> None:
    with store.begin() as connection:
        connection.execute(
            rounds.insert().values(
                source="helpdesk", contact_id=str(number), round_no=1, asked_at=asked,
                person_answered_at=answered,
            )
        )  # fmt: skip


def hit(store: Store, queue: str = "天猫售前", source: str | None = "helpdesk") -> int | None:
    with store.read() as connection:
        return waited_between(connection, queue, at(100), at(200), source=source)


def test_who_waited_at_any_moment_of_the_span_was_hit(store: Store):
    assert hit(store) is None  # nothing is known of such a queue
    add(store, 1, first_reply_at=at(99))  # answered before it began
    assert hit(store) == 0
    add(store, 2, first_reply_at=at(150))  # answered within
    add(store, 3)  # still waits
    add(store, 4, opened_at=at(201))  # came after
    add(store, 5, abandoned_at=at(120))  # gave up within
    add(store, 6, closed_at=at(90))
    add(store, 7, queued_at=at(210))  # was with the bot all the time
    add(store, 8, bot_only=True)
    add(store, 9, queue="京东自营")
    add(store, 10, opened_at=at(-90_000))  # forgotten long ago
    assert hit(store) == 3
    assert hit(store, source=None) == 3
    assert hit(store, source="other") is None


def test_a_later_question_of_an_old_contact_counts_too(store: Store):
    add(store, 1, opened_at=at(-200_000), first_reply_at=at(-199_000))
    ask(store, 1, at(120), at(180))
    add(store, 2, opened_at=at(-200_000), first_reply_at=at(-199_000))
    ask(store, 2, at(20), at(80))
    assert hit(store) == 1


def test_a_message_knows_who_took_the_alert_meanwhile_and_who_was_hit(store: Store):
    said = Acknowledgement("王芳", at(5), at(1_800))
    taken = alert(status=Status.ACKNOWLEDGED, acknowledgement=said)
    with store.begin() as connection:
        save_alerts(connection, [taken])
    key = taken.fingerprint
    with store.read() as connection:
        assert situations_of(connection, note(), Trends())[key].acknowledgement == said
        other = situations_of(connection, note(alert(episode=7)), Trends())[key]
        assert other.acknowledgement is None  # that was another time
    add(store, 1)
    ended = {"status": Status.RESOLVED, "resolved_at": at(60), "updated_at": at(60)}
    queue = labels_of(queue="天猫售前", source="helpdesk")
    over = alert(pending_since=at(10), labels=queue, **ended)
    with store.read() as connection:
        known = situations_of(connection, note(over, reason=Reason.RESOLVED), Trends())
    assert known[over.fingerprint].hit == 1
