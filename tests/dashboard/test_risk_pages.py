"""The pages of complaint risk: every state in words, filters in the URL, and changes that stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.risk.asked import chosen, read_asked
from dashboard.risk.worklist_words import effect_said, sheet
from dashboard.words import Language, words
from forecasting.risk import listing
from forecasting.risk.effect import Arms, effect_of
from forecasting.risk.worklist import Item, Status, expected_harm, ranked
from tests.dashboard import shop
from tests.dashboard.risk_shop import ZONE, fill_risk
from tests.dashboard.test_pages import LANGUAGES, configured, html_of, opened, state

__all__ = ["configured", "state"]  # fixtures
NOW = datetime.now(UTC)


def worklist_page() -> None:
    from dashboard.pages import worklist

    worklist.show()


def model_page() -> None:
    from dashboard.pages import risk_model

    risk_model.show()


PAGES = {"worklist": worklist_page, "risk_model": model_page}


@pytest.fixture
def risky(tmp_path: Path) -> None:
    """The store of the pages with orders at risk in it."""
    store = shop.open_new(tmp_path)
    with store.begin() as connection:
        fill_risk(connection, NOW, old=300)
    store.close()


def alone(page: str, **query: str) -> AppTest:
    app = AppTest.from_function(PAGES[page], default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_and_says_what_is_missing(page: str, language: Language) -> None:
    say = words(language)
    html = html_of(opened(page, lang=language))
    key = "worklist.no_model" if page == "worklist" else "model.none"
    assert say(key) in html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.usefixtures("risky")
def test_the_model_card_has_its_figures_and_its_effect(language: Language) -> None:
    say = words(language)
    page = alone("risk_model", lang=language)
    html = html_of(page)
    for key in ("model.figure.roc_auc", "model.verdict.in_use", "model.note.first", "model.fits"):
        assert say(key) in html
    assert "16,000" in html
    assert len(page.get("vega_lite_chart")) == 2


def items(tmp_path: Path) -> list[Item]:
    store = shop.open_new(tmp_path)
    with store.read() as connection:
        found = listing.items(connection)
    store.close()
    return found


@pytest.mark.usefixtures("risky")
def test_the_worklist_opens_with_what_is_overdue(tmp_path: Path) -> None:
    late = [one for one in items(tmp_path) if one.overdue(NOW)]
    say = words("en")
    html = html_of(alone("worklist", lang="en"))
    assert f"{len(late)} risky orders were not touched in time" in html
    assert say("effect.title") in html
    assert "held out at random" in html


@pytest.mark.usefixtures("risky")
def test_filters_of_the_url_choose(tmp_path: Path) -> None:
    found = items(tmp_path)
    everything = read_asked({})
    assert len(chosen(found, everything, NOW)) == len(found)
    mine = read_asked({"owner": ["李强"], "status": ["contacted"], "segment": ["nonsense"]})
    assert mine.filters["segment"] == ()
    kept = chosen(found, mine, NOW)
    assert kept and {(one.owner, one.status) for one in kept} == {("李强", Status.CONTACTED)}
    overdue = chosen(found, read_asked({"status": ["overdue"]}), NOW)
    assert overdue and all(one.overdue(NOW) for one in overdue)
    assert read_asked({"value": ["0"]}).weight == 0
    assert read_asked({"value": ["900"], "actions": ["x"]}).weight == 100


@pytest.mark.usefixtures("risky")
def test_harm_is_probability_times_value_as_far_as_wanted(tmp_path: Path) -> None:
    found = items(tmp_path)
    by_value = ranked(found, 1.0)
    assert by_value[0][1] == max(one.probability * (one.amount or 0) for one in found)
    by_chance = [one.probability for one, _ in ranked(found, 0.0)]
    assert by_chance == sorted(by_chance, reverse=True)
    assert expected_harm(found[0], 0.0, 50.0) == pytest.approx(50 * found[0].probability)


@pytest.mark.usefixtures("risky")
def test_the_form_changes_an_order_and_asks_who_does(tmp_path: Path) -> None:
    one = next(i for i in items(tmp_path) if i.status is Status.UNTOUCHED)
    page = alone("worklist", lang="en", order=f"{one.source}/{one.order_ref}")
    page.text_area(key="order_note").set_value("called twice")
    page.button[0].click().run()
    assert words("en")("worklist.name_first") in [error.value for error in page.error]
    page.text_input(key="order_who").set_value("Li")
    page.text_input(key="order_owner").set_value("Wu")
    page.button[0].click().run()
    assert not page.exception
    store = shop.open_new(tmp_path)
    with store.read() as connection:
        saved = listing.item(connection, one.source, one.order_ref)
        trail = listing.changes_of(connection, one.source, one.order_ref)
    store.close()
    assert saved is not None
    assert (saved.owner, saved.note) == ("Wu", "called twice")
    assert {line.author for line in trail} == {"Li"}


@pytest.mark.usefixtures("risky")
def test_the_file_has_every_order_with_its_reasons(tmp_path: Path) -> None:
    found = ranked(items(tmp_path), 1.0)
    made = sheet(found, words("zh"), zone=ZONE, now=NOW)
    assert len(made.table.rows) == len(found)
    assert len(made.table.columns) == len(made.table.rows[0])
    assert "通常" in str(made.table.rows[0])


def test_an_effect_is_told_only_when_there_is_enough() -> None:
    say = words("en")
    assert effect_said(effect_of([]), say) == say("effect.none")
    assert "Not enough yet" in effect_said(effect_of([Arms(90, 9, 10, 2)]), say)
    sure = effect_of([Arms(900, 90, 200, 60, touched=810)])
    assert effect_said(sure, say).startswith("Yes: 20.0 fewer complaints of 100 listed orders (")
    assert effect_said(effect_of([Arms(300, 60, 100, 22)]), say).startswith("Not proven")
    assert effect_said(effect_of([Arms(900, 270, 200, 20)]), say).startswith("No: acting brought")


def test_the_due_time_of_an_item_counts_only_while_nobody_touched_it(
    tmp_path: Path, risky: None
) -> None:
    one = items(tmp_path)[0]
    assert not one.overdue(one.due_at - timedelta(seconds=1))
