"""`deskpulse notify`: a test message with what the platform answered, the list, sending again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alerts import outbox
from alerts.errors import SendError
from connectors.store import Store
from dashboard.commands.notify import notify
from tests.alerts.factories import alert, note
from tests.chat_platforms import SECRET, TOKEN, DingTalkRobot
from tests.dashboard import shop


@pytest.fixture
def robot() -> Iterator[DingTalkRobot]:
    with DingTalkRobot(secret=SECRET) as listener:
        yield listener


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = shop.open_new(tmp_path)
    yield opened
    opened.close()


def config(folder: Path, robot: DingTalkRobot, secret: str = SECRET) -> str:
    written = shop.write_config(folder)
    written.write_text(
        written.read_text(encoding="utf-8")
        + f'\n[[receivers]]\nname = "值班群"\ntype = "dingtalk"\nurl = "{robot.url}"\n'
        f'secret = "{secret}"\n',
        encoding="utf-8",
    )
    return str(written)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(notify, list(arguments))


@pytest.mark.parametrize(("lang", "words"), [("zh", "这是一条测试消息"), ("en", "This is a test")])
def test_a_test_message_says_that_it_is_one_and_what_came_back(store, robot, tmp_path, lang, words):
    done = run("test", "值班群", "--lang", lang, "-c", config(tmp_path, robot))
    assert done.exit_code == 0
    assert "receiver '值班群' took the test message (200, " in done.output
    assert words in json.dumps(robot.taken, ensure_ascii=False)


def test_a_refusal_is_said_in_one_sentence_without_a_secret(store, robot, tmp_path):
    done = run("test", "值班群", "-c", config(tmp_path, robot, "wrong"))
    assert isinstance(done.exception, SendError)
    assert "DingTalk refused the signature; check secret" in str(done.exception)
    assert TOKEN not in str(done.exception)


def test_a_test_message_counts_as_any_other(store, robot, tmp_path):
    written = config(tmp_path, robot)
    for _ in range(20):
        assert run("test", "值班群", "-c", written).exit_code == 0
    done = run("test", "值班群", "-c", written)
    assert "was sent as much as its platform allows; try again in" in str(done.exception)
    assert len(robot.requests) == 20


def test_what_was_given_up_is_listed_and_sent_again(store, robot, tmp_path):
    now = datetime.now(UTC)
    with store.begin() as connection:
        notes = [note(alert(fingerprint=one), receiver="值班群") for one in "ab"]
        outbox.enqueue(connection, notes, now=now)
        for one in outbox.claim(connection, worker="w", receiver="值班群", now=now,
                                lease=timedelta(minutes=1), limit=2):  # fmt: skip
            outbox.record_failure(connection, one, SendError("gone"), worker="w", now=now,
                                  next_at=None)  # fmt: skip
    written = config(tmp_path, robot)
    listed = json.loads(run("list", "--state", "dead", "--format", "json", "-c", written).stdout)
    first, second = listed["messages"]
    assert first["what"] == "■ 天猫售前: customers waiting 42 (target ≤ 20)"
    assert "gone" in run("list", "-c", written).output
    again = run("resend", str(second["id"]), "-c", written)
    assert "1 of 1 messages wait to be sent again" in again.output
    assert "1 of 1 messages" in run("resend", "--all", "-c", written).output
    assert "0 of 0 messages" in run("resend", "--receiver", "值班群", "-c", written).output


@pytest.mark.parametrize(
    "arguments",
    [("test", "nobody"), ("resend",), ("resend", "1", "--all"), ("list", "--state", "x")],
)
def test_a_wrong_call_is_refused(store, robot, tmp_path, arguments):
    assert run(*arguments, "-c", config(tmp_path, robot)).exit_code == 2
