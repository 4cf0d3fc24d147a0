"""The pace page: its cards, its words, its chart, and what it says where there is no pace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from connectors.delivered import save_columns
from connectors.store import Store
from dashboard import data
from dashboard.errors import SettingsError
from dashboard.history.asked import read_asked
from dashboard.history.drill import read_pick, window_of
from dashboard.history.export import csv_bytes
from dashboard.history.pace_cards import Paces, cards_html, sentence
from dashboard.history.pace_chart import pace_frame, pace_panel
from dashboard.processes import CONFIG_VARIABLE
from dashboard.settings import load_settings
from dashboard.words import Language, words
from metrics.kpi import Kpi
from metrics.needs import Lack
from metrics.pace import DAY, Day, Point, Tally
from metrics.pacing import Line, NoPace, Outlook, Pace, Recovery
from metrics.packs import load_registry
from metrics.refresh import refresh
from tests.dashboard import shop

LANGUAGES: tuple[Language, ...] = ("zh", "en")
ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
JD = load_registry(["jd"]).find("jd.first_reply_30s")


def of(kpi: Kpi = JD, line: Line | None = None, **changes: Any) -> Pace:
    """A window of 30 days with 900 good ones of 1,000, and 40 still to come today."""
    days = tuple(Day(TODAY - DAY * back, Tally(20, 18)) for back in range(59, -1, -1))
    values: dict[str, Any] = {
        "kpi": kpi, "today": TODAY, "length": 30, "known_until": NOW.astimezone(ZONE),
        "window": Tally(1000, 900), "outlook": Outlook(40, Fraction(9, 10), 7, 140), "days": days,
        "past": tuple(Point(one.day, Fraction(9, 10)) for one in days[29:]),
        "ahead": tuple(Point(TODAY + DAY * one, Fraction(9, 10)) for one in range(31)),
        "line": line, "worst": Day(date(2026, 11, 11), Tally(50, 30)),
        "worst_leaves": date(2026, 12, 11), "cost": Fraction(1, 1040), **changes,
    }  # fmt: skip
    return Pace(**values)


ABOVE = Line(85.0, 33, 58, None)
BELOW = Line(95.0, None, None, Recovery(1000, None, date(2026, 11, 20), None))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_window_that_the_history_does_not_fill_says_how_far_it_reaches(
    language: Language,
) -> None:
    days = tuple(Day(one.day, Tally(0, 0) if one.day < TODAY - DAY * 6 else one.tally)
                 for one in of().days)  # fmt: skip
    young = of(days=days)
    assert (of().known_days, young.known_days) == (30, 7)
    said = {"en": "in the 7 days there are of the last 30", "zh": "只有最近 7 天有数据"}[language]
    assert said in html(young, language)
    assert said not in html(of(), language)
    quiet = tuple(Day(one.day, Tally(0, 0) if one.day == TODAY - DAY * 29 else one.tally)
                  for one in of().days)  # fmt: skip
    assert of(days=quiet).known_days == 30


def html(found: Pace | NoPace, language: Language = "en", *, today: date = TODAY) -> str:
    return cards_html(Paces(NOW, today, (found,)), words(language), chosen=found.kpi.key)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("line", [None, ABOVE, BELOW])
def test_a_card_has_no_placeholder_left_and_says_verify(
    line: Line | None, language: Language
) -> None:
    card = html(of(line=line), language)
    assert "{" not in card
    assert words(language)("history.verify") in card
    assert 'data-value="90"' in card
    assert ("京东" if language == "zh" else "JD") in card


def test_above_the_line_a_card_says_what_today_still_allows() -> None:
    card = html(of(line=ABOVE))
    assert "● at 85% or above" in card
    assert "Of the 40 still expected today 33 may be missed: the day then ends at 85%" in card
    assert "59 misses in a row from now on would fall below 85%" in card
    assert "Expected at the end of today: 90%, if the 40 still to come go as in the last" in card
    assert "It leaves the window on Fri 11 Dec" in card
    assert "No line is set" not in card


def test_below_the_line_a_card_says_what_recovery_takes() -> None:
    card = html(of(line=BELOW))
    assert "■ below 95%" in card
    assert "Today ends below 95% even if all that is still to come is answered in time" in card
    assert "Back at the line if all are in time: after 1,000 more, by the end of today" in card
    assert "Back at the line as things go: not by adding rounds, not within 30 days" in card
    assert "would fall below" not in card


def test_without_a_line_a_card_says_what_a_miss_costs_and_where_to_set_one() -> None:
    card = html(of())
    assert "Each miss costs 0.0962 percentage points" in card
    assert "jd.first_reply_30s" in card.split("No line is set")[1]


def test_rules_past_their_date_are_marked() -> None:
    until = JD.pack.good_until
    assert until is not None
    assert "▲" not in html(of(), today=until)
    late = html(of(), today=until + timedelta(days=1))
    assert "▲ These rules were good until 31 May 2027" in late
    assert "jd.toml" in late


def test_a_window_without_rounds_is_unknown_and_not_0() -> None:
    card = html(of(window=Tally(0, 0), line=ABOVE))
    assert 'data-value=""' in card
    assert "at 85% or above" not in card


def test_a_kpi_that_no_source_can_tell_names_the_column() -> None:
    card = html(NoPace(JD, (Lack("contacts.first_reply_at", ("desk",)),)), "zh")
    assert "contacts.first_reply_at" in card
    assert "desk" in card
    assert "cannot be filtered like this" in html(NoPace(JD))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((of(line=ABOVE), of(line=BELOW)), "stands at 90%, below 95%"),
        ((of(line=ABOVE), of(line=Line(85.0, 3, 2, None))), "3 more misses today"),
        ((of(line=Line(90.0, None, 0, None)),), "will fall below 90% today"),
        ((of(),), "No line is set yet"),
        ((NoPace(JD), of(window=Tally(0, 0))), "No rounds in the windows"),
    ],
)
def test_the_sentence_is_about_the_kpi_in_most_trouble(
    found: tuple[Pace | NoPace, ...], said: str
) -> None:
    assert said in sentence(Paces(NOW, TODAY, found), words("en"))


def test_the_chart_runs_from_the_past_into_the_days_ahead_and_leads_to_contacts() -> None:
    pace = of(line=ABOVE)
    frame = pace_frame(pace, words("en"))
    past = frame[frame["value"].notna()]
    ahead = frame[frame["ahead"].notna()]
    assert (len(past), len(ahead)) == (31, 32)  # the dashed line begins at the known one's end
    assert set(frame["target"]) == {85.0}
    pick = read_pick(past.iloc[-1]["pick"])
    assert pick is not None
    since, until = window_of(pick)
    assert since.astimezone(ZONE) == datetime(2026, 11, 20, tzinfo=ZONE)
    assert until - since == timedelta(days=1)
    assert frame[frame["value"].isna()]["pick"].isna().all()


def test_the_file_has_the_days_of_the_chart() -> None:
    asked = read_asked("pace", {}, kpis=[JD.key], known={}, language="en",
                       now=NOW.astimezone(ZONE))  # fmt: skip
    text = csv_bytes(pace_panel(of(line=ABOVE), asked, NOW).sheet).decode("utf-8-sig")
    assert "jd.first_reply_30s" in text
    lines = text.splitlines()
    head = next(at for at, one in enumerate(lines) if one.startswith("Day,"))
    assert len(lines) - head - 1 == 31 + 31
    assert lines[head + 1] == "2026-10-21,20,2,90,"


# --- the page itself ---------------------------------------------------------------------------


def pace_page() -> None:
    from dashboard.pages import pace

    pace.show()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    made = shop.open_new(tmp_path)
    shop.fill(made, datetime.now(UTC), days=40, per_day=20)
    refresh(made, load_registry(["general", "jd"]))
    monkeypatch.setenv(CONFIG_VARIABLE, str(shop.write_config(tmp_path)))
    data.feed.cache_clear()
    yield made
    made.close()
    opened = data.feed()._store
    if opened is not None:
        opened.close()
    data.feed.cache_clear()


def configure(folder: Path, text: str) -> None:
    config = folder / "deskpulse.toml"
    config.write_text(config.read_text(encoding="utf-8") + text, encoding="utf-8")
    data.feed.cache_clear()


def shown(**query: str) -> str:
    page = AppTest.from_function(pace_page, default_timeout=60)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return "".join(element.proto.body for element in page.get("html"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_marketplace_pack_the_page_says_how_to_add_one(
    store: Store, language: Language
) -> None:
    page = shown(lang=language)
    assert words(language)("pace.no_packs") in page
    assert "[kpis]" in page


def test_the_page_shows_the_shares_of_the_packs_against_the_shops_lines(
    store: Store, tmp_path: Path
) -> None:
    configure(tmp_path, """
[kpis]
packs = ["general", "jd"]
[pace.targets]
"jd.first_reply_30s" = 30
""")  # fmt: skip
    page = shown(lang="en")
    assert 'data-tile="jd.first_reply_30s"' in page
    assert "at 30% or above" in page
    assert "jd.mean_response" not in page
    assert "Dongdong first reply within 30 s (to verify): the last 30 days" in page
    filtered = shown(lang="en", queue=shop.QUEUES[0][0])
    assert "Service orders reviewed within 20 min (to verify) cannot be filtered" in filtered


def test_a_column_that_the_source_lacks_is_named_on_its_card(store: Store, tmp_path: Path) -> None:
    with store.begin() as connection:
        save_columns(connection, "helpdesk", frozenset({"contacts", "contacts.opened_at"}))
    configure(tmp_path, '\n[kpis]\npacks = ["general", "jd"]\n')
    assert "needs contacts.first_reply_at" in shown(lang="en")


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ('{ "jd.first_reply_30s" = 120 }', "jd.first_reply_30s"),
        ('{ "jd.first_reply_30s" = "high" }', "jd.first_reply_30s"),
        ("{ csat = 90 }", "'csat' has no pace; the KPIs that have one are jd.first_reply_30s"),
        ('{ "jd.mean_response" = 30 }', "'jd.mean_response' has no pace"),
        ('{ "taobao.reply_3min" = 90 }', "'taobao.reply_3min' has no pace"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused(tmp_path: Path, targets: str, said: str) -> None:
    config = shop.write_config(tmp_path)
    text = f'\n[kpis]\npacks = ["general", "jd"]\n[pace]\ntargets = {targets}\n'
    config.write_text(config.read_text(encoding="utf-8") + text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(config)
    assert any("[pace]" in one and said in one for one in caught.value.problems)
