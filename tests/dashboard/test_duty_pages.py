"""The act pages: what they show in words, and that what people do on them is in the store."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from streamlit.testing.v1 import AppTest

from alerts.actions import waiting
from alerts.alert import Acknowledgement, ActionKind, Alert, Cause, Status, Transition
from alerts.store import add_transitions, save_alerts
from alerts.telling.standing_store import load_standing
from connectors.store import Store, open_store
from dashboard import data
from dashboard.duty.calendar_route import oncall_calendar
from dashboard.processes import CONFIG_VARIABLE
from dashboard.words import Language, words
from metrics.measurement import labels_of
from tests.alerts.factories import alert, rule
from tests.dashboard.test_alerts_command import BASE, DOCS
from tests.dashboard.test_pages import html_of

TOKEN = "t" * 24
NOW = datetime.now(UTC)


def alerts_page() -> None:
    from dashboard.pages import alerts

    alerts.show()


def history_page() -> None:
    from dashboard.pages import alert_history

    alert_history.show()


def on_call_page() -> None:
    from dashboard.pages import on_call

    on_call.show()


PAGES: dict[str, Callable[[], None]] = {
    "duty": alerts_page,
    "past": history_page,
    "rota": on_call_page,
}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    examples = re.findall(r"^```toml\n(.*?)^```", DOCS.read_text("utf-8"), re.M | re.S)
    alerts = f'[alerts]\ncalendar_token = "{TOKEN}"\n'
    config = tmp_path / "deskpulse.toml"
    config.write_text(BASE + alerts + "".join(examples), encoding="utf-8")
    monkeypatch.setenv(CONFIG_VARIABLE, str(config))
    data.feed.cache_clear()
    made = open_store(f"sqlite:///{tmp_path / 'deskpulse.db'}", migrate=True)
    yield made
    made.close()
    data.feed().close()
    data.feed.cache_clear()


def opened(page: str, language: Language = "en", **query: str) -> AppTest:
    app = AppTest.from_function(PAGES[page], default_timeout=60)
    for name, value in {"lang": language, **query}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def up(queue: str, **changes: Any) -> Alert:
    labels = labels_of(queue=queue, source="helpdesk")
    began = NOW - timedelta(minutes=7)
    return alert(of=rule(), labels=labels, pending_since=began, fired_at=began, **changes)


def put(store: Store, *alerts: Alert) -> None:
    with store.begin() as connection:
        save_alerts(connection, alerts)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_stands_out_when_there_is_nothing(
    store: Store, page: str, language: Language
):
    say, html = words(language), html_of(opened(page, language))
    assert say(f"{page}.title") in html
    calm = {"duty": say("duty.calm"), "past": say("past.none"), "rota": say("who.about")}[page]
    assert calm in html


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_its_store_says_so(store: Store, page: str, tmp_path: Path):
    store.close()
    (tmp_path / "deskpulse.db").unlink()
    assert words("en")("empty.error_title") in html_of(opened(page))


def test_alerts_come_most_urgent_first_with_who_is_on_them(store: Store):
    said = Acknowledgement("Wang", NOW, NOW + timedelta(hours=1), "calling")
    taken = up("q2", status=Status.ACKNOWLEDGED, acknowledgement=said, assignee="Li")
    put(store, taken, up("q1"), up("q3", status=Status.PENDING, episode=0))
    html = html_of(opened("duty"))
    places = [html.index(f"{queue}: customers waiting") for queue in ("q1", "q2", "q3")]
    assert places == sorted(places)
    for text in ("2 firing; nobody is on 1 of them, 1 critical.", "Wang is on it since",
                 "“calling”", "for Li", "nobody is on it", "Pending (1)"):  # fmt: skip
        assert text in html


def test_acknowledging_writes_it_down_with_name_note_and_end(store: Store):
    one = up("q1")
    put(store, one)
    app = opened("duty")
    app.button(key=f"duty_do_acknowledge_{one.fingerprint}").click().run()
    texts = {each.label: each for each in app.text_input}
    texts["Your name"].set_value("Li")
    texts["What you are doing about it (optional)"].set_value("calling")
    [send] = [each for each in app.button if each.label == "Acknowledge" and each.form_id]
    send.click().run()
    assert not app.exception
    with store.read() as connection:
        [action] = [each.action for each in waiting(connection)]
    assert (action.kind, action.who, action.note) == (ActionKind.ACKNOWLEDGE, "Li", "calling")
    assert action.until is not None
    assert action.until - action.at == timedelta(minutes=30)


def test_a_silence_needs_a_name_and_mutes_this_alert_only(store: Store):
    one = up("q1")
    put(store, one, up("q2"))
    app = opened("duty")
    app.button(key=f"duty_do_silence_{one.fingerprint}").click().run()
    [send] = [each for each in app.button if each.label == "Silence" and each.form_id]
    send.click().run()
    assert words("en")("duty.name_missing") in html_of(app)
    [name] = [each for each in app.text_input if each.label == "Your name"]
    name.set_value("Li")
    [send] = [each for each in app.button if each.label == "Silence" and each.form_id]
    send.click().run()
    with store.read() as connection:
        [silence] = load_standing(connection, datetime.now(UTC)).silences
    assert silence.by == "Li"
    assert {str(each) for each in silence.matchers} == {
        "rule=queue-too-long", "queue=q1", "source=helpdesk"}  # fmt: skip
    html = html_of(opened("duty"))
    assert html.count("Not told: silenced by Li, until") == 1


def test_history_counts_per_rule_and_keeps_its_filters_in_the_url(store: Store):
    one = up("q1")

    def change(old: Status, new: Status, cause: Cause, minutes: int) -> Transition:
        return Transition(
            fingerprint=one.fingerprint, episode=1, rule=one.rule, labels=one.labels,
            severity=one.severity, old=old, new=new, cause=cause,
            at=NOW - timedelta(minutes=minutes), since=NOW, value=42, threshold=20,
        )  # fmt: skip

    with store.begin() as connection:
        add_transitions(connection, [
            change(Status.OK, Status.FIRING, Cause.BREACH, 30),
            change(Status.FIRING, Status.RESOLVED, Cause.CLEAR, 10),
        ])  # fmt: skip
    html = html_of(opened("past", period="7d"))
    assert "1 of 1 alerts lasted and nobody acknowledged them, most of queue-too-long (1)." in html
    assert "never acknowledged" in html
    assert words("en")("past.none") in html_of(opened("past", period="7d", severity="info"))


def test_a_shift_is_taken_over_on_the_page(store: Store):
    app = opened("rota")
    assert "On call now: " in html_of(app)
    [name] = [each for each in app.text_input if each.label == "Your name"]
    name.set_value("Wang")
    [person] = [each for each in app.selectbox if each.label == "Who"]
    person.set_value("Li")
    [send] = [each for each in app.button if each.label == "Take over a shift"]
    send.click().run()
    assert not app.exception
    with store.read() as connection:
        [override] = load_standing(connection, datetime.now(UTC)).overrides
    assert (override.person, override.by, override.rota) == ("Li", "Wang", "support")


def got(path: str) -> httpx.Response:
    app = Starlette(routes=[Route("/oncall.ics", oncall_calendar)])

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://pages") as client:
            return await client.get(path)

    return asyncio.run(ask())


def test_the_feed_wants_its_token(store: Store):
    assert got("/oncall.ics").status_code == 403
    assert got("/oncall.ics?token=%E5%91%A8").status_code == 403
    found = got(f"/oncall.ics?token={TOKEN}&person=Li&lang=zh")
    assert found.status_code == 200
    assert found.headers["content-type"].startswith("text/calendar")
    assert "值班：Li（support）" in found.text
    assert "Wang" not in found.text
