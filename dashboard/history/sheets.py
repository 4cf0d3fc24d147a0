"""The tables behind the charts, as files hold them: KPI rows → Sheet. The same rows as on the
screen, unrounded, under a head that says what they are. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dashboard.history.asked import Asked
from dashboard.history.export import Cell, Column, Sheet, Table
from dashboard.history.known import Known
from dashboard.history.study import Split, label_of
from dashboard.history.tiles import Headline
from dashboard.past import THIN_SAMPLE
from metrics.behind import Behind
from metrics.explain import explain
from metrics.kpi import Kpi
from metrics.rows import Band, KpiRow, WeekHour

_FORMS = {"s": "0.0", "%": "0.00", "score": "0.00", "money": "#,##0.00"}
_PERCENTILES = ("p50", "p90", "p95", "mean")


def sheet(
    asked: Asked, head: Headline, table: Table, *, name: str, title: str, as_of: datetime
) -> Sheet:
    """`name` is the section's, such as "course", and part of the file's; n counts the values behind
    the whole period."""
    kpi, days = head.kpi, f"{asked.period.first}-{asked.period.last}"
    return Sheet(
        f"deskpulse-{asked.page}-{kpi.key}-{name}-{days}",
        f"{kpi.title(asked.language)} {title}",
        _about(asked, kpi, as_of, head.row.n),
        table,
    )


def listing_sheet(asked: Asked, kpi: Kpi, table: Table, *, total: int) -> Sheet:
    """The list behind a mark."""
    title = asked.say("history.behind")
    name = f"deskpulse-{asked.page}-{kpi.key}-contacts-{asked.period.first}-{asked.period.last}"
    return Sheet(name, title, _about(asked, kpi, asked.now, total), table)


def course_table(
    kpi: Kpi, rows: Sequence[KpiRow], earlier: Sequence[KpiRow], asked: Asked
) -> Table:
    """One line per interval."""
    say = asked.say
    columns = [Column(say("sheet.from")), Column(say("sheet.to")), *_value_columns(kpi, asked)]
    lines: list[list[Cell]] = [[row.start, row.end, *_values(kpi, row)] for row in rows]
    if asked.before is not None:
        columns += [_value_column(kpi, say("sheet.before")), Column(say("sheet.n_before"))]
        for number, line in enumerate(lines):
            known = earlier[number] if number < len(earlier) else None
            line += [known.value, known.n] if known else [None, None]
    return Table(columns, lines)


def breakdown_table(kpi: Kpi, split: Split, known: Known, asked: Asked) -> Table:
    """One line per label value, all of them."""
    say = asked.say
    past = {label_of(row): row for row in split.earlier}
    columns = [Column(say(f"label.{split.label}")), *_value_columns(kpi, asked)]
    lines: list[list[Cell]] = [
        [known.shown(split.label, label_of(row), say), *_values(kpi, row)] for row in split.rows
    ]
    if asked.before is not None:
        columns += [_value_column(kpi, say("sheet.before")), Column(say("sheet.n_before"))]
        for row, line in zip(split.rows, lines, strict=True):
            earlier = past.get(label_of(row))
            line += [earlier.value, earlier.n] if earlier else [None, None]
    return Table(columns, lines)


def week_table(kpi: Kpi, cells: Sequence[WeekHour], asked: Asked) -> Table:
    say = asked.say
    value = _value_column(kpi, kpi.title(asked.language))
    heads = (say("sheet.weekday"), say("sheet.hour"))
    columns = [*map(Column, heads), value, Column("n"), Column(say("sheet.thin"))]
    lines: list[list[Cell]] = [
        [say(f"weekday.{cell.weekday}"), cell.hour, cell.value, cell.n,
         say("sheet.yes") if 0 < cell.n < THIN_SAMPLE else ""]
        for cell in cells
    ]  # fmt: skip
    return Table(columns, lines)


def distribution_table(bands: Sequence[Band], asked: Asked) -> Table:
    say = asked.say
    total = sum(band.n for band in bands)
    columns = [Column(say("sheet.low"), "0"), Column(say("sheet.high"), "0"),
               Column(say("sheet.share"), "0.00"), Column("n")]  # fmt: skip
    lines: list[list[Cell]] = [
        [band.low, band.high, 100 * band.n / total if total else None, band.n] for band in bands
    ]
    return Table(columns, lines)


def behind_table(kpi: Kpi, contacts: Sequence[Behind], known: Known, asked: Asked) -> Table:
    names = ("ref", "queue", "channel", "agent", "at")
    columns = [Column(asked.say(f"behind.{name}")) for name in names]
    columns += [_value_column(kpi, asked.say("behind.value")), Column(asked.say("label.source"))]
    lines: list[list[Cell]] = [
        [one.ref, one.queue, one.channel, known.shown("agent", one.agent or ""),
         one.at.astimezone(asked.zone), _worth(one), one.source]
        for one in contacts
    ]  # fmt: skip
    return Table(columns, lines)


def _about(asked: Asked, kpi: Kpi, as_of: datetime, n: int) -> tuple[tuple[str, str], ...]:
    say, meant = asked.say, explain(kpi, asked.language)
    offset = f"{asked.period.since:%z}"
    zone = f"{asked.zone.key} (UTC{offset[:3]}:{offset[3:]})"
    settings = "; ".join(f"{name}: {value}" for name, value in meant.settings)
    before = [(say("sheet.compared"), asked.period_said(asked.before))] if asked.before else []
    return (
        ("KPI", f"{kpi.title(asked.language)} ({kpi.key})"),
        (say("history.definition"), f"{meant.about} {settings}"),
        (say("sheet.unit"), kpi.unit),
        (say("sheet.zone"), zone),
        (say("sheet.period"), asked.period_said()),
        *before,
        (say("sheet.filters"), asked.filters_said()),
        (say("sheet.as_of"), f"{as_of.astimezone(asked.zone):%Y-%m-%d %H:%M:%S}"),
        ("n", str(n)),
    )


def _value_column(kpi: Kpi, title: str) -> Column:
    return Column(f"{title} ({kpi.unit})", _FORMS.get(kpi.unit, "#,##0.##"))


def _value_columns(kpi: Kpi, asked: Asked) -> list[Column]:
    if kpi.shape == "duration":
        columns = [_value_column(kpi, asked.say(f"sheet.{name}")) for name in _PERCENTILES]
    else:
        columns = [_value_column(kpi, kpi.title(asked.language))]
    return [*columns, Column("n")]


def _values(kpi: Kpi, row: KpiRow) -> list[Cell]:
    if kpi.shape == "duration":
        return [row.p50, row.p90, row.p95, row.mean, row.n]
    return [row.value, row.n]


def _worth(one: Behind) -> float | None:
    """A share's contact counts as 1 or 0."""
    return one.value if one.hit is None else float(one.hit)
