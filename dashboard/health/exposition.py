"""The figures of the watch in Prometheus' text format, for /metrics. docs/operating.md lists them.

Everything comes from the store, so that one address shows all workers. Labels are names that the
configuration and the queues bear: no address, no secret, no customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from alerts.heartbeat import Beat
from alerts.tick_times import TickTimes
from dashboard.health.gather import Health
from metrics.measurement import Measurement

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = {"longest_wait", "oldest_wait", "source_lag"}
# Name, meaning, and the field of a Beat.
WORKER_COUNTS = (
    ("deskpulse_ticks", "Ticks completed", "ticks"),
    ("deskpulse_ticks_failed", "Ticks that failed", "failed"),
    ("deskpulse_turns_skipped", "Reads left out: the one before still ran", "skipped"),
    ("deskpulse_clock_jumps", "The clock was set, or the worker stood still", "jumps"),
)
UP = GaugeMetricFamily("deskpulse_store_up", "1 when the store can be read", value=1)
DOWN = GaugeMetricFamily("deskpulse_store_up", "1 when the store can be read", value=0)


def exposition(health: Health | None) -> bytes:
    """All figures; None when the store can't be read, which is the only figure then."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(health))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, health: Health | None) -> None:
        self._health = health

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        health = self._health
        if health is None:
            yield DOWN
            return
        yield UP
        yield from _workers(health)
        yield from _sources(health)
        yield from _live(health.live)
        yield _gauge("deskpulse_alerts", "Alerts by state", ("state", "severity"), health.alerts)
        yield _gauge(
            "deskpulse_outbox_messages", "Messages kept", ("receiver", "state"), health.messages
        )
        yield _gauge(
            "deskpulse_outbox_oldest_pending_seconds",
            "Age of the oldest unsent message",
            ("receiver",),
            {(name,): age for name, age in health.waiting_s.items()},
        )
        yield _gauge(
            "deskpulse_delivery_tries",
            "Tries kept in the store",
            ("receiver", "outcome"),
            health.tries,
        )
        yield from _jobs(health)


def _gauge(
    name: str, what: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]
) -> Metric:
    family = GaugeMetricFamily(name, what, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _counter(name: str, what: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(name, what, labels=(label,))
    for key, value in sorted(values.items()):
        family.add_metric((key,), value)
    return family


def _workers(health: Health) -> Iterator[Metric]:
    of = {beat.worker_id: beat for beat in health.beats}
    worker = ("worker",)
    yield _gauge(
        "deskpulse_leader",
        "1 for the worker that led when last seen",
        worker,
        {(name,): float(beat.leader) for name, beat in of.items()},
    )
    yield _gauge(
        "deskpulse_beat_age_seconds",
        "Since the last sign of life",
        worker,
        {(name,): health.age_s(beat) for name, beat in of.items()},
    )
    for name, what, field in WORKER_COUNTS:
        counts = {key: getattr(beat, field) or 0 for key, beat in of.items()}
        yield _counter(name, what, "worker", counts)
    yield _tick_seconds(of)


def _tick_seconds(of: Mapping[str, Beat]) -> Metric:
    family = HistogramMetricFamily(
        "deskpulse_tick_seconds", "How long a tick takes", labels=("worker",)
    )
    for key, beat in sorted(of.items()):
        times = TickTimes.read(beat.tick_seconds)
        family.add_metric((key,), buckets=times.cumulated(), sum_value=times.total_s)
    return family


def _sources(health: Health) -> Iterator[Metric]:
    source = ("source",)
    yield _gauge(
        "deskpulse_source_up",
        "1 when the source is read well and in time",
        source,
        {(one.name,): float(one.status == "ok") for one in health.sources},
    )
    yield _gauge(
        "deskpulse_source_lag_seconds",
        "Since the last good read",
        source,
        {(one.name,): one.lag_s for one in health.sources if one.lag_s is not None},
    )


def _live(live: Iterable[Measurement]) -> Iterator[Metric]:
    """Figures of queues. What isn't known is missing, never 0."""
    families: dict[str, GaugeMetricFamily] = {}
    names = ("source", "queue", "channel")
    for one in live:
        labels = dict(one.labels)
        if one.metric == "source_lag" or one.value is None or not labels.get("queue"):
            continue  # totals: Prometheus adds up by itself
        unit = "_seconds" if one.metric in SECONDS else ""
        name = f"deskpulse_queue_{one.metric.removeprefix('queue_')}{unit}"
        if name not in families:
            families[name] = GaugeMetricFamily(name, "Of a queue, now", labels=names)
        families[name].add_metric([labels.get(label, "") for label in names], one.value)
    yield from families.values()


def _jobs(health: Health) -> Iterator[Metric]:
    job = ("job",)
    jobs = health.jobs
    yield _gauge(
        "deskpulse_job_failures",
        "Failed runs in a row",
        job,
        {(name,): float(one.failures) for name, one in jobs.items()},
    )
    yield _gauge(
        "deskpulse_job_last_success_timestamp_seconds",
        "End of the last good run",
        job,
        {(key,): one.good_at.timestamp() for key, one in jobs.items() if one.good_at},
    )
    yield _gauge(
        "deskpulse_job_seconds",
        "Length of the last run",
        job,
        {(key,): one.length.total_seconds() for key, one in jobs.items() if one.length},
    )
    runs = {name: one.runs for name, one in jobs.items()}
    yield _counter("deskpulse_job_runs", "Runs begun", "job", runs)
    skipped = {name: one.skipped for name, one in jobs.items()}
    yield _counter("deskpulse_job_skipped", "Turns left out: it still ran", "job", skipped)
