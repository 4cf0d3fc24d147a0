"""Published forecasts: whole or not at all, the newest wins, the past stays as it was seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from connectors.columns import to_micros
from connectors.forecast_tables import forecast_runs
from connectors.store import Store, open_store
from forecasting.published import runs, store
from forecasting.published.points import pack, pack_slots, unpack, unpack_slots
from forecasting.published.series import COLUMNS, CONTACTS, SILENT, SeriesKey
from forecasting.volume.table import ModelScore
from tests.forecasting.published.factories import HALF_HOUR, MIDNIGHT, forecast_of, publish

WHOLE = SeriesKey(CONTACTS)
SHOP = SeriesKey(CONTACTS, "旗舰店", "web")
LATER = MIDNIGHT + timedelta(hours=2)


@pytest.fixture
def kept(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url, migrate=True)
    yield opened
    opened.close()


@given(arrays(np.float64, (3, 7), elements=st.floats(0, 1e6)))
def test_points_come_back_within_a_thousandth_of_a_contact(table: np.ndarray) -> None:
    columns = ["mean", "lo-80", "hi-80"]
    back = unpack(pack(dict(zip(columns, table, strict=True)), columns), columns)
    for name, given_ in zip(columns, table, strict=True):
        assert back[name] == pytest.approx(given_, rel=1e-6, abs=1 / 1024)


@given(st.lists(st.integers(0, 4_000_000), unique=True))
def test_slots_come_back_exactly(slots: list[int]) -> None:
    ordered = np.array(sorted(slots), dtype=np.int64)
    assert unpack_slots(pack_slots(ordered)).tolist() == ordered.tolist()


def test_what_is_not_finite_is_never_published() -> None:
    with pytest.raises(ValueError, match="not finite"):
        pack({"mean": np.array([1.0, np.nan])}, ["mean"])


def test_a_published_forecast_is_read_back(kept: Store) -> None:
    scores = [ModelScore("same-slot-median", 0.2, 1.0, 0.01, 1.0, 0.0),
              ModelScore("structural-calm", 0.15, 0.8, float("nan"), 0.75, 1.0)]  # fmt: skip
    with kept.begin() as connection:
        run = runs.begin_or_resume(connection, runs.FULL, MIDNIGHT, total=1, now=MIDNIGHT)
        store.save(connection, run.id, forecast_of(SHOP, 12.5), scores)
        runs.publish(connection, run.id, now=LATER)
    with kept.read() as connection:
        [found] = store.current(connection, now=LATER)
        told = store.scores_of(connection, found.id)
    assert (found.key, found.made_at, found.cutoff) == (SHOP, LATER, MIDNIGHT)
    assert found.values["mean"].tolist() == [12.5] * 4
    assert found.weights[0] == ("event-slot-recent", 0.6)
    assert found.notes == ("2 days without a contact count as closed",)
    assert [one.model for one in told] == ["structural-calm", "same-slot-median"]
    assert np.isnan(told[0].bias)
    assert told[1].against_baseline == 1.0


def test_a_run_counts_only_when_it_is_published(kept: Store) -> None:
    with kept.begin() as connection:
        run = runs.begin_or_resume(connection, runs.FULL, MIDNIGHT, total=2, now=MIDNIGHT)
        store.save(connection, run.id, forecast_of(SHOP, 1.0))
    with kept.read() as connection:
        assert store.current(connection, now=LATER) == ()
    with kept.begin() as connection:
        again = runs.begin_or_resume(connection, runs.FULL, MIDNIGHT, total=2, now=LATER)
        assert again.id == run.id
        assert store.saved_keys(connection, run.id) == {SHOP}
        store.save(connection, run.id, forecast_of(SHOP, 2.0))  # again: replaced, not doubled
        store.save(connection, run.id, forecast_of(WHOLE, 3.0))
        runs.publish(connection, run.id, now=LATER)
    with kept.read() as connection:
        found = store.current(connection, now=LATER)
    assert [(one.key, one.values["mean"][0]) for one in found] == [(WHOLE, 3.0), (SHOP, 2.0)]


def test_an_unfinished_run_of_an_older_cutoff_is_abandoned(kept: Store) -> None:
    with kept.begin() as connection:
        old = runs.begin_or_resume(connection, runs.FULL, MIDNIGHT, total=1, now=MIDNIGHT)
        new = runs.begin_or_resume(connection, runs.FULL, LATER, total=1, now=LATER)
        assert old.id != new.id
        assert runs.last_of(connection, runs.FULL) == new
        runs.publish(connection, new.id, now=LATER)
        table = forecast_runs
        states = dict(connection.execute(table.select().with_only_columns(
            table.c.id, table.c.state)).all())  # fmt: skip
    assert states == {old.id: runs.ABANDONED, new.id: runs.PUBLISHED}


def test_the_rest_of_today_is_the_newest_intraday_forecast(kept: Store) -> None:
    with kept.begin() as connection:
        publish(connection, forecast_of(SHOP, 10.0))
        later = forecast_of(SHOP, 20.0, start=MIDNIGHT + 2 * HALF_HOUR, steps=2)
        publish(connection, later, kind=runs.INTRADAY, cutoff=MIDNIGHT + HALF_HOUR)
    with kept.read() as connection:
        [found] = store.current(connection, now=LATER)
        [before] = store.current(connection, now=MIDNIGHT + timedelta(minutes=2))
    assert found.values["mean"].tolist() == [10, 10, 20, 20]
    assert found.updated_at is not None
    assert before.values["mean"].tolist() == [10] * 4  # what planners saw then


def test_an_intraday_forecast_older_than_the_nightly_one_says_nothing(kept: Store) -> None:
    with kept.begin() as connection:
        publish(connection, forecast_of(SHOP, 20.0), kind=runs.INTRADAY, cutoff=MIDNIGHT)
        publish(connection, forecast_of(SHOP, 10.0), cutoff=MIDNIGHT + HALF_HOUR)
    with kept.read() as connection:
        [found] = store.current(connection, now=LATER)
    assert found.values["mean"].tolist() == [10] * 4


def test_versions_are_all_that_reach_into_a_window(kept: Store) -> None:
    with kept.begin() as connection:
        publish(connection, forecast_of(SHOP, 1.0), forecast_of(WHOLE, 1.0))
        day = timedelta(days=1)
        publish(connection, forecast_of(SHOP, 2.0, start=MIDNIGHT + day), cutoff=MIDNIGHT + day)
    with kept.read() as connection:
        read = partial(store.versions, connection, since=MIDNIGHT, measure=CONTACTS)
        assert [one.key for one in read(until=LATER)] == [WHOLE, SHOP]
        only = read(until=LATER, keys=[SHOP])
        wide = read(until=MIDNIGHT + 2 * day, keys=[SHOP])
    assert [one.key for one in only] == [SHOP]
    assert [one.values["mean"][0] for one in wide] == [1.0, 2.0]


def test_a_series_without_a_forecast_says_why_and_has_no_row(kept: Store) -> None:
    with kept.begin() as connection:
        publish(connection, forecast_of(SHOP, 0.0, model=None, why=SILENT), forecast_of(WHOLE, 1.0))
    with kept.read() as connection:
        found = store.current(connection, now=LATER)
    assert [one.why for one in found] == [None, SILENT]
    frame = store.as_frame(found)
    assert frame["queue"].unique().tolist() == [""]
    assert frame["at"].iloc[1] - frame["at"].iloc[0] == 1800 * 1_000_000
    assert frame["at"].iloc[0] == to_micros(MIDNIGHT)
    assert list(store.as_frame(())) == list(frame)
    assert set(COLUMNS) <= set(frame)
