"""The command line as others script against it: documents, exit codes, sentences, no secrets."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.desk import START, Desk
from tests.flow.processes import deskpulse, write_config
from tests.servers import Database

LIVE_KEYS = {"waiting", "open", "bot", "snoozed", "unassigned", "longest_wait_s",
             "longest_wait_cut_s", "waiting_over_cut", "oldest_wait_s",
             "agents_available"}  # fmt: skip


def document(*arguments: str, cwd: Path) -> Any:
    done = deskpulse(*arguments, "--format", "json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path / "desk.db")
    # Read seldom: what `sync` left is fresh for minutes, however slowly the next command starts.
    write_config(tmp_path, source="sqlite:///desk.db", poll="1m")
    now = datetime.now(START.tzinfo)
    ago = (now - START).total_seconds()
    made.contact(1, at=ago - 100, waiting_since=ago - 100, queue="天猫")
    made.contact(2, at=ago - 90, first_reply_at=ago - 80, agent_id="a", queue="天猫")
    made.contact(3, at=ago - 10 * 86400, waiting_since=ago - 10 * 86400, queue="天猫")
    made.contact(4, at=ago - 70, status="bot", queue="京东")
    made.contact(5, at=ago - 60, status="snoozed", queue="京东")
    made.contact(6, at=ago - 50, status="closed", first_reply_at=ago - 20, closed_at=ago - 5)
    return made


def test_live_has_the_documented_form(desk: Desk) -> None:
    folder = desk.path.parent
    assert document("sync", cwd=folder)["sources"][0]["rejected"] == []
    live = document("live", cwd=folder)
    assert datetime.fromisoformat(live["as_of"]).utcoffset() == timedelta(hours=8)
    assert [source["status"] for source in live["sources"]] == ["ok"]
    queue = next(q for q in live["queues"] if q["queue"] == "天猫")
    assert {"queue", "channel", "source", *LIVE_KEYS} == set(queue)
    assert set(live["total"]) == LIVE_KEYS
    assert (queue["waiting"], queue["open"], queue["unassigned"]) == (2, 3, 2)
    assert queue["waiting_over_cut"] == 1
    assert 100 <= queue["longest_wait_s"] < 200
    assert queue["oldest_wait_s"] >= 10 * 86400
    assert queue["agents_available"] is None
    total = live["total"]
    assert (total["bot"], total["snoozed"], total["waiting"]) == (1, 1, 2)


def test_kpi_has_the_documented_form(desk: Desk) -> None:
    folder = desk.path.parent
    document("sync", cwd=folder)
    got = document("kpi", "first_response", "--by", "queue", cwd=folder)
    assert (got["kpi"], got["unit"], got["timezone"]) == ("first_response", "s", "Asia/Shanghai")
    assert {row["labels"]["queue"]: row["n"] for row in got["rows"]} == {"天猫": 1, "q": 1}
    row = next(row for row in got["rows"] if row["labels"] == {"queue": "q"})
    assert row["value"] == row["p50"] == pytest.approx(30, abs=0.01)
    halves = document("kpi", "csat", "--since", "2026-11-10", "--until", "2026-11-11", "--every",
                      "30min", cwd=folder)  # fmt: skip
    assert len(halves["rows"]) == 48
    assert {row["value"] for row in halves["rows"]} == {None}
    assert halves["rows"][0]["from"] == "2026-11-10T00:00:00+08:00"
    assert halves["rows"][0]["to"] == halves["rows"][1]["from"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("kpi", "nonsense"), 2, "there is no KPI 'nonsense'"),
        (("kpi", "volume", "--by", "colour"), 2, "cannot be split by 'colour'"),
        (("kpi", "volume", "--every", "7min"), 2, "multiple of 15 min"),
        (("kpi", "volume", "--since", "someday"), 2, "is not a time"),
        (("kpi", "volume", "--since", "2026-11-11", "--until", "2026-11-10"), 2, "is empty"),
        (("kpi", "cases_open", "--since", "2026-11-11"), 2, "is a state"),
        (("live", "-c", "none.toml"), 2, "there is no configuration 'none.toml' here"),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_to_do(
    desk: Desk, arguments: tuple[str, ...], code: int, words: str
) -> None:
    document("sync", cwd=desk.path.parent)
    done = deskpulse(*arguments, cwd=desk.path.parent)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_live_on_a_store_that_never_synced_says_so(desk: Desk) -> None:
    done = deskpulse("live", "--format", "json", cwd=desk.path.parent)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "run `deskpulse sync`" in done.stderr


def test_a_source_that_is_down_keeps_its_figures_with_their_age(desk: Desk) -> None:
    folder = desk.path.parent
    document("sync", cwd=folder)
    before = document("live", cwd=folder)
    desk.path.rename(folder / "away.db")
    failed = deskpulse("sync", cwd=folder)
    assert failed.returncode == 1
    assert "does not exist" in failed.stderr
    after = document("live", cwd=folder)
    assert after["sources"][0]["status"] == "down"
    assert "does not exist" in after["sources"][0]["error"]
    assert after["total"] == before["total"]
    assert after["as_of"] == before["as_of"]


def test_ten_mistakes_are_all_said_at_once_and_no_secret_with_them(tmp_path: Path) -> None:
    (tmp_path / "deskpulse.toml").write_text(
        """
[app]
timezone = "Asia/Shangai"
langage = "zh"
[store]
url = "oracle-of-delphi-s3cret"
[[sources]]
name = "a b"
preset = "chatwot"
url = "postgresql://u:s3cret@h/d"
[[sources]]
name = "c"
url = "postgresql://u:s3cret@h/d"
poll = "2"
[[receivers]]
name = "l"
type = "webhok"
url = "ftp://s3cret"
[[rules]]
name = "r"
metric = "queue_length"
by = ["team"]
when = "> 20"
receivers = ["nobody"]
[[rules]]
name = "s"
metric = "queue_lenght"
when = "about 20"
[stor]
""",
        encoding="utf-8",
    )
    done = deskpulse("check", cwd=tmp_path)
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("  - ")]
    assert len(lines) >= 10
    assert "s3cret" not in done.stdout + done.stderr
    for words in ("'language'", "Asia/Shanghai", "no label 'team'", "[stor]", "'nobody'"):
        assert words in done.stderr, words


def test_a_secret_may_come_from_a_file_and_is_never_shown(
    tmp_path: Path, postgres_db: Database
) -> None:
    secret = tmp_path / "url.txt"
    secret.write_text(postgres_db.readonly_url + "\n")
    write_config(tmp_path, source="${CRM_URL}")
    done = deskpulse("check", cwd=tmp_path, CRM_URL_FILE=str(secret))
    assert done.returncode == 1
    assert "no table or view named contacts" in done.stdout
    assert "reader-pass" not in done.stdout + done.stderr
    unset = deskpulse("check", cwd=tmp_path)
    assert unset.returncode == 2
    assert "the variable CRM_URL is not set" in unset.stderr


def test_init_writes_a_configuration_that_check_understands(tmp_path: Path) -> None:
    assert deskpulse("init", cwd=tmp_path).returncode == 0
    again = deskpulse("init", cwd=tmp_path)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    done = deskpulse("check", cwd=tmp_path, HELPDESK_URL="postgresql://u:pw@127.0.0.1:9/x")
    assert done.returncode == 1
    assert "cannot be reached" in done.stdout


def test_every_command_shows_an_example(tmp_path: Path) -> None:
    for name in ("init", "check", "sync", "run", "worker", "dashboard", "migrate", "rebuild",
                 "live", "kpi", "demo"):  # fmt: skip
        done = deskpulse(name, "--help", cwd=tmp_path)
        assert done.returncode == 0
        assert "Example: deskpulse" in done.stdout, name


def test_rebuild_gives_the_same_numbers(desk: Desk) -> None:
    folder = desk.path.parent
    document("sync", cwd=folder)
    ask = ("kpi", "volume", "--since", "2026-11-01", "--every", "1d", "--by", "queue")
    before = document(*ask, cwd=folder)
    assert deskpulse("rebuild", cwd=folder).returncode == 0
    assert document(*ask, cwd=folder) == before
