"""The kinds of rules there are: a new one is a function (derived.py, reading.py) and a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.conditions import derived
from alerts.conditions.asked import Asked
from alerts.conditions.derived import ByMetric
from alerts.conditions.memory import Memory
from alerts.rule import Rule
from metrics.measurement import Measurement

Derive = Callable[[Rule, ByMetric, Memory, datetime], Iterator[Measurement]]
Read = Callable[[Rule, Asked], Iterator[Measurement]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`derive`: from the numbers of this tick, `read`: from the store, `every` so often. Neither:
    the metric as it is. `metrics`: the names it knows; none: any live metric or KPI.

    `needs` and `takes` are settings beyond those of every rule, `when` and `metric` what holds
    where they are left out. `empty`: a label set that is no longer counted is 0, not unknown.
    """

    derive: Derive | None = None
    read: Read | None = None
    every: timedelta = timedelta(minutes=1)
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    labels: tuple[str, ...] | None = None  # None: those of the metric
    metric: str | None = None
    when: str | None = None
    empty: bool = False
    shares_only: bool = False  # KPIs in percent of which more is better
    paced_only: bool = False


def _reader(name: str) -> Read:
    """A function of reading.py, which takes seconds to import and most rules do without."""

    def read(rule: Rule, asked: Asked) -> Iterator[Measurement]:
        from alerts.conditions import reading

        found: Iterator[Measurement] = getattr(reading, name)(rule, asked)
        return found

    return read


KINDS: dict[str, Kind] = {
    "threshold": Kind(),
    "change": Kind(derive=derived.change, needs=("ago",), takes=("percent",)),
    "burn_rate": Kind(
        derive=derived.burn_rate, needs=("target", "window", "short_window"), shares_only=True
    ),
    "outside_band": Kind(
        read=_reader("outside_band"), takes=("level", "side"), metrics=("contacts", "orders"),
        labels=("channel", "queue"), metric="contacts", when="> 0",
    ),
    "forecast": Kind(
        read=_reader("forecast"), needs=("lead",), labels=("channel", "queue"), metric="contacts",
        metrics=("contacts", "handed", "orders", "cases"),
    ),
    "staffing_gap": Kind(
        read=_reader("staffing_gap"), needs=("lead",), metrics=("staffing",), labels=("queue",),
        metric="staffing", when="> 0",
    ),
    "pace": Kind(
        read=_reader("pace_ahead"), every=timedelta(minutes=5), labels=(), paced_only=True
    ),
    "overdue": Kind(
        read=_reader("overdue"), every=timedelta(seconds=10), takes=("after",),
        metrics=("negative_reviews", "shipments", "deliveries", "risky_orders"),
        labels=("source",), when="> 0", empty=True,
    ),
    "risk": Kind(
        read=_reader("risk"), metrics=("risk_jump", "risk_model_age", "risk_model_off",
                                       "risk_drift"),
        labels=("seller", "product", "warehouse"), empty=True,
    ),
    "source_stale": Kind(metrics=("source_lag",), metric="source_lag"),
    "all": Kind(needs=("conditions",)),
    "any": Kind(needs=("conditions",)),
}  # fmt: skip
