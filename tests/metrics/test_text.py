"""Catalogues and formats for people."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from metrics.text import (
    Catalogue,
    format_age,
    format_day,
    format_duration,
    format_moment,
    format_number,
    format_percent,
    load_catalogue,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (None, "–", "–"),
        (float("nan"), "–", "–"),
        (0, "0秒", "0 s"),
        (0.9, "0秒", "0 s"),
        (59.9, "59秒", "59 s"),
        (60, "1分钟", "1 min"),
        (80, "1分20秒", "1 min 20 s"),
        (3_600, "1小时", "1 h"),
        (3_605, "1小时", "1 h"),  # a second unit of zero isn't shown, a third never
        (5_400, "1小时30分", "1 h 30 min"),
        (5_170_590, "59天20小时", "59 d 20 h"),
        (-3, "0秒", "0 s"),
    ],
)
def test_a_duration_has_the_two_largest_units(seconds, zh, en):
    assert format_duration(seconds, "zh") == zh
    assert format_duration(seconds, "en") == en


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (None, "–", "–"),
        (0.4, "刚刚", "just now"),
        (3, "3 秒前", "3 s ago"),
        (200, "3 分钟前", "3 min ago"),
        (7_300, "2 小时前", "2 h ago"),
        (200_000, "2 天前", "2 d ago"),
    ],
)
def test_an_age_has_one_unit(seconds, zh, en):
    assert format_age(seconds, "zh") == zh
    assert format_age(seconds, "en") == en


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0, "0"), (42, "42"), (12_345, "12,345"), (4.56, "4.6"), (-0.01, "0.0")],
)
def test_a_number_is_grouped_and_an_unknown_one_is_a_dash(value, text):
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (85.24, "85.2%"), (80, "80%"), (100, "100%"), (0, "0%")]
)
def test_a_percentage_keeps_one_decimal_at_most(value, text):
    assert format_percent(value) == text


def test_a_moment_names_the_day_unless_it_is_today_in_the_shops_zone():
    now = datetime(2026, 11, 10, 16, 30, tzinfo=UTC)  # half past midnight of the 11th in Shanghai
    before = datetime(2026, 11, 10, 15, 59, tzinfo=UTC)
    assert format_moment(now, "zh", zone=SHANGHAI, now=now) == "00:30"
    assert format_moment(before, "zh", zone=SHANGHAI, now=now) == "11月10日 周二 23:59"
    assert format_moment(before, "en", zone=SHANGHAI, now=now) == "Tue 10 Nov 23:59"
    assert format_day(now, "zh", zone=SHANGHAI) == "11月11日 周三"


def test_a_text_missing_in_a_language_is_english():
    catalogue = Catalogue({"en": {"a": "yes {n}"}, "zh": {}})
    assert catalogue.t("a", "zh", n=3) == "yes 3"


def test_gaps_name_missing_keys_and_different_placeholders():
    catalogue = Catalogue({"en": {"a": "{n} x", "b": "b"}, "zh": {"a": "{m} x"}})
    assert catalogue.gaps() == ["a has different placeholders", "b is missing in zh"]


def test_nested_tables_become_dotted_keys(tmp_path: Path):
    for lang in ("zh", "en"):
        (tmp_path / f"{lang}.toml").write_text('[tile.waiting]\nname = "排队"\n', "utf-8")
    assert load_catalogue(tmp_path).t("tile.waiting.name", "zh") == "排队"
