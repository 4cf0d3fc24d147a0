"""The tickets example on the real table: what the pages show is what plain pandas says."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from dashboard.cli import deskpulse

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "csat_tickets"
SPAN = ("--since", "2023-07-29", "--until", "2023-09-01")


def _load(data: Path, url: str) -> Any:
    spec = importlib.util.spec_from_file_location("csat_load", EXAMPLE / "load.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return CliRunner().invoke(module.main, ["--data", str(data), "--url", url])


@pytest.mark.needs_shared
def test_response_times_and_satisfaction_are_those_of_the_table(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = shared / "data" / "en_csat_tickets" / "csat_tickets.parquet"
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder)
    url = f"sqlite:///{tmp_path / 'tickets.db'}"
    loaded = _load(data, url)
    assert loaded.exit_code == 0, loaded.output
    monkeypatch.setenv("TICKETS_URL", url)
    monkeypatch.setenv("DESKPULSE_STORE_URL", "sqlite:///store.db")

    def run(*words: str) -> Any:
        config = str(folder / "deskpulse.toml")
        result = CliRunner().invoke(deskpulse, [*words, "-c", config, "--format", "json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    run("sync")
    table = pd.read_parquet(data)
    waits = (table["issue_responded"] - table["issue_reported_at"]).dt.total_seconds()
    for row in run("kpi", "first_response", *SPAN, "--by", "channel")["rows"]:
        mine = waits[table["channel_name"] == row["labels"]["channel"]]
        assert row["n"] == len(mine)
        assert row["p50"] == pytest.approx(mine.quantile(0.5))
        assert row["p90"] == pytest.approx(mine.quantile(0.9))
        assert row["mean"] == pytest.approx(mine.mean())
    good = table["csat_score"] >= 4
    for row in run("kpi", "csat", *SPAN, "--by", "agent")["rows"]:
        mine = good[table["agent_name"] == row["labels"]["agent"]]
        assert (row["n"], row["value"]) == (len(mine), pytest.approx(100 * mine.mean()))
    [rate] = run("kpi", "csat_response_rate", *SPAN)["rows"]
    assert (rate["n"], rate["value"]) == (0, None)
    [solved] = run("kpi", "fcr", *SPAN)["rows"]
    assert (solved["n"], solved["value"]) == (0, None)


def test_a_file_that_is_not_the_table_is_refused_by_name(tmp_path: Path) -> None:
    wrong = tmp_path / "other.csv"
    wrong.write_text("a,b\n1,2\n", encoding="utf-8")
    result = _load(wrong, f"sqlite:///{tmp_path / 't.db'}")
    assert result.exit_code == 1
    assert "other.csv has no column 'unique_id'; is it the published table?" in result.output
