"""From what is measured now to tiles and rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alerts.alert import Severity, Status
from alerts.settings import RuleSettings
from dashboard import derive
from dashboard.board import State, Tile
from metrics.live import LiveState, QueueState, SourceState
from metrics.measurement import labels_of
from metrics.query import KpiRow
from tests.dashboard.factories import NOW, make_alert

NOTHING = KpiRow(None, None, (), 0, None)


def make_today(**changes: Any) -> derive.Today:
    values: dict[str, Any] = {
        "service_level": NOTHING, "first_response": NOTHING, "csat": NOTHING,
        "csat_before": NOTHING, "volume": 0.0, "usual_volume": None, "level_by_queue": {},
        "sparks": {}, "shop": {},
    }  # fmt: skip
    return derive.Today(**(values | changes))


def make_live(*queues: QueueState, status: Any = "ok") -> LiveState:
    source = SourceState("helpdesk", status, NOW, 1.0, None, 2.0)
    waiting = sum(queue.waiting for queue in queues)
    longest = max((q.longest_wait_s for q in queues if q.longest_wait_s), default=None)
    total = QueueState(waiting=waiting, longest_wait_s=longest, unassigned=3)
    return LiveState(NOW, (source,), queues, total)


def queue(name: str = "天猫", **changes: Any) -> QueueState:
    values: dict[str, Any] = {"source": "helpdesk", "queue": name, "channel": "web", "waiting": 4,
              "longest_wait_s": 90.0} | changes  # fmt: skip
    return QueueState(**values)


def tiles(live: LiveState, today: derive.Today, **more: Any) -> dict[str, Tile]:
    values = {"alerts": (), "targets": {}} | more
    found = derive.key_tiles(live, today, values["alerts"], values["targets"])
    return {tile.key: tile for tile in found}


def test_there_are_six_key_tiles() -> None:
    found = derive.key_tiles(make_live(queue()), make_today(), (), {})
    assert [tile.key for tile in found] == [
        "waiting", "longest_wait", "service_level", "first_response", "csat", "volume",
    ]  # fmt: skip


@pytest.mark.parametrize("filling", [False, True])
def test_a_day_that_is_still_being_read_is_compared_with_none(filling: bool) -> None:
    live = make_live(queue())
    live = replace(live, sources=tuple(replace(one, filling=filling) for one in live.sources))
    before = KpiRow(None, None, (), 40, 91.0)
    found = tiles(live, make_today(volume=6.0, usual_volume=100.0, csat_before=before))
    assert found["volume"].value == 6.0
    assert found["volume"].usual == (None if filling else 100.0)
    assert found["csat"].before == (None if filling else 91.0)


def test_without_a_help_desk_the_queue_is_unknown_and_not_empty() -> None:
    found = tiles(make_live(), make_today())
    assert found["waiting"].value is None
    assert found["volume"].value is None
    assert found["waiting"].reason == "no_queue"


def test_an_empty_queue_is_zero_and_has_no_longest_wait() -> None:
    found = tiles(make_live(queue(waiting=0, longest_wait_s=None)), make_today())
    assert found["waiting"].value == 0
    assert (found["longest_wait"].value, found["longest_wait"].reason) == (None, "none_waiting")


def test_a_share_carries_its_interval_and_n() -> None:
    csat = KpiRow(NOW, NOW, (), 200, 91.0)
    found = tiles(make_live(queue()), make_today(csat=csat))["csat"]
    assert found.n == 200
    assert found.low is not None and found.high is not None
    assert found.low < 91.0 < found.high


def test_a_queues_alert_colours_its_row_and_not_the_total() -> None:
    alerts = [make_alert(queue="天猫")]
    live = make_live(queue("天猫"), queue("京东"))
    rows = {row.queue: row for row in derive.queue_rows(live, {}, alerts)}
    assert (rows["天猫"].state, rows["京东"].state) == (State.BREACH, State.CALM)
    assert tiles(live, make_today(), alerts=alerts)["waiting"].state is State.CALM


def test_the_longest_wait_is_as_bad_as_the_queue_it_is_in() -> None:
    alerts = [make_alert(queue="天猫", metric="longest_wait", severity=Severity.WARNING)]
    live = make_live(queue("天猫"))
    assert tiles(live, make_today(), alerts=alerts)["longest_wait"].state is State.WATCH
    [row] = derive.queue_rows(live, {}, alerts)
    assert (row.state, row.wait_state) == (State.CALM, State.WATCH)


def test_a_pending_alert_colours_nothing() -> None:
    alerts = [make_alert(queue="天猫", status=Status.PENDING)]
    [row] = derive.queue_rows(make_live(queue("天猫")), {}, alerts)
    assert row.state is State.CALM


def test_an_alert_on_another_source_is_not_about_this_queue() -> None:
    alert = make_alert(queue="天猫")
    elsewhere = [make_alert(labels=labels_of(queue="天猫", source="other")), alert]
    rows = derive.queue_rows(make_live(queue("天猫")), {}, elsewhere[:1])
    assert rows[0].state is State.CALM


def test_the_last_figures_of_a_dead_source_are_marked_as_such() -> None:
    [row] = derive.queue_rows(make_live(queue(), status="down"), {}, ())
    assert not row.reachable


def rule(**values: Any) -> RuleSettings:
    return RuleSettings.model_validate({"name": "r"} | values)


def test_targets_are_what_rules_for_the_whole_shop_demand() -> None:
    found = derive.targets_of(
        [
            rule(name="a", metric="queue_length", by=["queue"], when="> 20"),
            rule(name="b", metric="longest_wait", by=["queue"], when="> 10m"),
            rule(name="c", metric="service_level", when="< 80"),
            rule(name="d", metric="csat", when="< 85", where={"queue": "VIP"}),
        ]
    )
    assert found == {
        "longest_wait": derive.Target(600.0, least=False),
        "service_level": derive.Target(80.0, least=True),
    }
