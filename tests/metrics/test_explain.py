"""Definitions in words: whole in both languages, and without a word of the TOML left in them."""

from __future__ import annotations

import re
from itertools import chain

import pytest

from metrics.explain import catalogue, explain
from metrics.kpi import Kpi
from metrics.packs import available, load_registry
from metrics.vocabulary import AGENT_TIME_NUMBERS, UNITS

ALL = load_registry(available())
HAN = re.compile(r"[\u4e00-\u9fff]")


def texts(key: str, language: str) -> dict[str, str]:
    return dict(explain(ALL.find(key), language).settings)


def test_the_languages_have_the_same_texts() -> None:
    assert catalogue().gaps() == []


@pytest.mark.parametrize("kpi", ALL.values(), ids=lambda kpi: kpi.key)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_setting_of_every_kpi_is_in_words(kpi: Kpi, language: str) -> None:
    meant = explain(kpi, language)
    assert meant.settings
    for name, text in meant.settings:
        assert name
        assert text
        assert "{" not in text
        if name not in ("Needs of the source", "数据源须提供"):
            assert "_" not in text
        if language == "en":
            assert not HAN.search(name + text)


def test_every_word_of_the_vocabulary_has_a_text() -> None:
    known = catalogue()
    words = chain.from_iterable(
        [("event", name, word) for word in unit.events]
        + [("condition", name, word) for word in unit.conditions]
        + [("number", name, word) for word in unit.numbers]
        for name, unit in UNITS.items()
    )
    missing = [
        (kind, unit, word)
        for kind, unit, word in words
        if not (known.has(f"explain.{kind}.{word}") or known.has(f"explain.{kind}.{unit}.{word}"))
    ]
    assert missing == []
    assert all(known.has(f"explain.number.{word}") for word in AGENT_TIME_NUMBERS)


def test_a_ratio_names_its_two_kpis_by_their_titles() -> None:
    assert texts("complaint_rate", "en")["The figure"] == (
        "Complaints ÷ Orders paid, in percent, each by its own date"
    )
    assert "单均咨询量" not in texts("contacts_per_order", "zh")["数值"]
    assert "进线量 ÷ 下单量" in texts("contacts_per_order", "zh")["数值"]


def test_a_share_says_what_counts_in_it_and_out_of_what() -> None:
    level = texts("service_level", "en")
    assert level["The figure"] == "share of those that are: within 30 s"
    assert level["Out of"] == "those that left the queue, answered or abandoned"
    assert "Measured" not in texts("abandonment", "en")
    assert texts("abandonment", "en")["The figure"].endswith("abandoned")
    assert texts("shipped_late", "en")["The figure"].startswith("number of those that are: later")


def test_cases_and_orders_are_not_answered_but_come_to_an_end() -> None:
    assert texts("after_sales_turnaround", "zh")["计时"] == "从申请售后到售后完结"
    assert texts("pay_to_ship", "en")["Out of"] == "those whose two moments are known"


def test_limits_of_a_platform_are_said() -> None:
    meant = texts("jd.mean_response", "en")
    assert meant["Only between"] == "09:00–23:00"
    assert meant["Days left out"] == "2024-02-04 – 2024-02-17"
    assert meant["The platform looks at the last"] == "30 d"
    assert texts("jd.first_reply_30s", "en")["Line to reach"] == "85%"
