"""The values of a month by kind of work, so that a filter reads none but its own. Pure.

A kind of work is all labels but the agent. When parts are made or forgotten is bundles.py's, how
they are read filtered.py's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from metrics.kpi import Kpi
from metrics.packing import packed, packed_sets
from metrics.population import Floats, Ints


def parts_of(
    kpi: Kpi, works: Ints, slots: Ints, sets: npt.NDArray[np.uint32],
    codes: npt.NDArray[np.uint16], data: Floats,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """One row per kind of work (ids) of values in order of time. slots: quarter hours of the month;
    codes: empty where the KPI has none."""
    order = np.argsort(works, kind="stable")
    found, starts = np.unique(works[order], return_index=True)
    for work, places in zip(found.tolist(), np.split(order, starts[1:]), strict=True):
        yield {
            "work": work, "n": len(places), "slots": slots[places].astype(np.uint16).tobytes(),
            "sets": packed_sets(sets[places]), "data": packed(kpi, data[places]),
            "codes": codes[places].tobytes() if len(codes) else b"",
        }  # fmt: skip
