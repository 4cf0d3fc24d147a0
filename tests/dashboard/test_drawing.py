"""Strip, tiles, table, titles and notices: values → HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from alerts.alert import Severity
from dashboard.board import SourceView, State, Tile, Trends
from dashboard.lists import list_html, note_html
from dashboard.markup import raw, shorten, sparkline, tag
from dashboard.notices import empty_html, error_html
from dashboard.strip import strip_html
from dashboard.table import band_names, table_html
from dashboard.tiles import bullet, shop_html, tile_html, tiles_html
from dashboard.titles import title_html
from dashboard.words import words
from tests.dashboard.factories import (
    NOW,
    make_alert,
    make_board,
    make_row,
    make_rows,
    make_source,
    make_tiles,
    make_trends,
)

ZH, EN = words("zh"), words("en")
EVIL = '<img src=x onerror=alert(1)>"&'


class Elements(HTMLParser):
    """All elements with their attributes, and the text of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[dict[str, str | None]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        assert self.open == [], "elements that are not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append({"tag": tag, **dict(attrs)})
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + " "

    def having(self, attribute: str) -> list[dict[str, str | None]]:
        return [one for one in self.elements if attribute in one]


def tile(**changes: Any) -> Elements:
    values: dict[str, Any] = {"key": "waiting", "unit": "count", "value": 34.0} | changes
    return Elements(tile_html(Tile(**values), ZH, as_of=NOW))


def test_a_tile_carries_its_key_and_raw_value() -> None:
    [found] = tile(key="longest_wait", unit="s", value=1834.25).having("data-tile")
    assert (found["data-tile"], found["data-value"]) == ("longest_wait", "1834.25")


def test_an_unknown_value_is_a_dash_with_its_reason_and_never_zero() -> None:
    found = tile(value=None, reason="no_queue")
    [element] = found.having("data-tile")
    assert element["data-value"] == ""
    assert ZH("reason.no_queue") in str(element["title"])
    assert "–" in found.text
    assert "0" not in found.text


def test_a_state_is_said_by_shape_and_word_beside_the_colour() -> None:
    found = tile(state=State.BREACH)
    assert "■" in found.text
    assert [one["aria-label"] for one in found.having("aria-label")] == [ZH("state.BREACH")]
    assert "■" not in tile(state=State.CALM).text


def test_a_thin_sample_says_its_n_first() -> None:
    found = tile(key="csat", unit="percent", value=100.0, n=2, low=34.0, high=100.0)
    assert ZH("note.thin", n=2) in found.text


def test_the_hint_tells_definition_n_and_time() -> None:
    [element] = tile(key="csat", unit="percent", value=91.0, n=214).having("data-tile")
    hint = str(element["title"])
    assert ZH("hint.csat") in hint and "214" in hint and "18:10:06" in hint


def test_a_bullet_shows_target_and_value_on_one_scale() -> None:
    html = bullet(Tile("longest_wait", "s", 300.0, target=600.0))
    assert "--fill:25.0%" in html and "--target:50.0%" in html
    assert bullet(Tile("longest_wait", "s", None, target=600.0)) == ""


@pytest.mark.parametrize("say", [ZH, EN], ids=["zh", "en"])
def test_every_tile_has_words_in_each_language(say: Any) -> None:
    html = tiles_html(make_tiles(), say, as_of=NOW)
    assert len(Elements(html).having("data-tile")) == 6
    shop = tuple(Tile(key, "count", 3.0) for key in ("orders_placed", "overdue_shipments"))
    assert len(Elements(tiles_html(shop, say, as_of=None)).having("data-tile")) == 2
    [late] = Elements(shop_html(shop, say, as_of=None)).having("data-tile")
    assert late["data-tile"] == "overdue_shipments"


def test_no_text_of_a_customer_becomes_markup() -> None:
    board = make_board(
        name=EVIL, rows=(make_row(queue=EVIL, channel=EVIL),), alerts=(make_alert(queue=EVIL),)
    )
    html = strip_html(board, ZH) + table_html(board, ZH) + list_html([EVIL], [[EVIL]])
    assert "<img" not in html
    assert {one["tag"] for one in Elements(html).elements} <= {
        "header", "div", "p", "span", "small", "b", "i", "a", "table", "thead", "tbody", "tr",
        "th", "td",
    }  # fmt: skip


def test_a_quiet_board_says_that_there_is_no_alert() -> None:
    assert ZH("alert.none") in strip_html(make_board(alerts=()), ZH)


def test_two_alerts_are_said_in_words_and_the_rest_is_counted() -> None:
    alerts = tuple(make_alert(fingerprint=str(at), queue=f"Q{at}") for at in range(5))
    found = Elements(strip_html(make_board(alerts=alerts), ZH))
    assert "Q0" in found.text and "Q1" in found.text and "Q2" not in found.text
    assert ZH("alert.more", n=3) in found.text
    assert "■ Q0 排队 34（目标 ≤ 20）" in found.text


def test_a_warning_is_said_with_its_own_shape() -> None:
    html = strip_html(make_board(alerts=(make_alert(severity=Severity.WARNING),)), EN)
    assert "▲" in html and "dp-watch" in html


def test_a_history_being_read_is_said_while_nothing_is_wrong() -> None:
    source = make_source(filling=True, backfill_done=1200, backfill_total=5000)
    text = Elements(strip_html(make_board(alerts=(), sources=(source,)), EN)).text
    assert "1,200" in text and "5,000" in text


def test_a_history_being_read_takes_the_line_that_alerts_leave() -> None:
    source = make_source(filling=True, backfill_done=1200, backfill_total=5000)
    one, *more = (make_alert(fingerprint=str(at), queue=f"Q{at}") for at in range(2))
    assert "1,200" in Elements(strip_html(make_board(alerts=(one,), sources=(source,)), EN)).text
    full = Elements(strip_html(make_board(alerts=(one, *more), sources=(source,)), EN)).text
    assert "Q0" in full and "Q1" in full and "1,200" not in full


def test_a_command_in_a_sentence_stands_out_and_nothing_else_is_html() -> None:
    html = note_html("the <store> is empty; run `deskpulse migrate`")
    assert "&lt;store&gt; is empty; run <code>deskpulse migrate</code>" in html


def rows_of(html: str) -> list[dict[str, str | None]]:
    return Elements(html).having("data-queue")


def test_a_row_carries_its_queue_and_raw_values_and_links_to_its_contacts() -> None:
    [row] = rows_of(table_html(make_board(rows=(make_row(queue="A&B"),)), ZH))
    assert (row["data-queue"], row["data-waiting"], row["data-longest"]) == ("A&B", "34", "1834")
    assert row["href"] == "queues?queue=A%26B&source=helpdesk"


def test_unknown_agents_and_levels_are_dashes_with_a_reason() -> None:
    found = Elements(table_html(make_board(rows=(make_row(agents=None, service_level=None),)), ZH))
    titles = [str(one["title"]) for one in found.having("title")]
    assert ZH("reason.presence") in titles and ZH("reason.no_contacts") in titles


def test_waits_beyond_the_cut_are_said_as_such() -> None:
    row = make_row(longest_wait_s=None, waiting=1, waiting_over_cut=1, cut_s=259_200.0)
    text = re.sub(r"\s", "", Elements(table_html(make_board(rows=(row,)), ZH)).text)
    assert ">3天" in text


def test_the_wall_shows_one_page_and_dots_and_the_phone_gets_all_rows() -> None:
    html = table_html(make_board(rows=make_rows(20)), ZH)
    rows = rows_of(html)
    assert len(rows) == 20
    assert sum("dp-off" not in str(row["class"]) for row in rows) <= 8
    assert html.count("dp-on") == 1


def test_more_queues_than_six_pages_are_counted_and_not_forgotten() -> None:
    html = table_html(make_board(rows=make_rows(60)), ZH)
    assert len(rows_of(html)) == 48
    assert ZH("table.rest", n=12) in html


def test_no_queue_at_all_is_a_designed_state() -> None:
    assert ZH("table.empty_hint") in table_html(make_board(rows=()), ZH)


def test_the_rows_of_a_dead_source_say_so() -> None:
    [row] = rows_of(table_html(make_board(rows=(make_row(reachable=False),)), ZH))
    assert row["data-reachable"] == "no"


def test_bands_are_named_by_their_edges() -> None:
    assert band_names((30, 120, 3_600), EN) == ["≤30s", "≤2m", "≤1h", ">1h"]
    assert band_names((), ZH) == []


def test_each_chart_has_a_title_with_a_figure_or_says_that_data_are_missing() -> None:
    for name in ("volume", "response", "satisfaction"):
        assert re.search(r"\d", Elements(title_html(name, make_trends(), ZH)).text)
        assert ZH("chart.nothing") in title_html(name, Trends(), ZH)


def test_an_empty_store_tells_what_to_do_next() -> None:
    filling = SourceView("helpdesk", "down", None, None, 2.0, None, True, 5, 10)
    html = empty_html((filling,), EN)
    assert "deskpulse check" in html and "helpdesk" in html and "5" in html


def test_an_error_is_shown_as_words() -> None:
    assert "&lt;b&gt;" in error_html("<b>", EN)


def test_a_sparkline_needs_two_values_and_keeps_its_gaps() -> None:
    assert sparkline((1.0, None)) == ""
    assert sparkline((1.0, 2.0, None, 3.0, 4.0)).count("M") == 2


@pytest.mark.parametrize(
    ("text", "cells", "short"),
    [("天猫旗舰店", 10, "天猫旗舰店"), ("天猫旗舰店", 9, "天猫旗舰…"), ("abcdef", 4, "abc…")],
)
def test_a_text_is_cut_to_its_width_with_an_ellipsis(text: str, cells: int, short: str) -> None:
    assert shorten(text, cells) == short


def test_raw_values_are_exact_and_unknown_ones_empty() -> None:
    assert [raw(34.0), raw(85.25), raw(None)] == ["34", "85.25", ""]
    assert tag("i", title='"') == '<i title="&quot;"></i>'
