"""Forecast, Accuracy and Staffing in every state and language; what planners enter is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from connectors.store import Store
from dashboard import data
from dashboard.plan.parts import loaded
from dashboard.processes import CONFIG_VARIABLE
from dashboard.words import Language, words
from forecasting.published import overrides
from forecasting.published.series import CONTACTS
from tests.dashboard import plan_shop, shop

LANGUAGES: tuple[Language, ...] = ("zh", "en")


def forecast_page() -> None:
    from dashboard.pages import forecast

    forecast.show()


def accuracy_page() -> None:
    from dashboard.pages import accuracy

    accuracy.show()


def staffing_page() -> None:
    from dashboard.pages import staffing

    staffing.show()


PAGES: dict[str, Callable[[], None]] = {
    "forecast": forecast_page, "accuracy": accuracy_page, "staffing": staffing_page,
}  # fmt: skip


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of two queues and forty days, forecast last night and the night before, with a
    roster."""
    folder = tmp_path_factory.mktemp("planned")
    config = shop.write_config(folder)
    store = shop.open_new(folder)
    now = datetime.now(UTC)
    plan_shop.fill(store, now)
    plan_shop.forecast(store, config, now, nights=(2, 1))
    store.close()
    return folder


@pytest.fixture
def opened(planned: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(CONFIG_VARIABLE, str(planned / "deskpulse.toml"))
    data.feed.cache_clear()
    yield planned
    data.feed().close()
    data.feed.cache_clear()


def run(page: str, language: Language, **query: str) -> AppTest:
    test = AppTest.from_function(PAGES[page], default_timeout=60)
    test.query_params["lang"] = language
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception, test.exception
    return test


def text(test: AppTest) -> str:
    return "".join(str(one.proto.body) for one in test.get("html"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_figures_without_a_hole(opened: Path, page: str, language: Language) -> None:
    shown = text(run(page, language))
    say = words(language)
    assert say(f"{page}.title") in shown
    assert 'class="dp-fact"' in shown
    for hole in ("nan", "NaN", "None", "Infinity", "{", "forecast.", "staffing.", "accuracy."):
        assert hole not in shown


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("state", ["empty", "unforecast"])
def test_a_page_without_forecasts_says_what_comes(
    page: str, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write_config(tmp_path)
    store = shop.open_new(tmp_path)
    if state != "empty":
        shop.fill(store, datetime.now(UTC), days=3, per_day=20)
    store.close()
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "deskpulse.toml"))
    data.feed.cache_clear()
    shown = text(run(page, "en"))
    assert words("en")(f"{page}.title") in shown
    assert "nan" not in shown.lower().replace("finance", "")
    if state != "empty":
        assert "No forecast has been" in shown
    data.feed().close()
    data.feed.cache_clear()


def test_what_is_kept_for_all_viewers_moves_on_with_the_clock(opened: Path) -> None:
    first = datetime.now(UTC)
    seen: list[datetime] = []
    moments = [first, first + timedelta(seconds=5), first + timedelta(minutes=5)]
    for moment in moments:
        loaded(("clock",), lambda _reader, at: seen.append(at), moment)
    assert seen == [moments[0], moments[2]]


def test_the_address_chooses_series_and_window(opened: Path) -> None:
    test = run("forecast", "en", queue="售前", span="3")
    chosen = test.selectbox(key="p_series").value
    assert chosen is not None
    assert chosen.queue == "售前"
    assert test.get("vega_lite_chart") or test.get("arrow_vega_lite_chart")
    odd = run("forecast", "en", measure="nonsense", span="x", queue="nowhere")
    assert "No forecast has been made for this yet" in text(odd)


def test_an_override_is_kept_acts_and_is_taken_back(opened: Path) -> None:
    test = run("forecast", "en")
    before = _whole(text(test))
    test.text_input[0].set_value("Li")
    test.text_input[1].set_value("live stream")
    test.number_input[0].set_value(2.0)
    test.button[0].click().run()
    assert not test.exception
    assert "Li: live stream" in text(test)
    assert _whole(text(test)) > 1.1 * before
    store = Store(data.feed()._open().engine)
    with store.read() as connection:
        now = datetime.now(UTC)
        [one] = overrides.overrides(
            connection, measure=CONTACTS, since=now, until=now + timedelta(days=3)
        )
    assert (one.kind, one.amount, one.author) == ("multiply", 2.0, "Li")
    test.button(key=f"p_withdraw_{one.id}").click().run()
    assert "No override acts" in text(test)
    assert _whole(text(test)) == pytest.approx(before, abs=2)


def test_an_override_without_a_reason_is_refused_in_words(opened: Path) -> None:
    test = run("forecast", "en")
    test.button[0].click().run()
    assert not test.exception
    assert "an override needs your name and a reason" in text(test)


def _whole(shown: str) -> float:
    """The forecast of the coming week."""
    return float(shown.split('data-tile="week" data-value="')[1].split('"')[0])


def test_what_if_follows_a_slider_and_the_address(opened: Path) -> None:
    usual_ = _hours(text(run("staffing", "en")))
    test = run("staffing", "en", volume="150")
    assert _hours(text(test)) > 1.1 * usual_
    test.slider(key="p_if_volume").set_value(100).run()
    assert _hours(text(test)) == usual_
    safe = _hours(text(run("staffing", "en", case="90")))
    assert safe > usual_


def _hours(shown: str) -> float:
    return float(shown.split('data-tile="hours" data-value="')[1].split('"')[0])


def test_suggested_shifts_cover_the_week_and_go_into_a_calendar(opened: Path) -> None:
    import icalendar

    from dashboard.plan import roster
    from dashboard.plan.needs import Sliders, changed, load_base, summed

    settings = data.feed().settings
    with data.feed().reading() as reader:
        base = load_base(reader, settings, datetime.now(UTC))
    assert base is not None
    found = changed(base, Sliders().change(), case=0.5, queue="")
    per_step = summed(base, found.needs, base.cases[0.5])
    plan = roster.suggested(per_step, settings.staffing, step=base.step, zone=base.zone)
    assert (plan.coverage["planned"] >= plan.coverage["required"]).mean() > 0.9
    parsed = icalendar.Calendar.from_ical(
        roster.calendar(plan, base.zone, words("zh"), datetime.now(UTC))
    )
    assert len(parsed.walk("VEVENT")) == len(plan.shifts)
    assert np.isfinite(plan.shifts["paid_hours"]).all()
