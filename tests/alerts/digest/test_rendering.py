"""A digest as mail, text, chat and JSON, in both languages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from alerts.digest.chat import MOST_BYTES, chat_markdown, chat_text
from alerts.digest.content import (
    AlertCount,
    Change,
    DayPoint,
    Digest,
    DigestNote,
    OpenCase,
    OpenItems,
    OpenReview,
    Outage,
    QueueChart,
    TrendChart,
    Verdict,
)
from alerts.digest.letter import digest_body, digest_letter, digest_page
from alerts.digest.mail_html import html
from alerts.digest.mail_text import plain
from alerts.digest.words import Speaker
from alerts.mail import message
from alerts.render import Wording, catalogue
from tests.alerts.digest.factories import NOW, REGISTRY, SHANGHAI, YESTERDAY, digest, figure

URL = "https://desk.example.com"
PNG = b"\x89PNG\r\n\x1a\n"


def bad_day(**changes) -> Digest:
    queue = figure(queue="天猫售前", value=40.0, n=90)
    csat = figure(kpi="csat", value=92.0, usual=87.0, direction="better", low=82.0, high=91.0)
    calm = figure(kpi="first_response", value=85.0, usual=80.0, verdict=Verdict.STEADY,
                  low=70.0, high=95.0)  # fmt: skip
    thin = figure(kpi="abandonment", value=50.0, n=4, verdict=Verdict.THIN, low=None, high=None)
    none = figure(kpi="reply_time", value=None, n=0, verdict=Verdict.NO_DATA, direction="neither",
                  low=None, high=None)  # fmt: skip
    values = {
        "changes": (Change(figure=figure(), hit=30.0, importance=9.0, queues=(queue,)),
                    Change(figure=csat, hit=10.0, importance=2.0)),
        "figures": (figure(), csat, calm, thin, none),
        "silent": ("review_score",),
        "charts": (
            TrendChart("service_level", tuple(
                DayPoint((YESTERDAY - timedelta(days=back)).date(), 80.0 + back % 5, 200)
                for back in range(28, -1, -1)), 1, 86.0),
            QueueChart("service_level", (queue, figure(queue="抖音")), 0),
        ),
        "items": OpenItems(
            reviews_open=3, reviews=(OpenReview("o1", 1.0, NOW - timedelta(days=2)),),
            cases_open=7, cases=(OpenCase("c1", "refund", "拍错", NOW - timedelta(days=9), 99.0),),
            outages=(Outage("shop", YESTERDAY, YESTERDAY + timedelta(hours=1)),),
            alerts=(AlertCount("slow", "抖音", "critical", 2, 3_600.0, firing=True),),
        ),
    }  # fmt: skip
    return digest(**(values | changes))


def speaker(made=None, lang="zh") -> Speaker:
    return Speaker(made or bad_day(), Wording(lang, SHANGHAI, URL))


@pytest.fixture(scope="module")
def letters():
    note = DigestNote(key="digest-1", receiver="mail", digest=bad_day())
    return {
        lang: digest_letter(note, Wording(lang, SHANGHAI, URL), now=NOW) for lang in ("zh", "en")
    }


class Page(HTMLParser):
    """What a mail client would look at."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.words += data


def test_the_subject_says_the_day_and_the_most_important_change(letters):
    assert letters["zh"].subject == (
        "示例旗舰店 客服日报 · 11月11日 周三：服务水平 72%，平时 86%，另有 1 项变化"
    )
    assert letters["en"].subject.endswith("Wed 11 Nov: Service level 72%, usually 86%, and 1 more")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_order_is_changes_numbers_charts_items_definitions(letters, lang):
    say = speaker(lang=lang).say
    heads = [say(key) for key in ("changed", "numbers", "charts", "items_title", "definitions")]
    for words in (Page(letters[lang].html).words, letters[lang].text):
        places = [words.index(head) for head in heads]
        assert places == sorted(places)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_change_says_what_why_how_many_where_and_of_how_many(letters, lang):
    said = speaker(lang=lang)
    [change, _] = said.digest.changes
    for words in (Page(letters[lang].html).words, letters[lang].text):
        for part in (said.why(change), said.movers(change), "72%", "86%", "84%", "n\u00a0213"):
            assert part in words
    assert "30" in said.why(change)
    assert "天猫售前 40%" in said.movers(change)


def test_nothing_is_loaded_from_anywhere_and_every_picture_is_in_the_mail(letters):
    page = Page(letters["zh"].html)
    sources = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    assert sources == [f"cid:{one.name}" for one in letters["zh"].pictures]
    assert len(sources) == 2
    assert all(one.png.startswith(PNG) for one in letters["zh"].pictures)
    assert not {"script", "link", "style", "iframe", "svg"} & {*page.tags}
    assert {value for _, name, value in page.attributes if name == "href"} == {f"{URL}/?lang=zh"}
    alts = [value for tag, name, value in page.attributes if (tag, name) == ("img", "alt")]
    assert all(alts)
    assert "url(" not in letters["zh"].html


def test_the_mail_has_text_first_and_its_pictures_beside_the_html(letters):
    mail = message(letters["zh"], sender="a@example.com", to=["b@example.com"], now=NOW)
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html",
                     "image/png", "image/png"]  # fmt: skip
    ids = [part["Content-ID"] for part in mail.walk() if part.get_content_type() == "image/png"]
    assert ids == ["<chart1>", "<chart2>"]
    assert len(mail.as_bytes()) < 400_000


def test_a_picture_that_could_not_be_drawn_leaves_its_words(letters):
    from alerts.digest.drawing import Picture

    shown = [Picture("服务水平", "", "从 80% 到 72%", None)]
    page = Page(html(speaker(), shown, lambda _: "cid:x", now=NOW))
    assert "img" not in page.tags
    assert "从 80% 到 72%" in page.words


def test_the_page_for_a_look_beforehand_holds_its_pictures(letters):
    page = Page(digest_page(speaker(), now=NOW))
    sources = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    assert len(sources) == 2
    assert all(one.startswith("data:image/png;base64,iVBOR") for one in sources)


def test_thin_and_unknown_numbers_are_said_to_be_so(letters):
    words = letters["en"].text
    assert "Abandonment 50% · usually 86% · day before 84% · n\u00a04 · few values" in words
    assert "Reply time – ·" in words
    assert "No data: Review score." in words


@pytest.mark.parametrize(
    ("made", "zh", "en"),
    [
        (digest(), "没有数据", "no data"),
        (digest(figures=(figure(verdict=Verdict.STEADY),)), "与平时相当", "as usual"),
        (
            digest(figures=(figure(verdict=Verdict.THIN),)),
            "样本太少，不作判断",
            "too few values to judge",
        ),
        (digest(figures=(figure(value=None, verdict=Verdict.NO_DATA),)), "没有数据", "no data"),
    ],
)
def test_a_digest_without_a_change_says_which_kind_of_quiet_it_is(made, zh, en):
    assert speaker(made).subject().endswith(f"：{zh}")
    assert speaker(made, "en").subject().endswith(f": {en}")


def test_numbers_that_are_not_whole_and_a_late_digest_carry_a_warning():
    made = bad_day(as_of=YESTERDAY + timedelta(hours=18), filling=("shop",), computing=("csat",))
    said = speaker(made, "en").warnings(NOW + timedelta(hours=5))
    assert len(said) == 4
    assert "Data only up to Wed 11 Nov 18:00" in said[0]
    assert speaker(bad_day()).warnings(NOW) == []


def test_a_name_from_a_source_is_never_markup():
    evil = figure(queue='<script>x</script>[a](http://e)**\n"')
    made = bad_day(changes=(Change(figure=evil, hit=3.0, importance=1.0),), charts=())
    page = Page(html(speaker(made), [], lambda _: "", now=NOW))
    assert "script" not in page.tags
    marked = chat_markdown(speaker(made), now=NOW)
    assert "[a](" not in marked
    assert "<script" not in marked.replace("\\<", "")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_chat_message_is_short_and_begins_with_what_changed(lang):
    said = speaker(lang=lang)
    for words in (chat_text(said, now=NOW), chat_markdown(said, now=NOW)):
        lines = [line for line in words.split("\n") if line]
        assert said.digest.name in lines[0]
        assert "72%" in lines[1]
        assert f"{URL}/?lang={lang}" in lines[-1]
        assert len(words.encode()) <= MOST_BYTES


def test_a_chat_message_that_would_be_too_long_keeps_its_beginning_and_its_link():
    long = figure(queue="很长的队列名" * 120)
    made = bad_day(changes=(Change(figure=long, hit=3.0, importance=1.0),) * 4)
    words = chat_text(speaker(made), now=NOW)
    assert len(words.encode()) <= MOST_BYTES
    assert words.endswith(f"{URL}/?lang=zh")


def test_a_webhook_gets_text_markdown_and_numbers():
    note = DigestNote(key="digest-1", receiver="hook", digest=bad_day())
    body = json.loads(digest_body(note, Wording("en", SHANGHAI, URL), now=NOW))
    assert (body["kind"], body["key"], body["version"]) == ("digest", "digest-1", "1")
    assert body["digest"]["since"] == "2026-11-11T00:00:00+08:00"
    assert body["digest"]["figures"][4]["value"] is None
    assert body["digest"]["changes"][0]["figure"]["kpi"] == "service_level"


def test_every_kpi_of_the_registry_can_be_told_in_both_languages():
    for key, kpi in REGISTRY.items():
        if kpi.is_state:
            continue
        for way in ("worse", "better", "neither"):
            one = figure(kpi=key, value=12.0, usual=10.0, direction=way)
            made = bad_day(changes=(Change(figure=one, hit=3.0, importance=1.0),), figures=(one,))
            for lang in ("zh", "en"):
                words = plain(speaker(made, lang), [], now=NOW)
                assert kpi.title(lang) in words
                assert "{" not in words


def test_what_is_explained_is_a_kpi_that_exists_and_in_its_own_direction():
    keys = {key for key in catalogue().texts["en"] if key.startswith("digest.why.")}
    assert len(keys) > 40
    for key in keys:
        kpi, _, way = key.removeprefix("digest.why.").rpartition(".")
        known = REGISTRY.find(kpi)
        assert way in (("more", "less") if known.better == "neither" else ("worse", "better")), key


def test_both_languages_have_the_same_words():
    assert catalogue().gaps() == []


def test_a_second_of_a_span_of_a_week_is_named_by_its_first_and_last_day():
    week = replace(digest(), every="weekly", since=YESTERDAY - timedelta(days=6))
    assert speaker(week, "en").days() == "Thu 5 Nov – Wed 11 Nov"
