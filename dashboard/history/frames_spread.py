"""Where a KPI is high and low, as frames: cells of the week, bands and label values → the columns
that charts_spread.py names, with the texts of one language. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.history import drill
from dashboard.history.charts_spread import BANDS
from dashboard.history.known import Known
from dashboard.history.study import Split, label_of
from dashboard.history.values import in_cell, in_words
from dashboard.past import THIN_SAMPLE
from dashboard.words import Words
from metrics.kpi import Kpi
from metrics.rows import Band, KpiRow, WeekHour

MOST_BARS = 20
_ALIKE = {"%": 10.0, "score": 0.5}  # hours no further apart differ by one shade at most
_ROOM = 1.7  # width of the whole against the longest bar: figures stand beside it


def week_frame(kpi: Kpi, cells: Sequence[WeekHour], say: Words) -> pd.DataFrame:
    """168 rows, Monday first. The darkest band is the one with most trouble."""
    edges = _edges(kpi, cells)
    lines = []
    for cell in sorted(cells, key=lambda one: (one.weekday, one.hour)):
        day = say(f"weekday.{cell.weekday}")
        band = None
        if cell.value is not None:
            rank = int(np.searchsorted(edges, cell.value, side="left"))
            band = BANDS - 1 - rank if kpi.better == "higher" else rank
        lines.append(
            {
                "hour": cell.hour, "day": day, "band": band,
                "thin": cell.value is not None and cell.n < THIN_SAMPLE,
                "cell": in_cell(cell.value, kpi.unit, say),
                "pick": drill.hour(kpi.key, cell.weekday, cell.hour).text() if cell.n else None,
                "when": f"{day} {cell.hour:02}:00–{cell.hour + 1:02}:00",
                "value_said": in_words(cell.value, kpi.unit, say), "n_said": say.count(cell.n),
            }
        )  # fmt: skip
    return pd.DataFrame(lines).astype({"band": "Int64"})


def _edges(kpi: Kpi, cells: Sequence[WeekHour]) -> npt.NDArray[np.float64]:
    """Borders of equally wide bands between the good hours and the bad ones, leaving out the few
    most extreme. Hours that are nearly alike look alike."""
    known = [cell.value for cell in cells if cell.value is not None and cell.n >= THIN_SAMPLE]
    known = known or [cell.value for cell in cells if cell.value is not None] or [0.0]
    low, high = np.quantile(known, [0.05, 0.95])
    if kpi.better == "higher":
        low = min(low, high - _ALIKE.get(kpi.unit, high / 3))
    else:
        high = max(high, low + _ALIKE.get(kpi.unit, low / 2))
    return np.linspace(low, high, BANDS + 1)[1:-1]


def distribution_frame(kpi: Kpi, bands: Sequence[Band], say: Words) -> pd.DataFrame:
    """One row per band of time, with its share of all values in percent."""
    total = sum(band.n for band in bands)
    lines = []
    for band in bands:
        share = 100 * band.n / total if total else 0.0
        lines.append(
            {
                "name": band_said(band, say, short=True), "share": share,
                "pick": drill.band(kpi.key, band.low, band.high).text() if band.n else None,
                "when": band_said(band, say), "value_said": in_words(share, "%", say),
                "n_said": say.count(band.n),
            }
        )  # fmt: skip
    return pd.DataFrame(lines, columns=["name", "share", "pick", "when", "value_said", "n_said"])


def breakdown_frame(
    kpi: Kpi, split: Split, whole: KpiRow, known: Known, say: Words
) -> pd.DataFrame:
    """One row per label value, most trouble first (or most, where neither is better), at most
    MOST_BARS; `whole` is the value of all together."""
    past = {label_of(row): row for row in split.earlier}
    shown = ranked(kpi, split.rows)[:MOST_BARS]
    longest = max([row.value or 0.0 for row in shown] + [whole.value or 0.0], default=0.0)
    additive = kpi.shape in ("count", "sum", "hits")
    lines = []
    for number, row in enumerate(shown):
        name, before = label_of(row), past.get(label_of(row))
        pick = drill.label(kpi.key, split.label, name).text()
        lines.append(
            {
                "name": known.shown(split.label, name, say), "value": row.value,
                "before": before.value if before else None, "thin": row.n < THIN_SAMPLE,
                "first": number == 0, "room": longest * _ROOM,
                "all": None if additive else whole.value,
                "all_said": say("history.whole", value=in_words(whole.value, kpi.unit, say)),
                "pick": pick if row.n else None,
                "value_said": in_words(row.value, kpi.unit, say),
                "before_said": in_words(before.value if before else None, kpi.unit, say),
                "n_said": say("note.n", n=say.count(row.n)),
            }
        )  # fmt: skip
    return pd.DataFrame(lines, columns=BREAKDOWN)


BREAKDOWN = (
    "name", "value", "before", "thin", "first", "room", "all", "all_said", "pick",
    "value_said", "before_said", "n_said",
)  # fmt: skip


def ranked(kpi: Kpi, rows: Sequence[KpiRow]) -> list[KpiRow]:
    """Most trouble first; thin samples after those that say something, unknown values last."""

    def place(row: KpiRow) -> tuple[bool, bool, float]:
        value = row.value or 0.0
        return row.value is None, row.n < THIN_SAMPLE, value if kpi.better == "higher" else -value

    return sorted((row for row in rows if row.n or row.value), key=place)


def band_said(band: Band, say: Words, *, short: bool = False) -> str:
    form = (lambda s: in_cell(s, "s", say)) if short else say.duration
    if band.high is None:
        return f"≥ {form(band.low)}"
    return f"< {form(band.high)}" if band.low == 0 else f"{form(band.low)}–{form(band.high)}"
