"""A table as a file: CSV that Excel opens in any language, and a real workbook. Pure.

Both begin with what the numbers are. Numbers are numbers at full precision; times are local
date-times of the zone that is named above them, with their offset where the clock changes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

T = TypeVar("T")
Cell = str | int | float | date | datetime | None

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NAME_MOST = 31  # signs of a sheet's name
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_WIDEST = 48


@dataclass(frozen=True, slots=True)
class Column:
    """`number` is the form of its numbers in a workbook, "" for whole ones and texts."""

    title: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Times in `rows` are aware and of the shop's zone, or dates."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with what must be known of it. `name` is the file's, without its ending."""

    name: str
    title: str
    about: tuple[tuple[str, str], ...]
    table: Table


def csv_bytes(sheet: Sheet) -> bytes:
    """UTF-8 with the mark that Excel needs to know it."""
    table = _with_offsets(sheet.table)
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerows([[name, _safe(text)] for name, text in sheet.about])
    lines.writerow([])
    lines.writerow([column.title for column in table.columns])
    lines.writerows([[_as_text(cell) for cell in row] for row in table.rows])
    return out.getvalue().encode("utf-8-sig")


def xlsx_bytes(sheet: Sheet) -> bytes:
    table = _with_offsets(sheet.table)
    out = io.BytesIO()
    # Without the options a text that looks like a formula or a link would become one.
    with xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        page = book.add_worksheet(sheet.title.translate(_NOT_IN_NAMES)[:_NAME_MOST].strip() or "1")
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        numbers = [book.add_format({"num_format": c.number or "#,##0"}) for c in table.columns]
        for at, (name, text) in enumerate(sheet.about):
            page.write_string(at, 0, name, bold)
            page.write_string(at, 1, text, wrapped)
        head = len(sheet.about) + 1
        page.write_row(head, 0, [column.title for column in table.columns], bold)
        for at, row in enumerate(table.rows, head + 1):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime):
                    page.write_datetime(at, column, cell.replace(tzinfo=None), moment)
                elif isinstance(cell, date):
                    page.write_datetime(at, column, cell, day)
                elif isinstance(cell, str):
                    page.write_string(at, column, cell)
                elif cell is not None:
                    page.write_number(at, column, cell, numbers[column])
        _laid_out(page, table, head)
    return out.getvalue()


def _laid_out(page: Worksheet, table: Table, head: int) -> None:
    for at, column in enumerate(table.columns):
        texts = [_as_text(row[at]) for row in table.rows[:200]]
        wanted = max([len(column.title) * 2, *map(len, texts)]) + 2
        page.set_column(at, at, max(14, min(_WIDEST, wanted)))
    if table.rows:
        page.autofilter(head, 0, head + len(table.rows), len(table.columns) - 1)


def _with_offsets(table: Table) -> Table:
    """A column with the offset from UTC after each column of times in which it changes: there, one
    local time may stand for two instants."""
    found = {
        at
        for at in range(len(table.columns))
        if len({o for row in table.rows if (o := _offset(row[at])) is not None}) > 1
    }
    if not found:
        return table
    columns = _after(table.columns, found, [Column("UTC")] * len(table.columns))
    rows = [_after(row, found, [_said(_offset(cell)) for cell in row]) for row in table.rows]
    return Table(columns, rows)


def _after(cells: Sequence[T], places: set[int], more: Sequence[T]) -> tuple[T, ...]:
    """The cells, and behind those at `places` what `more` has there."""
    out: list[T] = []
    for at, cell in enumerate(cells):
        out += [cell, more[at]] if at in places else [cell]
    return tuple(out)


def _offset(cell: Cell) -> timedelta | None:
    return cell.utcoffset() if isinstance(cell, datetime) else None


def _said(offset: timedelta | None) -> str | None:
    if offset is None:
        return None
    minutes = round(offset.total_seconds() / 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _as_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return _safe(cell) if isinstance(cell, str) else str(cell)


def _safe(text: str) -> str:
    """A text that a spreadsheet would take for a formula gets a quote before it."""
    return f"'{text}" if text.startswith(_FORMULA) else text
