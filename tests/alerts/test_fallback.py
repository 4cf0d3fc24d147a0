"""What a receiver can't be given: fall-backs, broken channels, bundles, templates, dead letters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from alerts import outbox
from alerts.alert import Notification, Reason, Status
from alerts.channels import ChannelState, load_channels
from alerts.content import Stored, test_note
from alerts.delivery import Delivery, Post
from alerts.receivers import ReceiverSettings
from connectors import alert_tables
from connectors.store import Store
from metrics.measurement import labels_of
from tests.alerts.factories import ZH, alert, at, note, receiver, seconds
from tests.alerts.test_delivery import all_in, put, rows, wait_until
from tests.chat_platforms import DingTalkRobot, SlackHook, said
from tests.sink import Answer, WebhookSink


@pytest.fixture
def start(store: Store) -> Iterator[Any]:
    started: list[Delivery] = []

    def begin(*receivers: ReceiverSettings, **post: Any) -> Delivery:
        wordings = {one.name: ZH for one in receivers}
        values: dict[str, Any] = {"give_up_after": timedelta(days=3)} | post
        started.append(Delivery(receivers, Post(store, "w1", wordings, **values)))
        started[-1].start()
        return started[-1]

    yield begin
    for one in started:
        one.stop(within=seconds(10))


@pytest.fixture
def robot() -> Iterator[DingTalkRobot]:
    with DingTalkRobot() as listener:
        yield listener


def channel_of(store: Store, name: str) -> Any:
    with store.read() as connection:
        return load_channels(connection)[name]


def outcomes(store: Store) -> list[str]:
    with store.read() as connection:
        table = alert_tables.deliveries
        return list(connection.execute(sa.select(table.c.outcome).order_by(table.c.id)).scalars())


def test_what_a_broken_channel_refuses_goes_to_its_fall_back_at_once(
    store, start, robot, webhook_sink
):
    robot.secret = "another"
    first, end = note(), note(alert(status=Status.RESOLVED, resolved_at=at(9)),
                              reason=Reason.RESOLVED)  # fmt: skip
    put(store, first)
    delivery = start(
        receiver(robot.url, type="dingtalk", secret="mine", fallback="boss"),
        receiver(webhook_sink.url, name="boss"),
    )
    webhook_sink.wait_for(1)
    wait_until(lambda: [row["state"] for row in rows(store)] == ["moved", "sent"])
    moved, copy = rows(store)
    assert (moved["moved_to"], copy["instead_of"], copy["receiver"]) == ("boss", "leads", "boss")
    assert "refused the signature" in moved["error"]
    assert channel_of(store, "leads").state is ChannelState.BROKEN
    assert channel_of(store, "boss").state is ChannelState.WORKING
    robot.secret = None
    put(store, end)
    delivery.wake()
    webhook_sink.wait_for(2)  # who heard of the beginning hears of the end, too
    wait_until(lambda: [row["state"] for row in rows(store)] == ["moved", *["sent"] * 3])
    assert len(robot.taken) == 1
    assert channel_of(store, "leads").state is ChannelState.WORKING


def test_who_was_told_already_is_not_told_again_as_a_fall_back(store, start, robot, webhook_sink):
    robot.tell(said(errcode=400102, errmsg="x"))
    put(store, note(), note(receiver="boss"))
    start(
        receiver(robot.url, type="dingtalk", fallback="boss"),
        receiver(webhook_sink.url, name="boss"),
    )
    wait_until(lambda: sorted(row["state"] for row in rows(store)) == ["moved", "sent"])
    assert len(webhook_sink.requests) == 1


def test_a_receiver_that_cannot_be_reached_holds_nothing_back_for_longer_than_five_minutes(
    store, start, robot, webhook_sink
):
    robot.stop()
    with store.begin() as connection:
        outbox.enqueue(connection, [note()], now=datetime.now(UTC) - timedelta(minutes=6))
    start(
        receiver(robot.url, type="dingtalk", fallback="boss"),
        receiver(webhook_sink.url, name="boss"),
    )
    webhook_sink.wait_for(1)
    wait_until(lambda: channel_of(store, "leads").state is ChannelState.FAILING)


def test_a_robot_that_is_silenced_for_long_hands_everything_on(store, start, robot, webhook_sink):
    robot.tell(said(errcode=130101, errmsg="send too fast"))
    put(store, note())
    delivery = start(
        receiver(robot.url, type="dingtalk", fallback="boss"),
        receiver(webhook_sink.url, name="boss"),
    )
    webhook_sink.wait_for(1)  # ten minutes of silence are more than the five it may wait
    put(store, note(alert(fingerprint="later")))
    delivery.wake()
    webhook_sink.wait_for(2)
    wait_until(lambda: [row["state"] for row in rows(store)].count("moved") == 2)
    assert len(robot.requests) == 1


def test_a_chain_of_fall_backs_is_followed_and_names_the_first(store, start, robot, webhook_sink):
    robot.tell(*[said(errcode=400102, errmsg="x")] * 2)
    put(store, note())
    start(
        receiver(robot.url, type="dingtalk", fallback="second"),
        receiver(robot.url, name="second", type="dingtalk", fallback="boss"),
        receiver(webhook_sink.url, name="boss"),
    )
    webhook_sink.wait_for(1)
    wait_until(lambda: [row["state"] for row in rows(store)] == ["moved", "moved", "sent"])
    assert [row["instead_of"] for row in rows(store)] == [None, "leads", "leads"]


def storm(count: int) -> list[Notification]:
    return [
        note(alert(fingerprint=f"f{number}", labels=labels_of(queue=f"{number}号店")))
        for number in range(count)
    ]


def test_a_storm_behind_a_rate_limit_shares_messages_and_loses_nothing(store, start, robot):
    put(store, *storm(50))
    start(receiver(robot.url, type="dingtalk"))
    wait_until(all_in(store, "sent"))
    assert len(robot.taken) == 12  # three times twenty, then one by one: all within the limit
    shown = json.dumps(robot.taken, ensure_ascii=False)
    assert all(f"{number}号店" in shown for number in range(50))
    shared = [row["sent_as"] for row in rows(store)]
    assert [len({*shared[:20]}), len({*shared[20:40]})] == [1, 1]
    assert None not in shared[:40]
    assert shared[40:] == [None] * 10


def test_a_restart_does_not_reset_what_a_robot_was_sent(store, start, robot):
    put(store, *storm(19))
    first = start(receiver(robot.url, type="dingtalk"))
    wait_until(all_in(store, "sent"))
    assert first.stop(within=seconds(10))
    put(store, *storm(40)[19:])
    start(receiver(robot.url, type="dingtalk"))
    wait_until(lambda: len(robot.taken) == 20)  # the last token takes as many as it can
    wait_until(lambda: sum(row["state"] == "sent" for row in rows(store)) == 39)
    assert rows(store)[-1]["state"] == "pending"
    assert rows(store)[-1]["attempts"] == 0


def test_two_receivers_with_one_robot_share_what_it_allows(store, start, robot):
    put(store, *storm(15))
    put(store, *[note(one.alerts[0], receiver="boss") for one in storm(15)])
    start(
        receiver(robot.url, type="dingtalk"),
        receiver(robot.url, type="dingtalk", name="boss"),
    )
    wait_until(all_in(store, "sent"))
    assert len(robot.taken) <= 20
    assert not any("send too fast" in (row["error"] or "") for row in rows(store))


def test_an_alert_that_ends_behind_a_limit_is_never_told_in_the_wrong_order(store, start, robot):
    began = storm(30)
    ended = [note(one.alerts[0], reason=Reason.RESOLVED) for one in began]
    put(store, *[one for pair in zip(began, ended, strict=True) for one in pair])
    start(receiver(robot.url, type="dingtalk"))
    wait_until(all_in(store, "sent"))
    sent = {row["key"]: row["sent_as"] or row["key"] for row in rows(store)}
    order = {row["key"]: row["sent_at"] for row in rows(store)}
    for first, end in zip(began, ended, strict=True):
        assert sent[first.key] != sent[end.key]
        assert order[first.key] <= order[end.key]


def test_a_test_message_is_tried_once_and_never_goes_elsewhere(store, start, robot, webhook_sink):
    robot.tell(said(errcode=400102, errmsg="x"))
    wanted: list[Stored] = [test_note("leads", datetime.now(UTC))]
    with store.begin() as connection:
        outbox.enqueue(connection, wanted, now=datetime.now(UTC))
    start(
        receiver(robot.url, type="dingtalk", fallback="boss"),
        receiver(webhook_sink.url, name="boss"),
    )
    wait_until(all_in(store, "dead"))
    assert webhook_sink.requests == ()


def test_a_dead_letter_can_be_sent_again_with_all_its_tries(store, start, robot):
    put(store, note())
    with store.begin() as connection:
        [message] = outbox.claim(connection, worker="w0", receiver="leads", now=datetime.now(UTC),
                                 lease=seconds(30))  # fmt: skip
        outbox.record_failure(connection, message, _error(), worker="w0", now=datetime.now(UTC),
                              next_at=None)  # fmt: skip
    assert rows(store)[0]["state"] == "dead"
    with store.begin() as connection:
        wanted = [row["id"] for row in rows(store)]
        assert outbox.send_again(connection, wanted, now=datetime.now(UTC)) == 1
        assert outbox.send_again(connection, wanted, now=datetime.now(UTC)) == 0
    start(receiver(robot.url, type="dingtalk"))
    wait_until(all_in(store, "sent"))
    assert outcomes(store) == ["gave up", "sent"]


def _error() -> Any:
    from alerts.errors import SendError

    return SendError("receiver 'leads' is gone", permanent=True, broken=True)


def test_a_template_writes_the_message_and_a_failing_one_gives_way_to_the_standard_text(
    store, start
):
    good = "{{ alert.where }} 出事了：{{ alert.value }}"
    bad = "{{ alert.labels['team'] }}"  # no such label in this alert: only known when it is sent
    with SlackHook() as slack:
        put(store, note(), note(receiver="boss"))
        start(
            receiver(slack.url, type="slack", template=good),
            receiver(slack.url, type="slack", name="boss", template=bad),
        )
        wait_until(all_in(store, "sent"))
        shown = sorted(json.dumps(one, ensure_ascii=False) for one in slack.taken)
    assert any("天猫售前 出事了：42" in one for one in shown)
    assert any("18:00 起" in one for one in shown)
    remarks = {row["receiver"]: row["error"] for row in rows(store)}
    assert remarks["leads"] is None
    assert remarks["boss"].startswith("its template failed, the standard text was sent: ")


def test_a_refused_message_says_nothing_about_the_channel(store, start, webhook_sink):
    webhook_sink.answer(Answer(422))
    put(store, note())
    start(receiver(webhook_sink.url))
    wait_until(lambda: rows(store)[0]["attempts"] == 1)
    wait_until(lambda: _has_channel(store))
    assert channel_of(store, "leads").state is ChannelState.WORKING


def test_trouble_is_told_apart_from_a_broken_channel(store, start, webhook_sink):
    webhook_sink.answer(Answer(500), Answer(404), Answer(500), Answer())
    with WebhookSink():
        put(store, *storm(3))
        start(receiver(webhook_sink.url))
        seen: list[ChannelState] = []

        def settled() -> bool:
            state = channel_of(store, "leads").state if rows(store)[0]["attempts"] else None
            if state is not None and (not seen or seen[-1] is not state):
                seen.append(state)
            return any(row["state"] == "sent" for row in rows(store))

        wait_until(lambda: _has_channel(store) and settled())
    assert channel_of(store, "leads").state is ChannelState.WORKING
    assert channel_of(store, "leads").error is not None


def _has_channel(store: Store) -> bool:
    with store.read() as connection:
        return bool("leads" in load_channels(connection))
