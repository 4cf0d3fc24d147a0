"""The digest from configuration to mailbox: by the worker, and by the command."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.digest.schedule import last_due
from connectors import alert_tables
from connectors.store import open_store
from tests.alerts.digest.factories import SHANGHAI, digest_of
from tests.connectors.desk import Desk
from tests.flow.processes import deskpulse, started
from tests.smtp import HANG, SmtpSink

CONFIG = """
[app]
timezone = "Asia/Shanghai"
name = "示例旗舰店"
[store]
url = "sqlite:///store.db"
[alerts]
public_url = "https://desk.example.com"
[[sources]]
name = "desk"
preset = "generic"
url = "{source}"
poll = "1s"
[[receivers]]
name = "mail"
type = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
sender = "desk@example.com"
to = ["lead@example.com"]
timeout = "5s"
language = "en"
[[digests]]
name = "morning"
at = "00:00"
kpis = ["volume", "first_response"]
"""


@pytest.fixture
def sink():
    with SmtpSink() as opened:
        yield opened


def write(folder: Path, desk: Desk, sink: SmtpSink) -> str:
    config = folder / "deskpulse.toml"
    config.write_text(CONFIG.format(source=desk.url, port=sink.port), encoding="utf-8")
    return str(config)


def told_before(folder: Path) -> None:
    """As if the digest of the day before yesterday had been the last."""
    due = last_due(digest_of(at="00:00"), datetime.now(UTC), SHANGHAI)
    store = open_store(f"sqlite:///{folder / 'store.db'}", migrate=True)
    with store.begin() as connection:
        connection.execute(alert_tables.digests.insert().values(
            name="morning", until=due.until - timedelta(days=1), since=due.since,
            due_at=due.at, made_at=due.at, state="queued", messages=1))  # fmt: skip
    store.close()


def test_the_worker_mails_what_is_due_once_also_when_it_is_killed_and_started_again(
    tmp_path: Path, sink: SmtpSink
) -> None:
    desk = Desk(tmp_path / "desk.db")
    for number in range(1, 30):
        desk.contact(number, waiting_since=0)
    config = write(tmp_path, desk, sink)
    told_before(tmp_path)
    with started("worker", "-c", config, log=tmp_path / "1.log") as worker:
        [mail] = sink.wait_for(1, within_s=90)
        worker.wait_for("event=sent")
        worker.kill()
    with started("worker", "-c", config, log=tmp_path / "2.log") as worker:
        worker.wait_for("event=leading")
        time.sleep(3)  # some looks: nothing more may come
        assert worker.terminate() == 0
    assert len(sink.mails) == 1
    assert "示例旗舰店 morning" in mail.message["Subject"]
    assert "What changed" in mail.part("text/html")


def test_a_mail_server_that_hangs_does_not_stop_the_watch(tmp_path: Path, sink: SmtpSink) -> None:
    desk = Desk(tmp_path / "desk.db")
    desk.contact(1, waiting_since=0)
    config = write(tmp_path, desk, sink)
    told_before(tmp_path)
    sink.told({"DATA": HANG})
    with started("worker", "-c", config, log=tmp_path / "w.log") as worker:
        worker.wait_for("event=not_sent", within_s=90)
        sink.told({})
        sink.wait_for(1)
        worker.wait_for("event=sent")
        assert worker.terminate() == 0
    assert len(sink.mails) == 1


def test_the_command_shows_a_digest_and_sends_it(tmp_path: Path, sink: SmtpSink) -> None:
    desk = Desk(tmp_path / "desk.db")
    desk.contact(1, waiting_since=0)
    config = write(tmp_path, desk, sink)
    assert deskpulse("sync", "-c", config, cwd=tmp_path).returncode == 0
    shown = deskpulse("digest", "morning", "-c", config, "--lang", "en", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "[What changed]" in shown.stdout
    done = deskpulse("digest", "morning", "-c", config, "--at", "2026-11-12", "--format", "json",
                     cwd=tmp_path)  # fmt: skip
    assert json.loads(done.stdout)["since"] == "2026-11-11T00:00:00+08:00"
    done = deskpulse("digest", "morning", "-c", config, "--format", "html", "--output", "d.html",
                     cwd=tmp_path)  # fmt: skip
    assert (tmp_path / "d.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    sent = deskpulse("digest", "morning", "-c", config, "--send", cwd=tmp_path)
    assert sent.returncode == 0, sent.stderr
    assert "sent to mail (lead@example.com)" in sent.stderr
    assert len(sink.mails) == 1


def test_the_command_says_in_a_sentence_what_goes_wrong(tmp_path: Path, sink: SmtpSink) -> None:
    desk = Desk(tmp_path / "desk.db")
    desk.contact(1, waiting_since=0)
    config = write(tmp_path, desk, sink)
    assert deskpulse("sync", "-c", config, cwd=tmp_path).returncode == 0
    unknown = deskpulse("digest", "evening", "-c", config, cwd=tmp_path)
    assert unknown.returncode == 2
    assert "there is no digest 'evening'; known: morning" in unknown.stderr
    sink.told({"RCPT": "550 no such user"})
    refused = deskpulse("digest", "morning", "-c", config, "--send", cwd=tmp_path)
    assert refused.returncode == 1
    assert "receiver 'mail': lead@example.com was refused; check the address" in refused.stderr
    assert "Traceback" not in refused.stderr
