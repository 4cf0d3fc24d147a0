"""The version of a forecast that planners saw then, and how good it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from connectors.columns import to_micros
from connectors.dirty import SLOT
from forecasting.published.accuracy import by, measured, seen, with_actual
from forecasting.published.series import CONTACTS, MEAN, PLAIN, SeriesKey
from tests.forecasting.published.factories import MIDNIGHT, forecast_of

KEY = SeriesKey(CONTACTS)
FIRST = to_micros(MIDNIGHT) // SLOT
HOUR = timedelta(hours=1)


def test_each_step_has_the_newest_version_made_before_it() -> None:
    old = forecast_of(KEY, 10.0, steps=6)
    new = forecast_of(KEY, 20.0, steps=6)
    new = replace(new, made_at=MIDNIGHT + HOUR, values={**new.values, PLAIN: new.values[MEAN] / 2})
    found = seen([old, new], first=FIRST + 2, end=FIRST + 10, lead=timedelta(0))
    assert found["slot"].tolist() == [FIRST + at for at in (2, 4, 6, 8)]
    assert found[MEAN].tolist() == [10, 20, 20, 20]
    assert found[PLAIN].tolist() == [10, 10, 10, 10]  # the old one had no overrides
    assert found["made_at"].tolist() == [to_micros(one.made_at) for one in (old, new, new, new)]


def test_a_lead_time_asks_what_was_known_so_long_before() -> None:
    old = replace(forecast_of(KEY, 10.0, steps=6), made_at=MIDNIGHT - HOUR, cutoff=MIDNIGHT - HOUR)
    new = forecast_of(KEY, 20.0, steps=6)
    found = seen([old, new], first=FIRST, end=FIRST + 12, lead=HOUR)
    assert found[MEAN].tolist() == [10, 10, 20, 20, 20, 20]
    assert seen([old, new], first=FIRST, end=FIRST + 12, lead=timedelta(days=1)).empty
    assert seen([], first=FIRST, end=FIRST + 12, lead=HOUR).empty


def test_the_figures_are_those_of_the_steps_that_are_known_and_open() -> None:
    forecast = seen([forecast_of(KEY, np.array([10.0, 0.0, 20.0, 40.0]))], first=FIRST,
                    end=FIRST + 8, lead=timedelta(0))  # fmt: skip
    slots = forecast["slot"].to_numpy()[:3]  # the last isn't over
    rows = with_actual(forecast, slots, np.array([12.0, 0.0, 50.0]))
    found = measured(rows, "all", fewest=1)
    assert (found.n, found.contacts) == (2, 62.0)
    assert found.wape == pytest.approx(32 / 62)
    assert found.baseline == pytest.approx((1 + 29) / 62)
    assert found.bias == pytest.approx(-32 / 62)
    assert (found.within_80, found.within_95) == (0.5, 0.5)
    assert measured(rows, "all").wape is None  # too few steps to say


def test_groups_are_judged_apart_and_in_order() -> None:
    forecast = seen([forecast_of(KEY, 10.0, steps=40)], first=FIRST, end=FIRST + 80,
                    lead=timedelta(0))  # fmt: skip
    actual = np.where(np.arange(40) < 20, 10.0, 20.0)
    rows = with_actual(forecast, forecast["slot"].to_numpy(), actual)
    found = by(rows, lambda r: pd.Series(np.where(np.arange(40) < 20, "b", "a"), index=r.index))
    assert [(one.group, one.n, one.wape) for one in found] == [("a", 20, 0.5), ("b", 20, 0.0)]
    assert by(rows.iloc[:0], lambda r: r["slot"]) == ()
