"""The usual course of a day for the live view."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import numpy as np
import pandas as pd

from forecasting.volume.pace import usual_profile
from forecasting.volume.steps import parse_step
from tests.forecasting.volume.counts import series

HALF_HOUR = parse_step("30min")


def history() -> pd.DataFrame:
    frame = series(70)
    return frame.assign(ds=pd.to_datetime(frame["ds"]))


def test_the_usual_course_is_the_median_of_the_same_weekdays() -> None:
    past = history()
    found = usual_profile(past, date(2025, 5, 12), HALF_HOUR)
    counts = past["y"].to_numpy().reshape(70, 48)
    mondays = counts[[70 - 7 * k for k in range(1, 9)]]
    np.testing.assert_allclose(found["usual"], np.median(mondays, axis=0))
    assert found["so_far"].iloc[-1] == found["usual"].sum()


def test_the_day_itself_and_later_days_are_not_looked_at() -> None:
    past = history()
    later = past.assign(y=np.where(past["ds"] >= "2025-05-05", 10_000, past["y"]))
    one = usual_profile(past, date(2025, 5, 5), HALF_HOUR)
    pd.testing.assert_frame_equal(one, usual_profile(later, date(2025, 5, 5), HALF_HOUR))


def test_nothing_known_is_unknown_not_zero() -> None:
    assert usual_profile(history().head(0), date(2025, 5, 5), HALF_HOUR)["usual"].isna().all()


def test_the_slow_packages_are_not_loaded_for_it() -> None:
    code = (
        "import sys, forecasting.volume.pace, forecasting.volume.run;"
        "sys.exit(any(n in sys.modules for n in ('prophet', 'lightgbm', 'sklearn', 'holidays')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
