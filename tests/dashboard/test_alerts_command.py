"""`deskpulse alerts`: documents, exit codes, sentences, and what it leaves in the store."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.actions import waiting
from alerts.alert import ActionKind, Alert, Status
from alerts.store import save_alerts
from alerts.telling.standing_store import load_standing
from connectors.store import Store, open_store
from dashboard.cli import main
from metrics.measurement import labels_of
from tests.alerts.factories import alert, rule

DOCS = Path(__file__).parents[2] / "docs" / "alerting.md"
BASE = """
[store]
url = "sqlite:///deskpulse.db"
[[sources]]
name = "helpdesk"
preset = "generic"
url = "sqlite:///desk.db"
[[receivers]]
name = "leads"
type = "webhook"
url = "https://127.0.0.1/hook"
[[rules]]
name = "queue-too-long"
metric = "queue_length"
by = ["queue"]
when = "> 20"
severity = "critical"
"""


class Shell:
    """The command line in a folder with a store."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        examples = re.findall(r"^```toml\n(.*?)^```", DOCS.read_text("utf-8"), re.M | re.S)
        self.config = folder / "deskpulse.toml"
        self.config.write_text(BASE + "".join(examples), encoding="utf-8")
        self.store: Store = open_store(f"sqlite:///{folder / 'deskpulse.db'}", migrate=True)
        self._capsys = capsys

    def __call__(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["alerts", *arguments, "-c", str(self.config)])
        out, err = self._capsys.readouterr()
        assert ended.value.code == code, err
        return out, err

    def document(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--format", "json")[0])

    def put(self, *alerts: Alert) -> None:
        with self.store.begin() as connection:
            save_alerts(connection, alerts)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    made = Shell(tmp_path, capsys)
    yield made
    made.store.close()


def up(queue: str, **changes: Any) -> Alert:
    began = datetime.now(UTC) - timedelta(minutes=7)
    labels = labels_of(queue=queue, source="helpdesk")
    return alert(of=rule(), labels=labels, pending_since=began, fired_at=began, **changes)


def test_the_list_is_one_document(shell: Shell):
    shell.put(up("天猫售前"), up("京东", status=Status.RESOLVED))
    shell("silence", "--where", "queue=~天猫.*", "--for", "2h", "--by", "Li", "--reason", "works")
    found = shell.document("list")
    [one] = found["alerts"]
    assert (one["labels"]["queue"], one["status"], one["condition"]) == (
        "天猫售前", "firing", "> 20")  # fmt: skip
    assert (one["muted"]["kind"], one["muted"]["by"], one["muted"]["reason"]) == (
        "silenced", "Li", "works")  # fmt: skip
    assert (one["acknowledged"], one["assignee"], one["next"]) == (None, None, None)
    assert datetime.fromisoformat(one["since"]).utcoffset() == timedelta(hours=8)
    [silence] = found["silences"]
    assert silence["matchers"] == ["queue=~天猫.*"]
    table, said = shell("list")
    assert "天猫售前" in table
    assert f"silence {silence['id']}: queue=~天猫.* until" in said


def test_an_acknowledgement_waits_for_the_worker(shell: Shell):
    one, other = up("q1"), up("q2")
    shell.put(one, other)
    shell("ack", one.fingerprint[:6], "--by", "Li", "--note", "calling", "--for", "30m")
    shell("ack", "--all", "--by", "Wang")
    with shell.store.read() as connection:
        first, *rest = [each.action for each in waiting(connection)]
    assert (first.kind, first.who, first.note, first.fingerprint) == (
        ActionKind.ACKNOWLEDGE, "Li", "calling", one.fingerprint)  # fmt: skip
    assert first.until is not None
    assert first.until - first.at == timedelta(minutes=30)
    assert {each.who for each in rest} == {"Wang"}


def test_a_silence_is_ended_by_its_number(shell: Shell):
    shell("silence", "--where", "queue=q1", "--until", "2099-01-01", "--by", "Li", code=2)
    _, said = shell("silence", "--where", "queue=q1", "--for", "2h", "--by", "Li")
    assert said.startswith("silence 1 holds until ")
    shell("unsilence", "1", "--by", "Wang")
    with shell.store.read() as connection:
        assert load_standing(connection, datetime.now(UTC)).silences == ()
    _, said = shell("unsilence", "1", "--by", "Wang", code=1)
    assert "there is no silence 1 that still holds" in said


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ack", "--by", "Li"), 2, "name an alert by its fingerprint, or give --all"),
        (("ack", "abc", "--by", "Li"), 1, "no alert 'abc' is up"),
        (("silence", "--where", "queue=q", "--by", "Li"), 2, "a silence has an end"),
        (("silence", "--where", "queue", "--for", "1h", "--by", "Li"), 2, "is no matcher"),
        (("silence", "--where", "a=b", "--for", "1x", "--by", "Li"), 2, "is not a span of time"),
        (("silence", "--where", "a=b", "--until", "2020-01-01", "--by", "Li"), 2, "over already"),
        (("who", "--rule", "x"), 2, "there is no rule 'x'; known: queue-too-long"),
        (("who", "--rule", "queue-too-long", "--label", "q"), 2, "'q' is no label"),
        (("who", "--rule", "queue-too-long", "--at", "sun 25"), 2, "is not a time of day"),
        (("calendar", "--person", "X"), 2, "nobody is called 'X'; known: Li, Wang"),
    ],
)
def test_a_mistake_is_one_sentence(shell: Shell, arguments: tuple[str, ...], code: int, said: str):
    out, error = shell(*arguments, code=code)
    assert out == ""
    assert said in error
    assert "Traceback" not in error


def test_who_would_be_told_on_sunday_at_three(shell: Shell):
    asked = ("who", "--rule", "queue-too-long", "--label", "queue=q1", "--at", "sun 03:00")
    found = shell.document(*asked)
    at = datetime.fromisoformat(found["at"])
    assert (at.weekday(), at.hour) == (6, 3)
    assert found["routes"] == [["critical"]]
    [told] = found["receivers"]
    assert told["receiver"] == "leads"
    assert told["on_call"] in ("Li", "Wang")
    steps = [(datetime.fromisoformat(step["at"]) - at) for step in found["escalation"]]
    assert [step // timedelta(minutes=1) for step in steps] == [5, 15, 20, 30]
    text, _ = shell(*asked)
    assert "leads: at once (by critical, " in text
    warning, _ = shell(*asked, "--severity", "warning")
    assert "quiet-hours, the rest" in warning


def test_the_calendar_goes_where_it_is_wanted(shell: Shell, tmp_path: Path):
    out, _ = shell("calendar", "--person", "Li")
    assert out.startswith("BEGIN:VCALENDAR")
    assert "Wang" not in out
    shell("calendar", "--output", str(tmp_path / "all.ics"))
    assert b"Wang" in (tmp_path / "all.ics").read_bytes()
