"""Staffing from the store: handle times, rosters, gaps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from connectors import schema
from connectors.columns import to_micros
from connectors.store import Store, open_store
from forecasting.published.overrides import MULTIPLY, Override, add
from forecasting.published.series import HANDED, SeriesKey
from forecasting.settings import StaffingSettings
from forecasting.staffing.from_store import (
    planned_heads,
    staffing_gap,
    to_staff,
    volume_frame,
    volumes,
)
from forecasting.staffing.handle_times import ASSUMED, MEASURED, POOLED, SET, handle_times
from forecasting.staffing.needs import staff
from metrics.packs import default_registry
from metrics.reading import Reader
from metrics.refresh import refresh
from tests.forecasting.published.factories import forecast_of, publish
from tests.forecasting.refresh.shop import SHANGHAI, write_source

NOW = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
STEP = timedelta(minutes=30)
A, B = SeriesKey(HANDED, "a"), SeriesKey(HANDED, "b")


@pytest.fixture
def kept(store_url: str) -> Iterator[Store]:
    store = open_store(store_url, migrate=True)
    with store.begin() as connection:
        write_source(connection, "desk", NOW)
        publish(connection, forecast_of(A, 30.0, steps=8), forecast_of(B, 6.0, steps=8),
                cutoff=NOW - timedelta(hours=1))  # fmt: skip
    yield store
    store.close()


def shift(agent: str, queue: str | None, start: datetime, hours: float) -> dict[str, object]:
    return {"source": "desk", "shift_id": f"{agent}{start}", "agent_id": agent, "queue": queue,
            "starts_at": start, "ends_at": start + timedelta(hours=hours)}  # fmt: skip


def contact(number: int, agent: str, queue: str, seconds: int) -> dict[str, object]:
    at = NOW - timedelta(days=2, minutes=10 * number)
    return {"source": "desk", "contact_id": str(number), "channel": "chat", "queue": queue,
            "status": "closed", "agent_id": agent, "opened_at": at, "assigned_at": at,
            "first_reply_at": at + timedelta(seconds=5),
            "closed_at": at + timedelta(seconds=seconds)}  # fmt: skip


def test_volumes_carry_overrides_and_cases(kept: Store) -> None:
    with kept.begin() as connection:
        add(connection, Override(A, NOW, NOW + STEP, MULTIPLY, 2.0, "Li", "live",
                                 NOW - timedelta(hours=2)))  # fmt: skip
        found = volumes(connection, now=NOW, since=NOW, until=NOW + timedelta(hours=4))
    middle = volume_frame(found)
    assert middle.groupby("unique_id")["y"].sum().to_dict() == {"a": 270.0, "b": 48.0}
    safe = volume_frame(found, case=0.9)
    assert safe["y"].to_numpy() == pytest.approx(1.5 * middle["y"].to_numpy())  # hi-80


def test_a_roster_counts_heads_and_parts_of_steps(kept: Store) -> None:
    with kept.begin() as connection:
        connection.execute(schema.shifts.insert(), [
            shift("1", "a", NOW, 1), shift("2", "a", NOW + timedelta(minutes=15), 1),
        ])  # fmt: skip
        heads = planned_heads(connection, ["a", "b"], since=NOW, until=NOW + 4 * STEP, step=STEP)
        later = NOW + timedelta(days=5)
        assert planned_heads(connection, ["a"], since=later, until=later + STEP, step=STEP) is None
    assert heads is not None
    assert heads[heads["unique_id"] == "a"]["planned"].tolist() == [1.5, 2.0, 0.5]
    assert heads["ds"].max() < to_micros(NOW + 3 * STEP)  # behind it nothing was planned yet


def test_a_shift_without_a_queue_counts_where_its_agent_worked(kept: Store) -> None:
    with kept.begin() as connection:
        connection.execute(schema.contacts.insert(), [
            contact(n, "1", "a" if n % 4 else "b", 100) for n in range(8)
        ])  # fmt: skip
        connection.execute(schema.shifts.insert(), [shift("1", None, NOW, 1)])
        heads = planned_heads(connection, ["a", "b"], since=NOW, until=NOW + STEP, step=STEP)
    assert heads is not None
    assert heads["planned"].tolist() == [0.75, 0.25]


def test_handle_times_are_set_measured_or_said_to_be_assumed(kept: Store) -> None:
    with kept.begin() as connection:
        rows = [contact(n, "1", "a", 100) for n in range(60)]
        connection.execute(schema.contacts.insert(), rows)
    registry = default_registry()
    refresh(kept, registry)
    settings = StaffingSettings.model_validate({"queues": {"b": {"aht": "5m"}}, "concurrency": 3})
    with kept.read() as connection:
        reader = Reader(connection, SHANGHAI, registry)
        found = handle_times(reader, settings, ["a", "b", "c"], NOW)
        bare = handle_times(reader, StaffingSettings(), ["a"], NOW - timedelta(days=90))
    assert (found["b"].seconds, found["b"].origin) == (300.0, SET)
    assert found["a"].origin == MEASURED
    assert found["a"].seconds == pytest.approx(100, rel=0.02)
    assert found["c"].origin == "shared"
    assert bare["a"].origin == ASSUMED


def test_the_gap_is_heads_planned_less_heads_needed(kept: Store) -> None:
    settings = StaffingSettings.model_validate({"aht": "4m"})
    with kept.begin() as connection:
        reader = Reader(connection, SHANGHAI, default_registry())
        until = NOW + timedelta(hours=4)
        assert staffing_gap(reader, settings, now=NOW, until=until).empty  # nobody can say
        connection.execute(
            schema.shifts.insert(), [shift("1", "a", NOW, 2), shift("2", "a", NOW, 2)]
        )
        found = staffing_gap(reader, settings, now=NOW, until=until)
    mine = found[found["unique_id"] == "a"]
    volume = pd.DataFrame({"unique_id": ["a"], "ds": [0], "y": [30.0]})
    needed = staff(volume, settings.rules_for("a", 240.0), step_s=1800)["scheduled"].iloc[0]
    assert mine["needed"].tolist() == [needed] * 4
    assert mine["gap"].tolist() == [2 - needed] * 4
    assert np.isfinite(found["gap"]).all()


def test_queues_of_a_pool_are_staffed_as_one(kept: Store) -> None:
    settings = StaffingSettings.model_validate({"aht": "4m", "pools": {"desk": ["*"]}})
    with kept.begin() as connection:
        rows = [shift("1", "a", NOW, 2), shift("2", "b", NOW, 2), shift("3", "a", NOW, 1)]
        connection.execute(schema.shifts.insert(), rows)
        reader = Reader(connection, SHANGHAI, default_registry())
        until = NOW + timedelta(hours=4)
        found = staffing_gap(reader, settings, now=NOW, until=until)
        both = to_staff(reader, settings, now=NOW, since=NOW, until=until)
    assert both is not None
    assert both.pools == {"desk": ("a", "b")}
    assert both.times["desk"].origin == POOLED
    volume = pd.DataFrame({"unique_id": ["desk"], "ds": [0], "y": [36.0]})
    needed = staff(volume, settings.rules_for("desk", 240.0), step_s=1800)["scheduled"].iloc[0]
    assert set(found["unique_id"]) == {"desk"}
    assert found["needed"].tolist() == [needed] * 4
    assert found["planned"].tolist() == [3.0, 3.0, 2.0, 2.0]
