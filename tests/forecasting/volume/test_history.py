"""What is read from files and frames, good and bad."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from forecasting.volume.errors import BadOption, BadSeries
from forecasting.volume.history import Reading, read_csv, read_frame
from forecasting.volume.steps import parse_horizon, parse_levels, parse_step
from tests.forecasting.volume.counts import SHANGHAI, series

HALF_HOUR = parse_step("30min")


def read(frame: pd.DataFrame, zone: ZoneInfo = SHANGHAI) -> Reading:
    return read_frame(frame, step=HALF_HOUR, zone=zone)


def test_rows_in_any_order_give_the_same_series() -> None:
    tidy = series(10)
    mixed = read(tidy.sample(frac=1, random_state=1)).histories[0]
    assert (mixed.stamps == read(tidy).histories[0].stamps).all()
    assert (mixed.counts == tidy["y"]).all()


def test_text_negative_and_absurd_counts_are_unknown_and_said() -> None:
    frame = series(10).astype({"y": "object"})
    for row, value in enumerate(("abc", -4, None, "1,200", "nan", "1e400")):
        frame.loc[row, "y"] = value
    history = read(frame).histories[0]
    assert np.isnan(history.counts[:6]).all()
    assert np.isfinite(history.counts[6:]).all()
    assert any("6 counts are not numbers" in note for note in history.notes)


def test_a_series_without_any_count_is_refused_and_the_others_are_read() -> None:
    reading = read(pd.concat([series(10).astype({"y": "object"}).assign(unique_id="x", y="?"),
                              series(10)]))  # fmt: skip
    assert [history.unique_id for history in reading.histories] == ["chat"]
    assert reading.unusable[0][0] == "x"
    assert "not enough history" in reading.unusable[0][1]


def test_equal_doubles_fall_together_and_different_ones_are_said() -> None:
    frame = series(10)
    other = frame.iloc[30:40].assign(y=999)
    history = read(pd.concat([frame, frame.iloc[:5], other])).histories[0]
    assert len(history.stamps) == 480
    assert (history.counts[30:40] == 999).all()
    assert any("10 stamps come twice" in note for note in history.notes)


def test_the_repeated_hour_of_a_clock_change_is_averaged() -> None:
    rows = pd.DataFrame({
        "unique_id": "q",
        "ds": ["2025-11-02 00:30", "2025-11-02 01:00", "2025-11-02 01:00", "2025-11-02 02:00"],
        "y": [5, 10, 20, 5],
    })  # fmt: skip
    history = read(rows, ZoneInfo("America/New_York")).histories[0]
    assert list(history.counts) == [5, 15, 5]
    assert history.notes == ()


def test_finer_rows_are_summed_into_their_step() -> None:
    history = read(series(3, slots=288, level=3)).histories[0]
    assert len(history.stamps) == 3 * 48
    assert history.counts.sum() == series(3, slots=288, level=3)["y"].sum()


def test_hourly_days_among_half_hours_are_spread_evenly() -> None:
    hourly = series(5, slots=24, level=40, start="2025-02-26")
    history = read(pd.concat([hourly, series(10)])).histories[0]
    assert len(history.stamps) == 15 * 48
    assert history.counts.sum() == hourly["y"].sum() + series(10)["y"].sum()


def test_days_that_come_as_one_total_among_half_hours_are_left_out() -> None:
    totals = series(20, slots=1, level=960, start="2025-02-11")
    history = read(pd.concat([totals, series(10)])).histories[0]
    assert len(history.stamps) == 10 * 48
    assert history.notes == ("20 days come as one total, not by slot, and were left out",)


def test_a_lonely_contact_at_midnight_is_no_total() -> None:
    frame = series(10)
    night = series(1, slots=1, level=1, start="2025-03-13").assign(y=1)
    assert len(read(pd.concat([frame, night])).histories[0].stamps) == 10 * 48 + 1


def test_daily_rows_read_as_half_hours_are_refused_with_advice() -> None:
    assert "give --every the step" in read(series(30, slots=1)).unusable[0][1]


def test_stamps_with_an_offset_become_local() -> None:
    frame = series(2)
    aware = frame.assign(ds=frame["ds"].str.replace(" ", "T") + "+00:00")
    assert str(read(aware).histories[0].stamps[0]) == "2025-03-03 08:00:00"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "cannot be read as CSV"),
        ("unique_id,ds\nq,2025-01-01\n", "column 'y' is missing"),
        ("unique_id,ds,y\n", "no row of data"),
    ],
)
def test_a_file_that_is_no_series_is_refused_in_a_sentence(
    tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(content)
    with pytest.raises(BadSeries, match=said):
        read_csv(path, step=HALF_HOUR, zone=SHANGHAI)


def test_a_file_that_is_not_there_is_said() -> None:
    with pytest.raises(BadSeries, match="does not exist"):
        read_csv(Path("nowhere.csv"), step=HALF_HOUR, zone=SHANGHAI)


@pytest.mark.parametrize("text", ["7min", "2d", "0s", "soon"])
def test_a_step_must_divide_the_day(text: str) -> None:
    with pytest.raises(BadOption):
        parse_step(text)


def test_horizons_and_levels_are_checked() -> None:
    assert parse_horizon("14d", HALF_HOUR) == 672
    assert parse_levels("95,80") == (80, 95)
    with pytest.raises(BadOption):
        parse_horizon("1000d", HALF_HOUR)
    with pytest.raises(BadOption):
        parse_levels("80,100")
