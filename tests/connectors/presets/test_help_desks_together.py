"""Both help desks connected at once, by the command line alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dashboard.cli import deskpulse
from tests.connectors.presets import (
    chatwoot_rows,
    chatwoot_truth,
    zammad_rows,
    zammad_truth,
)
from tests.connectors.presets.chatwoot_chance import Chance
from tests.connectors.presets.zammad_chance import desk_by_chance
from tests.servers import Database

CONFIG = """
[app]
timezone = "Asia/Shanghai"
[store]
url = "sqlite:///store.db"
[[sources]]
name = "chats"
preset = "chatwoot"
url = "{chats}"
params = {{ account_id = 1 }}
[[sources]]
name = "tickets"
preset = "zammad"
url = "{tickets}"
"""


def ask(config: Path, *words: str) -> Any:
    """What a command prints as JSON."""
    done = CliRunner().invoke(deskpulse, [*words, "--format", "json", "-c", str(config)])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_command_line_shows_the_figures_of_both(
    chatwoot: Database, zammad: Database, tmp_path: Path
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    start = now - timedelta(days=20)
    chats, tickets = Chance(5, start, 20).desk_of(300), desk_by_chance(5, start, 20, 300)
    chatwoot_rows.write(chatwoot.url, chats, now)
    zammad_rows.write(zammad.url, tickets, now)
    config = tmp_path / "deskpulse.toml"
    config.write_text(
        CONFIG.format(chats=chatwoot.readonly_url, tickets=zammad.readonly_url), encoding="utf-8"
    )
    found = [chatwoot_truth.contacts(chats, 1, now), zammad_truth.contacts(tickets, now)]

    synced = ask(config, "sync")
    assert [source["rejected"] for source in synced["sources"]] == [[], []]
    live = ask(config, "live")
    total, as_of = live["total"], datetime.fromisoformat(live["as_of"])
    rows = [row for facts in found for row in facts.values()]
    waits = [row["waiting_since"] for row in rows if row["waiting_since"]]
    assert total["waiting"] == len(waits)
    assert total["oldest_wait_s"] == pytest.approx((as_of - min(waits)).total_seconds(), abs=5)
    for state in ("open", "bot", "snoozed"):
        assert total[state] == sum(row["status"] == state for row in rows)
    assert total["agents_available"] is None

    hour = now.replace(minute=0, second=0)  # windows are exact on quarter hours
    since, until = hour - timedelta(days=15), hour - timedelta(days=2)
    window = ("--since", since.isoformat(), "--until", until.isoformat())
    shown = ask(config, "kpi", "first_response", "--by", "source", *window)
    answers = chatwoot_truth.first_responses(found[0], since, until)
    counted = {row["labels"]["source"]: row["n"] for row in shown["rows"]}
    assert counted["chats"] == len(answers) > 10
    volume = ask(config, "kpi", "volume", *window)["rows"][0]["value"]
    opened = [row for row in rows if since <= row["opened_at"] < until]
    assert volume == sum(not row["outbound_only"] for row in opened)
