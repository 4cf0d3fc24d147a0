"""The worker as a process of its own: tells, survives kill -9, and never tells twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.connectors.desk import Desk
from tests.flow.processes import started, write_config
from tests.servers import WebhookSink
from tests.sink import Answer


def notices(sink: WebhookSink) -> list[tuple[str, str]]:
    """(status, queue) of all that arrived about queues."""
    found = []
    for request in sink.requests:
        body: dict[str, Any] = json.loads(request.body)
        found += [
            (alert["status"], alert["labels"]["queue"])
            for alert in body["alerts"]
            if alert["rule"] == "queue-too-long"
        ]
    return found


def breach(desk: Desk) -> None:
    for number in range(1, 6):
        desk.contact(number, waiting_since=0)


def clear(desk: Desk) -> None:
    for number in range(1, 6):
        desk.change(number, status="closed", closed_at=60, waiting_since=None)


def test_a_breach_reaches_the_webhook_once_and_so_does_its_end(
    tmp_path: Path, webhook_sink: WebhookSink
) -> None:
    desk = Desk(tmp_path / "desk.db")
    config = write_config(tmp_path, source=desk.url, webhook=webhook_sink.url)
    with started("worker", "-c", str(config), log=tmp_path / "w.log") as worker:
        worker.wait_for("event=backfilled")
        breach(desk)
        webhook_sink.wait_for(1)
        clear(desk)
        webhook_sink.wait_for(2)
        assert worker.terminate() == 0
        assert notices(webhook_sink) == [("firing", "q"), ("resolved", "q")]
        assert "hush-hush" not in worker.text()


def test_a_worker_killed_while_an_alert_fires_neither_repeats_nor_forgets(
    tmp_path: Path, webhook_sink: WebhookSink
) -> None:
    desk = Desk(tmp_path / "desk.db")
    config = write_config(tmp_path, source=desk.url, webhook=webhook_sink.url)
    with started("worker", "-c", str(config), log=tmp_path / "1.log") as worker:
        worker.wait_for("event=backfilled")
        breach(desk)
        webhook_sink.wait_for(1)
        worker.wait_for("event=sent")
        worker.kill()
    clear(desk)
    with started("worker", "-c", str(config), log=tmp_path / "2.log") as worker:
        webhook_sink.wait_for(2)
        worker.wait_for("event=sent")
        assert worker.terminate() == 0
    assert notices(webhook_sink) == [("firing", "q"), ("resolved", "q")]


def test_a_breach_while_the_receiver_is_down_is_told_when_it_is_back(
    tmp_path: Path, webhook_sink: WebhookSink
) -> None:
    desk = Desk(tmp_path / "desk.db")
    config = write_config(tmp_path, source=desk.url, webhook=webhook_sink.url)
    webhook_sink.stop()
    with started("worker", "-c", str(config), log=tmp_path / "w.log") as worker:
        worker.wait_for("event=backfilled")
        breach(desk)
        worker.wait_for("event=not_sent")
        webhook_sink.start()
        webhook_sink.wait_for(1)
    assert notices(webhook_sink) == [("firing", "q")]


def test_a_receiver_that_hangs_does_not_stop_the_watch(
    tmp_path: Path, webhook_sink: WebhookSink
) -> None:
    desk = Desk(tmp_path / "desk.db")
    config = write_config(tmp_path, source=desk.url, webhook=webhook_sink.url)
    webhook_sink.answer(Answer.hang())
    with started("worker", "-c", str(config), log=tmp_path / "w.log") as worker:
        worker.wait_for("event=backfilled")
        breach(desk)
        webhook_sink.wait_for(1)
        desk.contact(9, queue="other", waiting_since=0)
        desk.contact(10, queue="other", waiting_since=0)
        desk.contact(11, queue="other", waiting_since=0)
        webhook_sink.answer(Answer())
        worker.wait_for("event=sent")
        webhook_sink.wait_for(3)
    assert set(notices(webhook_sink)) == {("firing", "q"), ("firing", "other")}


def test_a_dead_source_is_said_and_does_not_resolve_anything(
    tmp_path: Path, webhook_sink: WebhookSink
) -> None:
    desk = Desk(tmp_path / "desk.db")
    config = write_config(tmp_path, source=desk.url, webhook=webhook_sink.url)
    with started("worker", "-c", str(config), log=tmp_path / "w.log") as worker:
        worker.wait_for("event=backfilled")
        breach(desk)
        webhook_sink.wait_for(1)
        desk.run("ALTER TABLE contacts RENAME TO gone")
        webhook_sink.wait_for(2)
        body = json.loads(webhook_sink.requests[1].body)
        assert body["alerts"][0]["rule"] == "source-down"
        assert notices(webhook_sink) == [("firing", "q")]
        desk.run("ALTER TABLE gone RENAME TO contacts")
        webhook_sink.wait_for(3)
        clear(desk)
        webhook_sink.wait_for(4)
        assert notices(webhook_sink) == [("firing", "q"), ("resolved", "q")]
        assert worker.terminate() == 0


def test_a_second_worker_stands_by_and_takes_over(
    tmp_path: Path, webhook_sink: WebhookSink
) -> None:
    desk = Desk(tmp_path / "desk.db")
    config = write_config(tmp_path, source=desk.url, webhook=webhook_sink.url)
    with (
        started("worker", "-c", str(config), log=tmp_path / "1.log") as first,
        started("worker", "-c", str(config), log=tmp_path / "2.log") as second,
    ):
        first.wait_for("event=")
        second.wait_for("event=")
        leader, other = (first, second) if "event=leading" in first.text() else (second, first)
        leader.wait_for("event=backfilled")
        other.wait_for("event=standing_by")
        leader.kill()
        other.wait_for("event=leading")
        breach(desk)
        webhook_sink.wait_for(1)
        assert other.terminate() == 0
    assert notices(webhook_sink) == [("firing", "q")]
