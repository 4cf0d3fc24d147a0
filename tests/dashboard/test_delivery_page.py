"""The Delivery page: channels, dead letters, filters in the URL, sending again, and files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from alerts import outbox
from alerts.errors import SendError
from alerts.outgoing import Stand, Wanted, load_outgoing
from alerts.render import Wording
from connectors.store import Store
from dashboard import data
from dashboard.history.export import csv_bytes
from dashboard.outgoing.load import Filters, load
from dashboard.outgoing.tables import sheet
from dashboard.processes import CONFIG_VARIABLE
from dashboard.words import words
from tests.alerts.factories import alert, note
from tests.dashboard import shop

NOW = datetime.now(UTC)
RECEIVERS = """
[[receivers]]
name = "值班群"
type = "dingtalk"
url = "https://oapi.dingtalk.com/robot/send?access_token=t0ken"
secret = "SECs3cret"
fallback = "boss"

[[receivers]]
name = "boss"
type = "slack"
url = "https://hooks.slack.com/services/t0ken"
"""
BROKEN = SendError("receiver 'boss': Slack says so (no_service)", permanent=True, broken=True)


def delivery_page() -> None:
    from dashboard.pages import delivery

    delivery.show()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    config = shop.write_config(tmp_path)
    config.write_text(config.read_text(encoding="utf-8") + RECEIVERS, encoding="utf-8")
    monkeypatch.setenv(CONFIG_VARIABLE, str(config))
    data.feed.cache_clear()
    opened = shop.open_new(tmp_path)
    yield opened
    opened.close()
    data.feed().close()
    data.feed.cache_clear()


def put(store: Store, receiver: str, how: str, fingerprint: str = "f") -> None:
    at = NOW - timedelta(minutes=5)
    with store.begin() as connection:
        outbox.enqueue(
            connection, [note(alert(fingerprint=fingerprint), receiver=receiver)], now=at
        )
        for one in outbox.claim(connection, worker="w", receiver=receiver, now=at,
                                lease=timedelta(minutes=1)):  # fmt: skip
            if how == "sent":
                outbox.record_sent(connection, one, now=at, http_status=200)
            elif how == "moved":
                outbox.move(connection, one, BROKEN, to="boss", worker="w", now=at)
            else:
                later = None if how == "dead" else NOW + timedelta(minutes=3)
                outbox.record_failure(connection, one, BROKEN, worker="w", now=at, next_at=later)


def shown(**query: str) -> AppTest:
    page = AppTest.from_function(delivery_page, default_timeout=60)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def html_of(page: AppTest) -> str:
    return "".join(element.proto.body for element in page.get("html"))


def states(store: Store) -> list[Stand]:
    with store.read() as connection:
        found = load_outgoing(connection, Wanted(since=NOW - timedelta(days=9)), limit=99)
    return [one.stand for one in found]


@pytest.mark.parametrize(
    ("lang", "said"),
    [("zh", ("需要处理：boss。", "已放弃的消息", "▲", "■ 需要处理")),
     ("en", ("Must be mended: boss.", "These messages reached nobody", "in 3 min", "Send"))],
)  # fmt: skip
def test_what_must_be_mended_comes_first_in_both_languages(store, lang, said):
    put(store, "值班群", "sent", "a")
    put(store, "boss", "dead", "b")
    put(store, "boss", "failed", "c")
    page = shown(lang=lang)
    buttons = " ".join(button.label for button in page.button)
    assert all(one in html_of(page) + buttons or "in 3 min" in one for one in said)
    assert "天猫售前" in html_of(page)
    assert "t0ken" not in html_of(page)
    assert "s3cret" not in html_of(page)


def test_without_trouble_it_says_so_and_without_receivers_what_to_do(store, tmp_path):
    put(store, "boss", "sent")
    assert "Every message was delivered." in html_of(shown(lang="en"))
    shop.write_config(tmp_path)
    data.feed().close()
    data.feed.cache_clear()
    assert "消息" in html_of(shown(lang="zh"))


def test_the_url_holds_the_filters_and_nonsense_in_it_does_no_harm(store):
    put(store, "值班群", "sent", "a")
    put(store, "boss", "dead", "b")
    page = shown(lang="en", state="dead", receiver="boss", days="30")
    assert [box.value for box in page.selectbox] == ["boss", "dead", "30"]
    assert html_of(page).count("data-label=") == 9  # one message of five cells, one try of four
    shown(lang="en", state="<x>", receiver="nobody", days="-1")
    page.selectbox[1].select("").run()
    assert "state" not in page.query_params


def test_a_dead_letter_is_sent_again_by_its_button_or_all_at_once(store):
    for name in "abc":
        put(store, "boss", "dead", name)
    page = shown(lang="en")
    again = [button for button in page.button if button.label == "Send again"]
    assert len(again) == 3
    again[0].click().run()
    assert states(store).count(Stand.DEAD) == 2
    assert "On the way again: 1." in html_of(page)
    [everything] = [button for button in page.button if button.label == "Send all 2 again"]
    everything.click().run()
    assert Stand.DEAD not in states(store)


def test_a_test_message_is_put_into_the_outbox(store):
    page = shown(lang="en")
    page.button(key="out_test_值班群").click().run()
    with store.read() as connection:
        [one] = load_outgoing(connection, Wanted(since=NOW), limit=9)
    assert (one.kind, one.receiver, one.stand) == ("test", "值班群", Stand.WAITING)
    assert "Test: 值班群 can receive alerts" in html_of(page)


def test_the_file_holds_what_the_filters_ask_for_and_no_secret(store):
    put(store, "值班群", "moved", "a")
    put(store, "boss", "dead", "b")
    receivers = data.feed().settings.receivers
    with store.read() as connection:
        found = load(connection, Filters(receiver="值班群"), receivers, now=NOW)
    wording, say = Wording("zh", shop.ZONE), words("zh")
    text = csv_bytes(sheet(found.messages, Filters(), wording, say, NOW)).decode("utf-8-sig")
    assert "天猫售前" in text
    assert "已改发" in text
    assert "t0ken" not in text
    assert found.total == 1


def test_a_store_that_is_gone_is_said(store, tmp_path):
    data.feed().close()
    for file in tmp_path.glob("*.db*"):
        file.unlink()
    assert words("en")("empty.error_title") in html_of(shown(lang="en"))
