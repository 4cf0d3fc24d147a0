"""The jobs: whole runs, today's rest, closed hours, little history, killed half-way, on Dask."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from threading import Event

import numpy as np
import pytest

from connectors import schema
from connectors.columns import to_micros
from connectors.dirty import SLOT
from connectors.store import Store, open_store
from forecasting.errors import NoCluster
from forecasting.published import runs, store
from forecasting.published.series import (
    COLUMNS,
    CONTACTS,
    HANDED,
    MEAN,
    TOO_SHORT,
    Published,
    SeriesKey,
)
from forecasting.refresh import run as refresh_run
from forecasting.refresh.run import refresh_all, refresh_today
from forecasting.refresh.task import forecast_series
from metrics.settings import ServiceSettings
from metrics.settings import clocks as service_clocks
from tests.forecasting.refresh.conftest import NOW
from tests.forecasting.refresh.shop import (
    SHANGHAI,
    plan_of,
    usual,
    write_contacts,
    write_source,
)

WHOLE = SeriesKey(CONTACTS)
SALES = SeriesKey(CONTACTS, "售前", "chat")
LATEST = datetime(2030, 1, 1, tzinfo=UTC)


def current(kept: Store, at: datetime = LATEST) -> dict[SeriesKey, Published]:
    with kept.read() as connection:
        return {one.key: one for one in store.current(connection, now=at)}


def test_a_run_forecasts_every_series_and_the_sums_agree(shop: Store) -> None:
    told: list[tuple[int, int]] = []
    outcome = refresh_all(shop, plan_of(), now=NOW, progress=lambda *two: told.append(two))
    found = current(shop)
    assert (outcome.kind, outcome.published, outcome.series) == (runs.CHOICE, True, 6)
    assert told[0] == (0, 6)
    assert told[-1] == (6, 6)
    assert {one.queue + one.channel for one in found} == {
        "", "售前chat", "售前", "售后chat", "售后web", "售后"}  # fmt: skip
    parts = sum(one.values[MEAN] for key, one in found.items() if key.channel)
    assert found[WHOLE].values[MEAN] == pytest.approx(parts, abs=0.01)
    for one in found.values():
        v = one.values
        assert all(np.isfinite(v[name]).all() and (v[name] >= 0).all() for name in COLUMNS)
        assert (v["lo-95"] <= v["lo-80"] + 1e-3).all()
        assert (v["hi-80"] <= v["hi-95"] + 1e-3).all()
        assert from_slot(one.slots[0]) == datetime(2026, 10, 17, 2, 30, tzinfo=UTC)
        local = from_slot(one.slots[-1]).astimezone(SHANGHAI)
        assert f"{local:%m-%d %H:%M}" == "10-24 23:30"  # whole days to the end


def from_slot(slot: int) -> datetime:
    return datetime.fromtimestamp(int(slot) * SLOT / 1e6, UTC)


def test_the_next_run_keeps_the_choice_until_its_night(shop: Store) -> None:
    plan = plan_of(choice="sunday")
    refresh_all(shop, plan, now=NOW, clock=lambda: NOW)
    before = current(shop)[SALES].weights
    day = NOW + timedelta(days=1)  # Sunday, but the choice is a day old
    with shop.begin() as connection:
        write_source(connection, "desk", day)
    again = refresh_all(shop, plan, now=day, clock=lambda: day)
    assert again.kind == runs.FULL
    assert dict(current(shop)[SALES].weights) == pytest.approx(dict(before), abs=1e-5)
    week = NOW + timedelta(days=8)
    with shop.begin() as connection:
        write_source(connection, "desk", week)
    assert refresh_all(shop, plan, now=week, clock=lambda: week).kind == runs.CHOICE


def test_nothing_is_forecast_while_the_history_is_being_read(shop: Store) -> None:
    with shop.begin() as connection:
        write_source(connection, "desk", NOW, status="backfill")
    assert refresh_all(shop, plan_of(), now=NOW).why == "filling"
    assert current(shop) == {}
    assert refresh_today(shop, plan_of(), now=NOW).why == "no_forecast"


def test_a_queue_that_opened_yesterday_says_it_is_too_new(shop: Store) -> None:
    with shop.begin() as connection:
        connection.execute(schema.contacts.insert(), [
            {"source": "desk", "contact_id": "new", "channel": "chat", "queue": "new",
             "status": "closed", "opened_at": NOW - timedelta(hours=1)}
        ])  # fmt: skip
    outcome = refresh_all(shop, plan_of(), now=NOW)
    assert outcome.without == 2  # in its channel, and over its channels
    new = current(shop)[SeriesKey(CONTACTS, "new", "chat")]
    assert (new.model, new.why) == (None, TOO_SHORT)


def test_a_queue_silent_for_months_is_left_out(shop: Store) -> None:
    with shop.begin() as connection:
        connection.execute(schema.contacts.insert(), [
            {"source": "desk", "contact_id": "old", "channel": "chat", "queue": "old",
             "status": "closed", "opened_at": NOW - timedelta(days=100)}
        ])  # fmt: skip
    refresh_all(shop, plan_of(), now=NOW)
    assert "old" not in {key.queue for key in current(shop)}


def test_a_closed_day_of_the_calendar_is_forecast_as_nothing(shop: Store) -> None:
    service = ServiceSettings.model_validate({
        "workdays": "09:00-21:00", "weekend": "09:00-21:00",
        "exceptions": {"2026-10-20": "closed"},
    })  # fmt: skip
    plan = plan_of(clocks=service_clocks(service, SHANGHAI))
    refresh_all(shop, plan, now=NOW)
    for one in current(shop).values():
        days = {from_slot(slot).astimezone(SHANGHAI).date().day for slot in one.slots}
        assert 20 in days
        shut = np.array([from_slot(s).astimezone(SHANGHAI).day == 20 for s in one.slots])
        assert not one.values[MEAN][shut].any()
        assert not one.values["hi-95"][shut].any()
        assert one.values[MEAN][~shut].any()


def test_a_day_above_its_plan_lifts_the_rest_of_it(shop: Store) -> None:
    """A Friday twice as busy as usual, seen at 14:00."""
    midnight = datetime(2026, 10, 15, 16, 0, tzinfo=UTC)
    with shop.begin() as connection:
        after = schema.contacts.c.opened_at >= midnight
        connection.execute(schema.contacts.delete().where(after))
        write_source(connection, "desk", midnight)
    plan = plan_of()
    refresh_all(shop, plan, now=midnight, clock=lambda: midnight)
    before = current(shop)
    noon = midnight + timedelta(hours=14)
    rates = {
        ("售前", "chat"): usual(18.0),
        ("售后", "chat"): usual(8.0),
        ("售后", "web"): usual(4.0),
    }
    write_contacts(
        shop, dict(rates), since=midnight.astimezone(SHANGHAI).date(), until=noon, seed=2
    )
    outcome = refresh_today(shop, plan, now=noon, clock=lambda: noon)
    assert (outcome.published, outcome.series) == (True, 6)
    after_ = current(shop)
    first, end = (to_micros(one) // SLOT for one in (noon, midnight + timedelta(days=1)))
    for key, one in after_.items():
        rest, was = one.between(first, end), before[key].between(first, end)
        assert rest.values[MEAN].sum() > 1.1 * was.values[MEAN].sum()
        tomorrow = one.between(end, end + 96).values[MEAN]
        assert tomorrow.tolist() == before[key].between(end, end + 96).values[MEAN].tolist()
        assert (rest.values["hi-80"] >= rest.values[MEAN]).all()
    parts = sum(one.values[MEAN] for key, one in after_.items() if key.channel)
    assert after_[WHOLE].values[MEAN] == pytest.approx(parts, abs=0.02)
    assert refresh_today(shop, plan, now=noon).why == "nothing_new"


def test_contacts_without_bots_are_forecast_once(shop: Store, monkeypatch) -> None:
    worked: list[SeriesKey] = []

    def counted(task):
        worked.append(task.tally.key)
        return forecast_series(task)

    monkeypatch.setattr(refresh_run, "forecast_series", counted)
    outcome = refresh_all(shop, plan_of(measures=("contacts", "handed")), now=NOW)
    assert (outcome.series, len(worked)) == (12, 5)
    found = current(shop)
    same = found[SeriesKey(HANDED, "售前", "chat")]
    assert same.values[MEAN].tolist() == found[SALES].values[MEAN].tolist()


def test_a_run_told_to_stop_publishes_nothing_and_goes_on_later(shop: Store, monkeypatch) -> None:
    monkeypatch.setattr(refresh_run, "SAVE_EVERY_S", -1.0)
    stop = Event()

    def after_two(done: int, total: int) -> None:
        if done >= 2:
            stop.set()

    first = refresh_all(shop, plan_of(), now=NOW, stop=stop, progress=after_two)
    assert not first.published
    assert first.series in (2, 3)
    assert current(shop) == {}
    told: list[int] = []
    later = NOW + timedelta(hours=1)
    with shop.begin() as connection:
        write_source(connection, "desk", later)
    again = refresh_all(shop, plan_of(), now=later, progress=lambda done, _: told.append(done))
    assert (again.run, again.published, again.series) == (first.run, True, 6)
    assert told[0] == first.series  # it went on there
    assert again.cutoff == NOW - timedelta(minutes=10)  # all series know the same


KILLED = """
import sys
from connectors.store import open_store
from forecasting.refresh import run
from tests.forecasting.refresh.conftest import NOW
from tests.forecasting.refresh.shop import plan_of

run.SAVE_EVERY_S = -1.0
def progress(done, total):
    print(done, flush=True)
    if done >= 2:
        sys.stdin.read()  # until the test kills us
run.refresh_all(open_store(sys.argv[1]), plan_of(), now=NOW, progress=progress)
"""


def test_a_run_killed_half_way_is_taken_up(shop: Store) -> None:
    url = str(shop.engine.url)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        while (saved := int(process.stdout.readline())) < 2:
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    assert current(shop) == {}
    told: list[int] = []
    outcome = refresh_all(shop, plan_of(), now=NOW, progress=lambda done, _: told.append(done))
    assert told[0] == saved
    assert (outcome.published, outcome.series) == (True, 6)


def test_a_dask_cluster_gives_the_same_forecasts(shop: Store, dask_scheduler: str) -> None:
    refresh_all(shop, plan_of(), now=NOW, clock=lambda: NOW)
    here = current(shop)
    later = NOW + timedelta(minutes=1)
    refresh_all(shop, plan_of(dask=dask_scheduler), now=NOW, kind=runs.CHOICE, clock=lambda: later)
    there = current(shop)
    assert there.keys() == here.keys()
    for key, one in there.items():
        assert one.id != here[key].id
        assert one.values[MEAN] == pytest.approx(here[key].values[MEAN], rel=1e-4, abs=0.01)


def test_a_scheduler_that_is_not_there_is_named(shop: Store, monkeypatch) -> None:
    monkeypatch.setattr("forecasting.refresh.executors.ANSWER_WITHIN", "0.5s")
    with pytest.raises(NoCluster, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        refresh_all(shop, plan_of(dask="tcp://127.0.0.1:9"), now=NOW)
    with shop.read() as connection:
        last = runs.last_of(connection, runs.CHOICE)
    assert last is not None
    assert last.state == runs.BROKEN
    assert "no Dask scheduler" in str(last.error)


def test_a_contact_from_long_before_the_history_does_not_lower_the_whole(tmp_path) -> None:
    kept = open_store(f"sqlite:///{tmp_path / 'store.db'}", migrate=True)
    rates = {("售前", "chat"): usual(20.0), ("售后", "chat"): usual(8.0)}
    write_contacts(kept, rates, since=(NOW - timedelta(days=15)).date(), until=NOW)
    refresh_all(kept, plan_of(), now=NOW)
    plain = current(kept)
    old = NOW - timedelta(days=31)
    with kept.begin() as connection:
        connection.execute(schema.contacts.insert().values(
            source="desk", contact_id="old", channel="chat", queue="售后", status="closed",
            opened_at=old, updated_at=NOW, bot_only=False, outbound_only=False,
        ))  # fmt: skip
    refresh_all(kept, plan_of(), now=NOW + timedelta(minutes=30), kind=runs.CHOICE)
    after = current(kept)
    kept.close()
    assert plain[WHOLE].values[MEAN].max() > 15
    for key, one in after.items():
        assert one.days == plain[key].days
        assert one.values[MEAN] == pytest.approx(plain[key].values[MEAN], abs=0.05)
