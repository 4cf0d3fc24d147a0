"""Frames have what the specs name, and say what is known and what is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from dashboard.charts import Spec
from dashboard.history import charts_course, charts_spread
from dashboard.history.drill import read_pick, windows
from dashboard.history.frames_course import apart, course_frame, span_said
from dashboard.history.frames_spread import (
    MOST_BARS,
    breakdown_frame,
    distribution_frame,
    ranked,
    week_frame,
)
from dashboard.history.known import Known
from dashboard.history.period import preset
from dashboard.history.study import Split, edges_for
from dashboard.words import UNKNOWN, Language, words
from metrics.rows import Band, KpiRow, WeekHour
from tests.dashboard.history.factories import (
    KNOWN,
    NOW,
    days_of,
    kpi_of,
    make_row,
    make_timed,
)

LANGUAGES: tuple[Language, ...] = get_args(Language)
EN, ZH = words("en"), words("zh")
WEEK = preset("7d", NOW)
FIRST = WEEK.since
SPEED, LEVEL = kpi_of("first_response"), kpi_of("service_level")


def course(rows: Iterable[KpiRow], earlier: Iterable[KpiRow] = (), **more: Any) -> pd.DataFrame:
    kpi = more.pop("kpi", SPEED)
    return course_frame(kpi, list(rows), list(earlier), period=WEEK, say=EN, **more)


def timed_days(values: Iterable[float]) -> list[KpiRow]:
    return [make_timed(value, start=FIRST + timedelta(days=at)) for at, value in enumerate(values)]


def cells(base: float = 20.0, **values: Any) -> list[WeekHour]:
    """All hours alike but for those named `d0h9`."""
    return [
        WeekHour(day, hour, *values.get(f"d{day}h{hour}", (50, base)))
        for day in range(7)
        for hour in range(24)
    ]


def split_of(**values: tuple[float | None, int]) -> Split:
    rows = [make_row(value, n, labels={"queue": name}) for name, (value, n) in values.items()]
    return Split("queue", tuple(rows), ())


FRAMES: dict[str, tuple[Any, pd.DataFrame]] = {
    "line": (lambda lang: charts_course.course("%", lang), course(days_of([80.0, None], FIRST))),
    "percentiles": (
        lambda lang: charts_course.course("s", lang, percentiles=True, name="p50"),
        course(timed_days([20, 30])),
    ),
    "bars": (lambda lang: charts_course.bars("contacts", lang), course(days_of([8.0], FIRST))),
    "week": (charts_spread.week, week_frame(SPEED, cells(), EN)),
    "distribution": (
        charts_spread.distribution,
        distribution_frame(SPEED, [Band(0, 10, 4), Band(10, None, 6)], EN),
    ),
    "breakdown": (
        lambda lang: charts_spread.breakdown("s", lang),
        breakdown_frame(SPEED, split_of(a=(20.0, 50)), make_timed(20), KNOWN, EN),
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_has_every_column_that_its_spec_names(name: str, language: Language) -> None:
    make, frame = FRAMES[name]
    spec: Spec = make(language)
    text = json.dumps(spec)
    fields = set(re.findall(r'"field": "(\w+)"', text)) | set(re.findall(r"datum\.(\w+)", text))
    known = set(frame.columns) | {"value"}
    assert fields <= known
    selected = {one["name"]: one for one in spec["params"]}
    assert selected["pick"]["select"]["fields"] == ["pick"]


@pytest.mark.parametrize("name", FRAMES)
def test_a_spec_holds_no_data_and_no_colour_of_one_theme(name: str) -> None:
    text = json.dumps(FRAMES[name][0]("en"))
    assert '"data"' not in text and '"datasets"' not in text
    assert not re.search(r"#[0-9a-fA-F]{6}", text)


def test_each_day_leads_to_its_own_contacts() -> None:
    frame = course(timed_days([20, 30, 40]))
    picks = [read_pick(text) for text in frame["pick"]]
    assert all(pick is not None for pick in picks)
    assert windows(picks[1], WEEK) == [  # type: ignore[arg-type]
        ((FIRST + timedelta(days=1)).astimezone(UTC), (FIRST + timedelta(days=2)).astimezone(UTC))
    ]


def test_an_interval_without_values_is_unknown_and_leads_nowhere() -> None:
    frame = course(days_of([80.0, None, 90.0], FIRST), kpi=LEVEL)
    empty = frame.iloc[1]
    assert pd.isna(empty["value"]) and pd.isna(empty["pick"])
    assert empty["value_said"] == UNKNOWN


def test_a_value_without_neighbours_is_a_dot_because_no_line_leads_to_it() -> None:
    frame = course(days_of([80.0, None, 90.0, 91.0, None, None, None], FIRST), kpi=LEVEL)
    assert frame["dot"].tolist()[:4] == [True, False, False, False]


def test_the_days_before_stand_at_the_places_of_these_days() -> None:
    past = days_of([70.0, 71.0], FIRST - timedelta(days=7))
    frame = course(days_of([80.0, 81.0, 82.0], FIRST), past, kpi=LEVEL)
    assert frame["before"].tolist()[:2] == [70.0, 71.0]
    assert pd.isna(frame["before"].iloc[2])


def test_only_the_last_day_of_a_running_period_is_open() -> None:
    assert course(timed_days([20, 30]))["partial"].tolist() == [False, True]


def test_one_bad_day_leaves_the_picture_at_the_top_and_says_its_value() -> None:
    days = [*timed_days([20] * 5), make_timed(20, p95=7_200.0, start=FIRST + timedelta(days=5))]
    frame = course(days)
    assert frame["p95"].max() < 200
    assert frame["beyond"].dropna().tolist() == ["↑ 2 h"]


def test_a_target_is_a_labelled_line() -> None:
    frame = course(timed_days([20]), target=30.0)
    assert (frame["target"].iloc[0], frame["target_said"].iloc[0]) == (30.0, "target 30 s")
    assert course(timed_days([20]))["target"].isna().all()


def test_names_at_the_ends_of_lines_keep_apart() -> None:
    assert apart({"value": 10.0, "before": 10.5, "p90": 30.0}, 5.0) == {
        "value": 10.0, "before": 15.0, "p90": 30.0}  # fmt: skip


def test_both_hours_of_a_clock_set_back_keep_their_width() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 0, tzinfo=UTC)
    starts = [(first + timedelta(hours=hour)).astimezone(zone) for hour in range(3)]
    rows = [
        make_row(20.0, start=one, end=(one.astimezone(UTC) + timedelta(hours=1)).astimezone(zone))
        for one in starts
    ]
    frame = course(rows)
    assert ((frame["to"] - frame["from"]) == 3_600_000).all()
    assert frame["row"].tolist() == [0, 1, 2]


def test_a_span_is_said_as_short_as_it_is_clear() -> None:
    nine = FIRST.replace(hour=9)
    assert span_said(nine, nine + timedelta(minutes=30), EN) == "Sun 15 Nov 09:00–09:30"
    assert span_said(FIRST, FIRST + timedelta(days=1), EN) == "Sun 15 Nov"
    assert span_said(FIRST, FIRST + timedelta(days=7), ZH) == "11月15日 周日 至 11月21日 周六"


@pytest.mark.parametrize(("kpi", "bad", "good"), [(SPEED, 90.0, 5.0), (LEVEL, 4.0, 99.0)])
def test_the_strongest_colour_is_the_worst_hour(kpi: Any, bad: float, good: float) -> None:
    frame = week_frame(kpi, cells(d0h9=(50, bad), d1h9=(50, good)), EN)
    band = frame.set_index(["day", "hour"])["band"]
    assert band["Mon", 9] == charts_spread.BANDS - 1
    assert band["Tue", 9] == 0


def test_hours_that_are_nearly_alike_look_alike() -> None:
    frame = week_frame(SPEED, cells(d0h9=(50, 20.5)), EN)
    assert frame["band"].max() - frame["band"].min() <= 1


def test_hours_without_or_with_few_values_are_told_apart() -> None:
    frame = week_frame(SPEED, cells(d0h9=(3, 500.0), d1h9=(0, None)), EN)
    thin, none, usual = (
        frame[(frame["day"] == day) & (frame["hour"] == 9)].iloc[0] for day in ("Mon", "Tue", "Wed")
    )
    assert thin["thin"] and not usual["thin"]
    assert pd.isna(none["band"]) and none["cell"] == UNKNOWN
    assert pd.isna(none["pick"])
    assert len(frame) == 168


def test_shares_of_a_distribution_add_up() -> None:
    frame = distribution_frame(SPEED, [Band(0, 10, 1), Band(10, 60, 2), Band(60, None, 1)], EN)
    assert frame["share"].sum() == pytest.approx(100)
    assert frame["name"].tolist() == ["< 10s", "10s–1m", "≥ 1m"]


def test_bands_are_round_and_reach_beyond_nearly_all_values() -> None:
    edges = edges_for(make_timed(80.0))
    assert edges[0] == 0 and list(edges) == sorted(set(edges))
    assert 300 < edges[-1] <= 80 * 5 * 1.5
    assert edges_for(make_row(None, 0)) == (0.0,)


def test_the_worst_queue_comes_first_and_thin_ones_after_those_that_say_something() -> None:
    split = split_of(a=(20.0, 50), b=(90.0, 50), c=(500.0, 2), d=(None, 0))
    names = [row.labels[0][1] for row in ranked(SPEED, split.rows)]
    assert names == ["b", "a", "c"]
    assert [r.labels[0][1] for r in ranked(LEVEL, split.rows)] == ["a", "b", "c"]


def test_more_bars_than_fit_are_left_to_the_file() -> None:
    split = split_of(**{f"q{number}": (float(number), 50) for number in range(30)})
    frame = breakdown_frame(SPEED, split, make_timed(20), KNOWN, EN)
    assert len(frame) == MOST_BARS
    assert frame["name"].iloc[0] == "q29"


def test_agents_go_by_their_names() -> None:
    rows = tuple(make_row(20.0, labels={"agent": one}) for one in ("7", "99", ""))
    frame = breakdown_frame(SPEED, Split("agent", rows, ()), make_timed(20), KNOWN, EN)
    assert set(frame["name"]) == {"小北", "99", UNKNOWN}


def test_an_agent_is_found_by_name_and_namesakes_are_all_found() -> None:
    known = Known({"agent": ("1", "2", "3")}, {"1": "小北", "2": "Li (2)", "3": "Li (3)"})
    assert known.agents_called("小北") == ("1",)
    assert known.agents_called("Li") == ("2", "3")
    assert known.agents_called("Li (3)") == ("3",)
    assert known.agents_called("1") == ()


def test_an_empty_course_is_a_frame_without_rows() -> None:
    assert len(course([])) == 0
