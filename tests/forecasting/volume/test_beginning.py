"""Stray contacts before a history begins are no history; quiet beginnings are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting.volume.beginning import first_day
from tests.forecasting.volume.counts import ahead, forecasts, options, series


def test_one_contact_weeks_before_does_not_lower_the_forecast() -> None:
    frame = series(15)
    stray = pd.DataFrame({"unique_id": ["chat"], "ds": ["2025-02-15 13:00:00"], "y": [1.0]})
    silent = series(16, start="2025-02-15").assign(y=0.0)
    silent.loc[26, "y"] = 1.0
    plain = ahead(frame, options())["mean"]
    for before in (stray, silent):
        found = forecasts(pd.concat([before, frame], ignore_index=True), options())
        assert np.allclose(found.frame.set_index("ds")["mean"], plain)
        assert any("hardly a contact before it begins" in note for _, note in found.notes)


@pytest.mark.parametrize(
    ("totals", "begin"),
    [
        ([1, *[0] * 14, *[600] * 15], 15),
        ([1, 0, 0, 2, 0, 0, 1, *[300] * 2], 7),  # a shop of two days
        ([0, 0, 1, 0, 2, 0, 0, 0, 1, 0, 1, 0], 0),  # thin from the start
        ([300, 300, *[0] * 9, *[300] * 20], 0),  # closed for a holiday
        ([20] * 30 + [10_000], 0),  # a spike is no beginning
        ([20] * 30 + [900, 1_000, 950], 0),  # nor is a sale of three days
        ([10 + 5 * day for day in range(60)], 0),  # growing
        ([600] * 30 + [0] * 20, 0),  # closed for good
        ([0.0] * 40, 0),
    ],
)  # fmt: skip
def test_where_a_history_begins(totals: list[float], begin: int) -> None:
    assert first_day(np.array(totals, dtype=float)[:, None]) == begin
