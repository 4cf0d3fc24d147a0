"""What a page is sure to need of many KPIs, read in a few statements.

It asks for a dozen KPIs, each of them column by column, and a round trip takes longer than most of
these reads. Whatever was not foreseen is read when it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.schema import kpi_blocks, kpi_bundles, kpi_months, kpi_parts
from metrics.bundles import BLOCKS, QUARTERS, SLOTS, months_within
from metrics.kpi import Kpi
from metrics.months import WEEKS
from metrics.stored_rows import StoredRows, Works

BLOCK_COLUMNS = ("block", "n", "slots", "sets", "codes", "data")
BUNDLE_N = ("bundle", "n")
BUNDLE_QUARTERS = ("bundle", "quarters")
BUNDLE_CUT = ("bundle", "quarters", "sets", "data")  # of one that a window cuts
MONTHS = ("month",)
MONTH_SUMS = ("month", "by_set")
MONTH_BELOW = ("month", "below")
PART = ("month", "n", "slots", "sets")
_COUNTS = (("month", "by_agent"), ("month", "by_work"))
_BY_SET, _SETS = ("bundle", "by_set"), ("bundle", "sets")
# What is looked at of values one by one, by the shape of the KPI; "" is any other.
_LOOKED_AT = {
    "duration": (_BY_SET, _SETS, ("bundle", "codes"), BUNDLE_QUARTERS),
    "percent": (_BY_SET, _SETS, ("bundle", "data"), BUNDLE_QUARTERS),
    "": (_BY_SET,),
}


def read_ahead(
    rows: StoredRows, kpis: Sequence[Kpi], first: int, last: int, *, times: bool
) -> None:
    """What any answer needs in the quarter hours from `first` up to and without `last`; with
    `times` the sums of quarter hours too."""
    low, high = _bundles(first, last)
    rows.keep(kpi_bundles, [BUNDLE_N, BUNDLE_QUARTERS] if times else [BUNDLE_N], kpis, (low, high))
    after = min(rows.ends(kpi_bundles, BUNDLE_N, kpis), default=low - 1) + 1
    span = max(after * BLOCKS, first // SLOTS), (last - 1) // SLOTS
    rows.keep(kpi_blocks, [BLOCK_COLUMNS], kpis, span)


def read_labels_ahead(
    rows: StoredRows, kpis: Sequence[Kpi], first: int, last: int, *, recent: int = 0
) -> None:
    """What these KPIs need to be split by labels, and the values in the `recent` last quarter hours
    of durations and shares, beside what `read_ahead` reads."""
    low, high = _bundles(first, last)
    if first % QUARTERS:  # the window cuts its first bundle
        rows.keep(kpi_bundles, [BUNDLE_CUT], kpis, (low, low))
    for shape, columns in _LOOKED_AT.items():
        some = [one for one in kpis if (one.shape if one.shape in _LOOKED_AT else "") == shape]
        counts = [MONTH_SUMS, *_COUNTS] if shape == "duration" else [MONTH_SUMS]
        rows.keep(kpi_months, counts, some, months_within(first, last))
        before, after = _beside_months(rows, some, first, last, MONTH_SUMS)
        rows.keep(kpi_bundles, columns if shape == "duration" else [_BY_SET], some, before)
        after = min(after[0], max(low, (last - recent) // QUARTERS)), high
        rows.keep(kpi_bundles, columns, some, after)


def read_parts_ahead(
    rows: StoredRows, kpis: Sequence[Kpi], first: int, last: int, *, works: Works
) -> None:
    """What these KPIs need where only these kinds of work count, beside what `read_ahead` reads."""
    rows.keep(kpi_months, [MONTHS], kpis, months_within(first, last))
    beside = _beside_months(rows, kpis, first, last, MONTHS)
    for timed in (True, False):
        some = [one for one in kpis if (one.shape == "duration") == timed]
        worth = "codes" if timed else "data"
        rows.keep(kpi_parts, [PART, ("month", worth)], some, months_within(first, last), works)
        for span in beside:
            rows.keep(kpi_bundles, [BUNDLE_QUARTERS, _SETS, ("bundle", worth)], some, span)


def _bundles(first: int, last: int) -> tuple[int, int]:
    return first // QUARTERS, (last - 1) // QUARTERS


def _beside_months(
    rows: StoredRows, kpis: Sequence[Kpi], first: int, last: int, columns: tuple[str, ...]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """The bundles before and after the months of these KPIs, of which these columns are kept."""
    low, high = _bundles(first, last)
    ends = rows.ends(kpi_months, columns, kpis)
    until = (min(ends) + 1) * WEEKS if ends else low  # what months know ends here
    before = months_within(first, last)[0] * WEEKS - 1 if until > low else low - 1
    return (low, before), (until, high)
