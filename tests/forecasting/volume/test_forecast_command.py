"""`deskpulse forecast volume` and `forecast backtest` on files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from dashboard.commands.forecast import forecast
from forecasting.volume.errors import BadOption, BadSeries
from tests.forecasting.volume.counts import series


def run(*arguments: str) -> Result:
    return CliRunner().invoke(forecast, arguments, catch_exceptions=False)


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    path = tmp_path / "counts.csv"
    pd.concat([series(70), series(2, name="new")]).to_csv(path, index=False)
    return path


def volume(source: Path, output: Path, *more: str) -> Result:
    return run("volume", "--input", str(source), "--every", "30min", "--timezone",
               "Asia/Shanghai", "--output", str(output), "--fast", *more)  # fmt: skip


def test_every_series_is_forecast_in_the_form_of_the_input(counts: Path, tmp_path: Path) -> None:
    result = volume(counts, tmp_path / "ahead.csv")
    assert result.exit_code == 0
    found = pd.read_csv(tmp_path / "ahead.csv")
    assert list(found.columns) == [
        "unique_id", "ds", "mean", "lo-80", "hi-80", "lo-95", "hi-95", "baseline", "model",
    ]  # fmt: skip
    assert (found.groupby("unique_id").size() == 672).all()
    assert found["ds"].iloc[0] == "2025-05-12 00:00:00"
    assert not found.isna().any(axis=None)
    assert "series 'new': 2 days are too few" in result.stderr


def test_other_levels_and_a_planned_campaign_are_taken(counts: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    events.write_text("kind,first,last\nstream,2025-04-01,2025-04-02\nstream,2025-05-14,2025-05-14")
    volume(counts, tmp_path / "ahead.csv", "--level", "50", "--events", str(events))
    assert list(pd.read_csv(tmp_path / "ahead.csv").columns)[3:5] == ["lo-50", "hi-50"]
    events.write_text("kind,first,last\nstream,soon,later\n")
    with pytest.raises(BadSeries, match="line 2"):
        volume(counts, tmp_path / "ahead.csv", "--events", str(events))


def test_dates_stay_dates(tmp_path: Path) -> None:
    days = series(100, slots=1, level=50)
    source, output = tmp_path / "days.csv", tmp_path / "ahead.csv"
    days.assign(ds=days["ds"].str[:10]).to_csv(source, index=False)
    run("volume", "--input", str(source), "--every", "1d", "--horizon", "28d", "--timezone",
        "Europe/London", "--output", str(output))  # fmt: skip
    assert pd.read_csv(output)["ds"].iloc[[0, -1]].tolist() == ["2025-06-11", "2025-07-08"]


def test_a_file_without_one_usable_series_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "bad.csv"
    series(10).assign(y="x").to_csv(source, index=False)
    with pytest.raises(BadSeries, match="no series could be forecast"):
        volume(source, tmp_path / "ahead.csv")


def test_impossible_options_are_refused(counts: Path, tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="'XX' are not known"):
        volume(counts, tmp_path / "ahead.csv", "--country", "XX")
    assert volume(counts, tmp_path / "ahead.csv", "--timezone", "Mars/Base").exit_code == 2


def test_processes_give_what_one_process_gives(tmp_path: Path) -> None:
    source = tmp_path / "counts.csv"
    frames = [series(40, slots=24, name=f"q{n}", seed=n) for n in range(4)]
    pd.concat(frames).to_csv(source, index=False)
    found = []
    for processes in ("1", "2"):
        run("volume", "--input", str(source), "--every", "1h", "--timezone", "UTC", "--horizon",
            "2d", "--output", str(tmp_path / processes), "--processes", processes)  # fmt: skip
        found.append((tmp_path / processes).read_text())
    assert found[0] == found[1]


def test_the_back_test_is_told_per_model(counts: Path) -> None:
    arguments = ("backtest", "--input", str(counts), "--every", "30min", "--timezone",
                 "Asia/Shanghai", "--fast")  # fmt: skip
    table = run(*arguments)
    assert "same-slot-median" in table.stdout
    assert "chat: 5 origins" in table.stdout
    document = json.loads(run(*arguments, "--format", "json").stdout)
    chat, new = document["series"]
    by_model = {one["model"]: one for one in chat["models"]}
    assert by_model["weekly-naive"]["wape"] > by_model["same-slot-median"]["wape"]
    assert by_model["same-slot-median"]["against_baseline"] == 1.0
    assert new["models"] == []


def test_an_output_that_cannot_be_written_is_said(counts: Path, tmp_path: Path) -> None:
    with pytest.raises(BadSeries, match="folder does not exist"):
        volume(counts, tmp_path / "nowhere" / "ahead.csv")
