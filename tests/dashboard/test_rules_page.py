"""The page of rules and its command on a small shop: what is listed, tried, stored, refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from alerts.rule_store import changes_of, save_rule
from connectors.store import Store
from dashboard import data
from dashboard.commands.rules import rules
from dashboard.processes import CONFIG_VARIABLE
from dashboard.rules.draft import Draft, draft_of
from dashboard.words import Language, words
from tests.dashboard import shop
from tests.dashboard.test_pages import html_of

STORED = {"name": "夜间排队", "metric": "queue_length", "by": ["queue"], "when": "> 2", "for": "1m"}


def rules_page() -> None:
    from dashboard.pages import rules

    rules.show()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    made = shop.open_new(tmp_path)
    shop.fill(made, datetime.now(UTC), days=16, per_day=40)
    with made.begin() as connection:
        save_rule(connection, STORED, who="小王", now=datetime.now(UTC))
    monkeypatch.setenv(CONFIG_VARIABLE, str(shop.write_config(tmp_path)))
    data.feed.cache_clear()
    yield made
    opened = data.feed()._store
    if opened is not None:
        opened.close()
    data.feed.cache_clear()
    made.close()


def opened(language: Language, rule: str = "") -> AppTest:
    page = AppTest.from_function(rules_page, default_timeout=90)
    page.query_params["lang"] = language
    if rule:
        page.query_params["rule"] = rule
    page.run()
    assert not page.exception
    return page


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_rule_of_the_file_is_shown_and_tried_but_not_edited(language: Language) -> None:
    page = opened(language, "queue-too-long")
    say, html = words(language), html_of(page)
    assert say("rules.read_only") in html
    assert "夜间排队" in html
    assert "小王" in html
    assert not page.text_input
    assert len(page.get("vega_lite_chart")) >= 1


def test_a_stored_rule_is_changed_on_the_record(store: Store) -> None:
    page = opened("zh", "夜间排队")
    page.text_input(key="rules_when_夜间排队").set_value("> 3").run()
    page.text_input(key="duty_name").set_value("李雷").run()
    page.button(key="rules_save").click().run()
    assert not page.exception
    with store.read() as connection:
        [change, made] = changes_of(connection, "夜间排队")
    assert (made.who, made.old) == ("小王", None)
    assert change.who == "李雷"
    assert change.new == STORED | {"when": "> 3", "severity": "warning"}
    assert "when: &gt; 2 → &gt; 3" in html_of(opened("zh", "夜间排队"))


@pytest.mark.usefixtures("store")
def test_a_draft_that_is_wrong_says_what_and_cannot_be_saved() -> None:
    page = opened("en", "夜间排队")
    page.text_input(key="rules_clear_夜间排队").set_value("< 9").run()
    assert "on the wrong side" in html_of(page)
    assert page.button(key="rules_save").disabled
    page.text_input(key="rules_name_夜间排队").set_value("queue-too-long").run()


def test_a_draft_comes_back_as_it_was_written() -> None:
    given = STORED | {
        "kind": "all", "times": 2, "within": "10m", "hours": ["mon-fri 09:00-18:00"],
        "conditions": [{"metric": "open", "when": '> 3"'}],
    }  # fmt: skip
    assert draft_of(given).given() == given | {"severity": "warning"}
    with pytest.raises(Exception, match="name: set above already"):
        Draft({"name": "x"}, 'name = "y"').given()


# --- the command ---------------------------------------------------------------------------------


def run(*arguments: str, folder: Path) -> tuple[int, str]:
    done = CliRunner().invoke(rules, [*arguments, "-c", str(folder / "deskpulse.toml")])
    return done.exit_code, done.stdout


def test_rules_are_listed_with_their_origin_and_alerts(store: Store, tmp_path: Path) -> None:
    code, out = run("list", "--format", "json", folder=tmp_path)
    listed = {one["name"]: one for one in json.loads(out)["rules"]}
    assert code == 0
    assert listed["queue-too-long"]["origin"] == "file"
    assert listed["夜间排队"]["origin"] == "stored"
    assert listed["queue-too-long"]["firing"] >= 0


def test_a_rule_is_replayed_as_a_document(store: Store, tmp_path: Path) -> None:
    code, out = run("test", "夜间排队", "--days", "7", "--format", "json", folder=tmp_path)
    assert code == 0
    [found] = json.loads(out)["tests"]
    assert found["alerts"] == len(found["episodes"]) == sum(found["hours_of_week"])
    assert any(one["threshold"] == 2 for one in found["thresholds"])


def test_rules_of_a_file_are_stored_once_all_of_them_are_right(
    store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "new.toml"
    good = '[[rules]]\nname = "a"\nmetric = "open"\nwhen = "> 5"\n'
    file.write_text(good + '[[rules]]\nname = "b"\nmetric = "nosuch"\nwhen = "> 5"\n', "utf-8")
    assert run("apply", str(file), "--by", "李雷", folder=tmp_path)[0] != 0
    file.write_text(good, "utf-8")
    assert run("apply", str(file), "--by", "李雷", folder=tmp_path)[0] == 0
    with store.read() as connection:
        assert [one.name for one in changes_of(connection)] == ["a", "夜间排队"]
