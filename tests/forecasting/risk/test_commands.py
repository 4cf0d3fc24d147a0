"""`deskpulse risk …` as scripts use it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alerts.job_process import JobProcess
from dashboard.cli import deskpulse, main
from dashboard.processes import deskpulse_argv
from tests.forecasting.risk.shop import Shop, busy_shop

CONFIG = """
[app]
timezone = "Asia/Shanghai"
language = "zh"
[store]
url = "sqlite:///store.db"
"""


@pytest.fixture
def folder(tmp_path: Path, shop: Shop) -> Path:
    shop.write(tmp_path / "store.db").close()
    (tmp_path / "deskpulse.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: str) -> Result:
    config = str(folder / "deskpulse.toml")
    result = CliRunner().invoke(deskpulse, ["risk", *words, "-c", config])
    assert result.exit_code == 0, result.output
    return result


def test_train_score_and_evaluate(folder: Path) -> None:
    trained = json.loads(run(folder, "train", "--as-of", "2026-04-20", "--format", "json").stdout)
    assert trained["as_of"] == "2026-04-20T00:00:00+08:00"
    kinds = {one["moment"]: one["model"] for one in trained["moments"]}
    assert kinds["promise"] == "lightgbm"
    window = ("--since", "2026-04-20", "--until", "2026-05-10")
    output = folder / "risks.csv"
    run(folder, "score", "--moment", "promise", *window, "--output", str(output))
    with output.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["order_ref", "moment", "moment_at", "probability", "reasons", "model"]
    assert len({row["order_ref"] for row in rows}) == len(rows) > 300
    assert {row["moment"] for row in rows} == {"promise"}
    assert all(row["moment_at"].endswith("+08:00") for row in rows)
    assert all(0 < float(row["probability"]) < 1 for row in rows)
    assert {row["model"] for row in rows} == {"lightgbm 2026-04-20"}
    found = json.loads(
        run(folder, "evaluate", "--moment", "promise", *window, "--format", "json").stdout
    )
    fitted, rule, base = found["rows"]
    assert (fitted["name"], rule["name"], base["name"]) == ("lightgbm", "simple rule", "base rate")
    assert fitted["pr_auc"]["value"] > rule["pr_auc"]["value"] > base["pr_auc"]["value"]
    table = run(folder, "evaluate", "--moment", "promise", *window).stdout
    assert "precision_5" in table


def test_a_score_before_training_says_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["risk", "score", "-c", str(folder / "deskpulse.toml")])
    assert ended.value.code == 1
    assert "run `deskpulse risk train`" in capsys.readouterr().err


def test_a_store_without_orders_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Shop().write(tmp_path / "store.db").close()
    (tmp_path / "deskpulse.toml").write_text(CONFIG, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["risk", "train", "-c", str(tmp_path / "deskpulse.toml")])
    assert ended.value.code == 1
    assert "holds no orders" in capsys.readouterr().err


def test_a_rule_instead_of_a_model_is_said(tmp_path: Path) -> None:
    busy_shop(100).write(tmp_path / "store.db").close()
    (tmp_path / "deskpulse.toml").write_text(CONFIG, encoding="utf-8")
    assert "已知订单或投诉太少" in run(tmp_path, "train").stdout
    scored = run(tmp_path, "score", "--since", "2026-01-01")
    assert "scored by the simple rule" in scored.stderr
    assert "rule: " in scored.stdout


def test_the_job_that_scores_stays_and_answers_every_time(tmp_path: Path) -> None:
    busy_shop(100).write(tmp_path / "store.db").close()
    config = tmp_path / "deskpulse.toml"
    config.write_text(CONFIG, encoding="utf-8")
    process = JobProcess(deskpulse_argv("job", "risk-scores", "--tied", "-c", str(config)))
    try:
        answers = [process.ask(print) for _ in range(2)]
        assert process.alive
    finally:
        process.kill()
    assert answers == [(0, "0 orders scored, 0 of them anew, 0 listed"), (0, "done")]
    assert not process.alive
