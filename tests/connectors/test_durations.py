"""Spans of time as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from connectors.durations import Duration, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("30s", 30),
        ("2m", 120),
        ("30min", 1_800),
        ("1h30m", 5_400),
        ("1h 30m", 5_400),
        ("1d", 86_400),
        ("1.5h", 5_400),
        (" 250ms ", 0.25),
    ],
)
def test_a_span_is_read_with_its_unit(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "30", "s", "30x", "-5s", "1h-5m", "5 seconds", "9999999d"])
def test_anything_else_is_refused_in_words(text):
    with pytest.raises(ValueError, match="write"):
        parse_duration(text)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3_000)))
def test_what_is_written_is_read_back(span):
    assert parse_duration(format_duration(span)) == span


def test_a_span_has_one_written_form():
    assert format_duration(parse_duration("90s")) == "1m30s"
    assert format_duration(timedelta(0)) == "0s"


class _Section(BaseModel):
    wait: Duration = timedelta(seconds=1)


def test_a_setting_reads_text_and_refuses_a_bare_number():
    assert _Section.model_validate({"wait": "2m"}).wait == timedelta(minutes=2)
    assert _Section(wait=timedelta(seconds=5)).model_dump(mode="json") == {"wait": "5s"}
    for value in (30, timedelta(seconds=-1)):
        with pytest.raises(ValidationError):
            _Section.model_validate({"wait": value})
