"""A shop whose planners have worked with forecasts for two weeks: forty days of contacts, forecasts
of several nights, a roster, and by choice an override and a campaign that met their days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors import schema
from connectors.store import Store
from dashboard.settings import load_settings
from forecasting.published import events, overrides
from forecasting.published.series import CONTACTS, SeriesKey
from forecasting.refresh.run import refresh_all
from tests.forecasting.refresh.shop import usual, write_contacts

QUEUES = ("售前", "售后")
RATES = {(QUEUES[0], "chat"): usual(9.0), (QUEUES[1], "chat"): usual(4.0)}
DAYS = 40


def fill(store: Store, now: datetime) -> None:
    """Contacts up to `now`, and a week's roster of one queue."""
    since = (now - timedelta(days=DAYS)).date()
    write_contacts(store, dict(RATES), since=since, until=now, source="helpdesk")
    start = now.replace(minute=0, second=0, microsecond=0)
    with store.begin() as connection:
        connection.execute(schema.shifts.insert(), [
            {"source": "helpdesk", "shift_id": f"{day}{agent}", "agent_id": agent,
             "queue": QUEUES[0], "starts_at": start + timedelta(days=day),
             "ends_at": start + timedelta(days=day, hours=8)}
            for day in range(7) for agent in ("1", "2")
        ])  # fmt: skip


def forecast(store: Store, config: Path, now: datetime, *, nights: Sequence[int]) -> None:
    """What was published so many days before `now`, oldest first."""
    plan = load_settings(config).forecast_plan()
    settings = plan.settings.model_copy(update={"measures": ("contacts", "handed"), "processes": 1})
    plan = replace(plan, settings=settings)
    for back in nights:
        at = now - timedelta(days=back)
        refresh_all(store, plan, now=at, clock=lambda at=at: at)  # type: ignore[misc]


def plan_ahead(store: Store, now: datetime) -> None:
    """An override and a campaign of three days ago, entered the day before."""
    made = now - timedelta(days=4)
    start = made.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = start + timedelta(days=1), start + timedelta(days=2)
    with store.begin() as connection:
        overrides.add(connection, overrides.Override(
            SeriesKey(CONTACTS), start, end, overrides.MULTIPLY, 1.5, "李娜", "直播 live stream",
            made))  # fmt: skip
        events.enter(connection, events.PlannedEvent(
            "live-stream", "直播", start, end, "李娜", made))  # fmt: skip
