"""Words and figures: both languages complete, every number in a form that fits its place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dashboard.words import Figure, as_language, catalogue, words

ZH, EN = words("zh"), words("en")


def test_both_catalogues_hold_the_same_keys_and_placeholders() -> None:
    assert catalogue().gaps() == []


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0秒", "0s"),
        (59.9, "59秒", "59s"),
        (60, "1分", "1min"),
        (574, "9分34秒", "9min34s"),
        (600, "10分", "10min"),
        (1834, "30分", "30min"),
        (4_320, "1小时12分", "1h12min"),
        (36_100, "10小时", "10h"),
        (273_600, "3天4小时", "3d4h"),
        (1_000_000, "11天", "11d"),
    ],
)
def test_a_big_duration_is_cut_to_what_can_be_read_from_afar(
    seconds: float, zh: str, en: str
) -> None:
    for say, expected in ((ZH, zh), (EN, en)):
        assert "".join(f.digits + f.unit for f in say.big_duration(seconds)) == expected


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        (0, "0", "0"),
        (9_999, "9,999", "9,999"),
        (12_345, "1.2万", "12.3k"),
        (123_456, "12.3万", "123k"),
        (2_500_000, "250万", "2.5M"),
    ],
)
def test_a_big_count_is_shortened_from_ten_thousand_on(value: int, zh: str, en: str) -> None:
    for say, expected in ((ZH, zh), (EN, en)):
        assert "".join(f.digits + f.unit for f in say.big_count(value)) == expected


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (0.3, "<1"), (78.6, "79"), (99.7, ">99"), (100, "100")]
)
def test_a_percentage_never_says_all_or_none_when_it_is_not(value: float, shown: str) -> None:
    assert ZH.big_percent(value) == (Figure(shown, "%"),)


def test_days_are_said_in_each_language() -> None:
    moment = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
    assert ZH.day(moment) == "11月21日 周六"
    assert EN.moment(moment) == "Sat 21 Nov 03:04:05"


@pytest.mark.parametrize(
    ("text", "language"),
    [("zh", "zh"), ("zh-CN", "zh"), ("en_GB", "en"), ("EN", "en"), ("fr", None), (None, None)],
)
def test_a_locale_gives_a_language_or_none(text: str | None, language: str | None) -> None:
    assert as_language(text) == language
