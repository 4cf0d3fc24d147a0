"""/readyz and /metrics: right for every state of the store, and free of secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from alerts import heartbeat, job_log, outbox
from alerts.heartbeat import Beat
from alerts.jobs import JobHealth
from alerts.tick_times import TickTimes
from connectors.store import Store
from dashboard.health.exposition import exposition
from dashboard.health.gather import Health, gather_figures
from dashboard.health.readiness import reasons
from metrics.live import LiveSettings, SourceState
from tests.alerts.factories import START, at, note
from tests.dashboard.site import Site

TICK = timedelta(seconds=2)


def beat(age_s: float = 1, **changes: object) -> Beat:
    values: dict[str, object] = {"beat_at": at(-age_s), "leader": True, "worker_id": "w-1"}
    return replace(heartbeat.first_beat(START), **(values | changes))  # type: ignore[arg-type]


def state(status: str = "ok", **changes: object) -> SourceState:
    whole = SourceState("helpdesk", status, START, 1.0, None, 2.0)  # type: ignore[arg-type]
    return replace(whole, **changes)  # type: ignore[arg-type]


def why(**health: object) -> list[tuple[str, str]]:
    values: dict[str, object] = {"now": START, "beats": [beat()], "sources": [state()]}
    found = reasons(Health(**(values | health)), tick=TICK)  # type: ignore[arg-type]
    return [(one.what, one.text) for one in found]


def test_ready_is_a_leader_that_lives_and_sources_that_are_read():
    assert why() == []
    assert why(beats=[]) == [("worker", "no worker leads; start `deskpulse worker`")]
    assert why(beats=[beat(leader=False)])[0][0] == "worker"
    assert why(beats=[beat(16)]) == [
        ("worker", "the leading worker was last seen 16 s ago; look at its log and start it again")
    ]
    assert why(beats=[beat(error="the store is read-only")]) == [
        ("ticks", "ticks fail: the store is read-only")
    ]
    assert why(sources=[state("down", lag_s=None, error="refused")]) == [
        ("source", "source 'helpdesk' is down, never read: refused")
    ]


def samples(body: bytes) -> dict[tuple[str, ...], float]:
    """Value by name and labels' values, sorted by label."""
    return {
        (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(body.decode())
        for one in family.samples
    }


def test_the_figures_say_what_the_store_says(store: Store):
    times = TickTimes()
    times.add(0.02)
    with store.begin() as connection:
        heartbeat.record(connection, beat(3, ticks=9, jumps=1, tick_seconds=times.text()))
        outbox.enqueue(connection, [note()], now=at(-60))
        job_log.record(connection, JobHealth(name="risk", started_at=at(-9), ended_at=at(-2),
                                             good_at=at(-2), runs=4, failures=2))  # fmt: skip
        health = gather_figures(connection, ["helpdesk"], ["leads"], LiveSettings(), START)
    found = samples(exposition(health))
    assert found["deskpulse_store_up",] == 1
    assert found["deskpulse_leader", "w-1"] == 1
    assert found["deskpulse_beat_age_seconds", "w-1"] == 3
    assert found["deskpulse_ticks_total", "w-1"] == 9
    assert found["deskpulse_tick_seconds_bucket", "0.025", "w-1"] == 1
    assert found["deskpulse_tick_seconds_bucket", "0.01", "w-1"] == 0
    assert found["deskpulse_tick_seconds_count", "w-1"] == 1
    assert found["deskpulse_source_up", "helpdesk"] == 0
    assert found["deskpulse_outbox_messages", "leads", "pending"] == 1
    assert found["deskpulse_outbox_messages", "leads", "dead"] == 0
    assert found["deskpulse_outbox_oldest_pending_seconds", "leads"] == 60
    assert found["deskpulse_job_failures", "risk"] == 2
    assert found["deskpulse_job_seconds", "risk"] == 7


def test_a_store_that_cannot_be_read_leaves_one_figure():
    assert samples(exposition(None)) == {("deskpulse_store_up",): 0}


def test_figures_of_another_release_count_for_nothing():
    assert TickTimes.read("[[1, 2], 3.0]").total_s == 0
    assert TickTimes.read(None).cumulated()[-1] == ("+Inf", 0)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site")) as running:
        yield running


def test_the_server_answers_machines_and_keeps_secrets(site: Site):
    site.worker_writes()
    with site.store.begin() as connection:
        now = datetime.now(UTC)
        heartbeat.record(connection, replace(heartbeat.first_beat(now), leader=True, ticks=1))
    ready = httpx.get(f"{site.url}/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "reasons": []})
    answer = httpx.get(f"{site.url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = samples(answer.content)
    assert found["deskpulse_source_up", "helpdesk"] == 1
    assert any(key[0] == "deskpulse_queue_length" for key in found)
    assert "://" not in answer.text
