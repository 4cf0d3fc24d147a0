"""The acknowledge link: what it shows, what only its form does, and what bad links get."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from alerts.ack_links import AckLinks, BadLink, OldLink, stored_key
from alerts.actions import waiting
from alerts.alert import Acknowledgement, ActionKind, Status
from alerts.store import save_alerts
from connectors.store import Store
from dashboard import data
from dashboard.ack.endpoint import acknowledge
from dashboard.processes import CONFIG_VARIABLE
from tests.dashboard import shop

NOW = datetime.now(UTC)


class Client:
    """A browser without scripts: it keeps cookies."""

    def __init__(self, app: Starlette) -> None:
        self._transport = httpx.ASGITransport(app)
        self._cookies = httpx.Cookies()

    def request(self, method: str, path: str, form: dict[str, str] | None = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url="http://desk", cookies=self._cookies
            ) as browser:
                answer = await browser.request(method, path, data=form)
                self._cookies.update(browser.cookies)
                return answer

        return asyncio.run(ask())

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def post(self, path: str, *, data: dict[str, str]) -> httpx.Response:
        return self.request("POST", path, data)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = shop.open_new(tmp_path)
    with opened.begin() as connection:
        save_alerts(connection, [shop.firing(NOW)])
    yield opened
    opened.close()


@pytest.fixture
def links(store: Store) -> AckLinks:
    with store.begin() as connection:
        return AckLinks(stored_key(connection))


@pytest.fixture
def client(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv(CONFIG_VARIABLE, str(shop.write_config(tmp_path)))
    data.feed.cache_clear()
    app = Starlette(routes=[Route("/ack/{token}", acknowledge, methods=["GET", "POST"])])
    yield Client(app)
    data.feed().close()
    data.feed.cache_clear()


@pytest.fixture
def path(links: AckLinks) -> str:
    alert = shop.firing(NOW)
    return f"/ack/{links.token(alert.fingerprint, alert.episode, '值班群')}"


def actions(store: Store) -> list[tuple[str, ActionKind]]:
    with store.read() as connection:
        return [(one.action.who, one.action.kind) for one in waiting(connection)]


def test_opening_a_link_changes_nothing_however_often_and_in_whatever_way(client, path, store):
    for _ in range(3):
        assert client.get(path).status_code == 200
    assert client.request("HEAD", path).status_code == 200
    assert actions(store) == []


@pytest.mark.parametrize(("lang", "words"), [("zh", "由你来处理吗？"), ("en", "Are you on it?")])
def test_a_link_shows_the_alert_and_a_form_in_the_readers_language(client, path, lang, words):
    page = client.get(f"{path}?lang={lang}")
    assert words in page.text
    assert "天猫旗舰店" in page.text
    assert '<form method="post">' in page.text
    assert "<script" not in page.text


def test_nothing_is_cached_framed_or_told_to_others(client, path):
    headers = client.get(path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_the_form_acknowledges_under_the_name_given_and_remembers_it(client, path, store):
    done = client.post(f"{path}?lang=en", data={"name": " 王芳 ", "minutes": "60", "note": "加人"})
    assert "You&#x27;re on it" in done.text
    assert "王芳 is on it. No reminders until" in done.text
    with store.read() as connection:
        [one] = waiting(connection)
    action = one.action
    assert (action.who, action.note, action.kind) == ("王芳", "加人", ActionKind.ACKNOWLEDGE)
    assert action.until is not None
    assert action.until - action.at == timedelta(minutes=60)
    assert "HttpOnly" in done.headers["set-cookie"]
    assert 'value="王芳"' not in done.text
    again = client.get(f"{path}?lang=en").text  # before the worker has seen it
    assert "Somebody is on it already" in again
    assert 'value="王芳"' in again


def test_sending_the_form_twice_is_sending_it_once(client, path, store):
    for _ in range(3):
        page = client.post(f"{path}?lang=en", data={"name": "王芳", "minutes": "30"})
        assert "You&#x27;re on it" in page.text
    assert actions(store) == [("王芳", ActionKind.ACKNOWLEDGE)]


def test_who_is_second_sees_who_was_quicker_and_may_take_over(client, path, store):
    client.post(path, data={"name": "王芳", "minutes": "30"})
    late = client.post(f"{path}?lang=en", data={"name": "李明", "minutes": "30"})
    assert "王芳 is on it" in late.text
    assert len(actions(store)) == 1
    client.post(path, data={"name": "李明", "minutes": "0", "instead_of": "王芳"})
    assert [who for who, _ in actions(store)] == ["王芳", "李明"]


def test_an_alert_that_somebody_has_says_who(client, path, store):
    said = Acknowledgement("王芳", NOW, NOW + timedelta(minutes=30), "在加人")
    with store.begin() as connection:
        save_alerts(
            connection,
            [shop.firing(NOW, status=Status.ACKNOWLEDGED, acknowledgement=said)],
        )
    page = client.get(f"{path}?lang=zh").text
    assert "已经有人在处理" in page
    assert "王芳 正在处理" in page
    assert "备注：在加人" in page


@pytest.mark.parametrize("form", [{}, {"name": " \n "}, {"name": "x" * 20_000}])
def test_without_a_name_nothing_is_done_and_it_says_so(client, path, store, form):
    page = client.post(f"{path}?lang=en", data=form)
    assert page.status_code == 422
    assert "Please write your name" in page.text
    assert actions(store) == []


def test_nonsense_in_the_form_does_no_harm(client, path, store):
    form = {"name": '<b onclick="x">\x00王</b>', "minutes": "-9", "note": "y" * 900}
    page = client.post(path, data=form)
    assert page.status_code == 200
    assert "<b onclick" not in page.text
    with store.read() as connection:
        [one] = waiting(connection)
    assert len(one.action.note) == 200
    assert one.action.until is not None


def test_an_alert_that_is_over_or_fires_anew_cannot_be_taken_by_an_old_link(client, path, store):
    gone = {"status": Status.RESOLVED, "resolved_at": NOW}
    for changes in (gone, {"episode": 7}):
        with store.begin() as connection:
            save_alerts(connection, [shop.firing(NOW, **changes)])
        for page in (client.get(f"{path}?lang=en"), client.post(path, data={"name": "王芳"})):
            assert page.status_code == 410
        assert "This alert is over" in client.get(f"{path}?lang=en").text
    assert actions(store) == []


def test_a_link_that_was_changed_made_up_or_cut_short_is_refused(client, path, store):
    other = AckLinks("another key").token(shop.firing(NOW).fingerprint, 1, "值班群")
    for bad in (path[:-1], f"{path}x", path.replace(".", "", 1), f"/ack/{other}", "/ack/x"):
        page = client.get(f"{bad}?lang=en")
        assert page.status_code == 400
        assert "incomplete or was changed" in page.text
        assert client.post(bad, data={"name": "王芳"}).status_code == 400
    assert actions(store) == []


def test_a_link_is_too_old_after_its_time(links):
    token = links.token("f", 3, "leads")
    made = links.read(token, now=datetime.now(UTC))
    assert (made.fingerprint, made.episode, made.receiver) == ("f", 3, "leads")
    with pytest.raises(OldLink):
        links.read(token, now=datetime.now(UTC) + timedelta(days=1, seconds=2))
    with pytest.raises(BadLink):
        AckLinks("another key").read(token, now=datetime.now(UTC))


def test_the_key_is_made_once_and_kept(store):
    with store.begin() as connection:
        first = stored_key(connection)
        assert stored_key(connection) == first
    assert len(first) >= 32


def test_two_forms_at_the_same_moment_are_one_acknowledgement_or_two_that_know(client, path, store):
    pages: list[str] = []

    def send(name: str) -> None:
        pages.append(client.post(f"{path}?lang=en", data={"name": name, "minutes": "30"}).text)

    threads = [threading.Thread(target=send, args=(name,)) for name in ("王芳", "李明")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(actions(store)) == 1
    assert sum("You&#x27;re on it" in page for page in pages) == 1


def test_a_store_that_is_gone_is_said_and_not_pretended(client, path, tmp_path):
    data.feed().close()
    for file in tmp_path.glob("*.db*"):
        file.unlink()
    page = client.post(f"{path}?lang=en", data={"name": "王芳"})
    assert page.status_code == 503
    assert "was not recorded" in page.text
