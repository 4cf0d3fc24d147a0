"""The built-in rules about the watch itself: told like any alert, by the worker that notices. Pure.

What a worker can't tell, because it is dead, is told by whoever leads next, and by the outside
watch that no longer hears it (ping.py). Gathering what is judged here: condition.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from alerts.alert import NO_TIME, Observation, Rule, Severity, Threshold, Verdict
from alerts.rule_settings import (
    CLOCK_SET,
    JOB_FAILED,
    MESSAGE_UNDELIVERED,
    RECEIVER_BLOCKED,
    TURNS_SKIPPED,
    WATCH_INTERRUPTED,
)
from metrics.measurement import labels_of

# A restart takes seconds; a minute without a tick is a minute in which nobody watched.
LONGEST_GAP = timedelta(minutes=1)
MOST_FAILURES = 1  # of a job, in a row: the second is told
MOST_SKIPPED_PERCENT = 20.0
SMALLEST_JUMP_S = 5.0
CRITICAL = (RECEIVER_BLOCKED, MESSAGE_UNDELIVERED, WATCH_INTERRUPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How the watch itself goes. `waiting_s`: age of a receiver's oldest message, 0 for none.

    `undelivered` messages of a receiver and `gap_s`, `jump_s` are of the last minutes only.
    """

    waiting_s: Mapping[str, float] = field(default_factory=dict)
    undelivered: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)  # of jobs, in a row
    gap_s: float = 0.0
    jump_s: float = 0.0
    skipped_percent: float = 0.0


@dataclass(frozen=True, slots=True)
class SelfWatch:
    """Whether the watch watches itself, how long a message may wait, and whom that is told."""

    on: bool = True
    blocked_after: timedelta = timedelta(minutes=5)
    receivers: tuple[str, ...] = ()


def observe_watch(condition: Condition, watch: SelfWatch) -> list[Observation]:
    """One look at everything, so that what is missing here is no longer watched."""
    if not watch.on:
        return []
    one = condition
    blocked_s, gap_s = watch.blocked_after.total_seconds(), LONGEST_GAP.total_seconds()
    blocked = _rule(watch, RECEIVER_BLOCKED, "waiting_message", limit=blocked_s, by="receiver")
    lost = _rule(watch, MESSAGE_UNDELIVERED, "undelivered", by="receiver")
    failed = _rule(watch, JOB_FAILED, "job_failures", limit=MOST_FAILURES, by="job")
    gap = _rule(watch, WATCH_INTERRUPTED, "watch_gap", limit=gap_s)
    jump = _rule(watch, CLOCK_SET, "clock_jump", limit=SMALLEST_JUMP_S)
    skipped = _rule(watch, TURNS_SKIPPED, "turns_skipped", limit=MOST_SKIPPED_PERCENT,
                    wait=timedelta(minutes=5))  # fmt: skip
    return [
        *(_seen(blocked, age, receiver=name) for name, age in one.waiting_s.items()),
        *(_seen(lost, count, receiver=name) for name, count in one.undelivered.items()),
        *(_seen(failed, count, job=name) for name, count in one.failures.items()),
        _seen(gap, one.gap_s),
        _seen(jump, one.jump_s),
        _seen(skipped, one.skipped_percent),
    ]


def _rule(
    watch: SelfWatch,
    name: str,
    metric: str,
    *,
    limit: float = 0.0,
    by: str | None = None,
    wait: timedelta = NO_TIME,
) -> Rule:
    return Rule(
        name=name,
        metric=metric,
        by=(by,) if by else (),
        when=Threshold(">", limit),
        clear=Threshold("<=", limit),
        wait=wait,
        severity=Severity.CRITICAL if name in CRITICAL else Severity.WARNING,
        receivers=watch.receivers,
    )


def _seen(rule: Rule, value: float, **labels: str) -> Observation:
    verdict = Verdict.BREACH if value > rule.when.value else Verdict.CLEAR
    return Observation(rule, labels_of(**labels), verdict, float(value))
