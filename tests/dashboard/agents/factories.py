"""Scorecards for tests, with defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.agents.load import COMPARED
from dashboard.agents.scorecard import Agent, Column, Scorecard
from dashboard.history.asked import Asked
from dashboard.history.study import Answer, Study
from metrics.fairness import Fair, Standing
from metrics.rows import KpiRow
from tests.dashboard.history.factories import NOW, make_asked, make_headline, make_row


def make_fair(value: float, n: int = 200, **changes: Any) -> Fair:
    """A value that may be chance, 20 % around it, 10 % over what was expected."""
    known: dict[str, Any] = {"low": 0.8 * value, "high": 1.2 * value, "expected": value / 1.1,
             "standing": Standing.CHANCE}  # fmt: skip
    return Fair(value, n, **(known | changes))


def make_column(key: str, fair: Mapping[str, Fair], everybody: float = 50.0) -> Column:
    """Rows as the fair values say."""
    timed = {"p50": 1.0, "p90": 90.0, "p95": 120.0, "mean": 55.0}
    more = timed if key.endswith("response") else {}
    rows = {
        name: make_row(one.value, one.n, labels={"agent": name}, **more)
        for name, one in fair.items()
    }
    whole = make_row(everybody, sum(one.n for one in fair.values()), **more)
    return Column(make_headline(key, whole), rows, fair)


def make_card(
    *columns: Column,
    agents: Sequence[str] = ("7", "8", "9"),
    handled: Mapping[str, int] | None = None,
    times: Sequence[Column] = (),
    present_s: Mapping[str, float] | None = None,
    **changes: Any,
) -> Scorecard:
    counts = handled if handled is not None else dict.fromkeys(agents, 200)
    rows: dict[str, KpiRow] = {name: make_row(float(n), n) for name, n in counts.items()}
    sums = make_row(float(sum(counts.values())), sum(counts.values()))
    study = Study(columns[0].head, (), (), (), (), ())
    return Scorecard(
        answer=Answer(NOW, tuple(one.head for one in columns), study),
        agents=tuple(Agent(name, changes.get("team", "")) for name in agents),
        handled=Column(make_headline("contacts_handled", sums), rows, {}),
        columns=columns,
        times=tuple(times),
        present_s=present_s or {},
        before=changes.get("before", {}),
        looks=changes.get("looks", 10),
    )


def asked_of(**query: str) -> Asked:
    return make_asked({name: [value] for name, value in query.items()}, kpis=COMPARED)
