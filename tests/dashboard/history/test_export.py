"""Files: what Excel makes of them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl

from dashboard.history.export import Cell, Column, Sheet, Table, csv_bytes, xlsx_bytes

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 21, 9, 30, tzinfo=ZONE)


def make_sheet(rows: list[list[Cell]], *titles: str) -> Sheet:
    columns = [Column(title, "0.00") for title in titles]
    about = (("KPI", "首次响应"), ("时区", "Asia/Shanghai"))
    return Sheet("file", "响应: [走势]/*?", about, Table(columns, rows))


def lines_of(sheet: Sheet) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_bytes(sheet).decode("utf-8-sig"))))


def cells_of(sheet: Sheet) -> list[list[object]]:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(sheet)))
    assert book.active is not None
    return [[cell.value for cell in row] for row in book.active.iter_rows()]


def test_a_csv_begins_with_the_mark_that_excel_knows_utf8_by() -> None:
    assert csv_bytes(make_sheet([], "a")).startswith(b"\xef\xbb\xbf")


def test_both_files_hold_the_head_the_columns_and_the_numbers() -> None:
    sheet = make_sheet([[START, 85.25, 3, None, "天猫"]], "开始", "值", "n", "前期", "队列")
    assert lines_of(sheet) == [
        ["KPI", "首次响应"],
        ["时区", "Asia/Shanghai"],
        [],
        ["开始", "值", "n", "前期", "队列"],
        ["2026-11-21 09:30:00", "85.25", "3", "", "天猫"],
    ]
    *_, head, row = cells_of(sheet)
    assert head == ["开始", "值", "n", "前期", "队列"]
    assert row == [datetime(2026, 11, 21, 9, 30), 85.25, 3, None, "天猫"]  # noqa: DTZ001


def test_numbers_keep_their_precision() -> None:
    third = 1 / 3
    assert float(lines_of(make_sheet([[third]], "a"))[-1][0]) == third
    assert cells_of(make_sheet([[third]], "a"))[-1][0] == third


def test_a_queue_that_looks_like_a_formula_stays_a_text() -> None:
    for text in ("=HYPERLINK(1)", "+1", "-1", "@x"):
        assert lines_of(make_sheet([[text]], "a"))[-1] == [f"'{text}"]
        assert cells_of(make_sheet([[text]], "a"))[-1][0] == text


def test_times_have_their_offset_where_the_clock_changes() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    moments = [(first + timedelta(hours=hour)).astimezone(zone) for hour in range(2)]
    sheet = make_sheet([[moment, 1] for moment in moments], "From", "n")
    assert lines_of(sheet)[-3:] == [
        ["From", "UTC", "n"],
        ["2026-10-25 02:30:00", "UTC+02:00", "1"],
        ["2026-10-25 02:30:00", "UTC+01:00", "1"],
    ]


def test_days_are_dates() -> None:
    sheet = make_sheet([[date(2026, 11, 21)]], "day")
    assert lines_of(sheet)[-1] == ["2026-11-21"]
    assert cells_of(sheet)[-1][0] == datetime(2026, 11, 21)  # noqa: DTZ001


def test_a_table_without_rows_is_a_file_too() -> None:
    assert lines_of(make_sheet([], "a"))[-1] == ["a"]
    assert cells_of(make_sheet([], "a"))[-1][0] == "a"
