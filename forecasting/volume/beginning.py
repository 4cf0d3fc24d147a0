"""Where a series begins in earnest: a stray contact long before is no history.

A help desk's export holds everything from some day on and, besides, the few older contacts that
were still open then. Read as days on which hardly anything came, they would teach the models a
shop that is closed or a hundredth of its size.
"""

from __future__ import annotations

import numpy as np

from forecasting.volume.history import Floats

AFTER = 28  # days that say how much was due before them
STRAY = 0.03  # of what was due: so little before is no history
UNSURE = 0.005  # the same with less than a week to tell from
FEWEST_BEFORE, FEWEST_AFTER = 3, 2
DUE = 12.0  # contacts due before that chance cannot have kept away
FAINT = 0.25  # of a usual day: the last stray day is no ordinary one


def first_day(raw: Floats) -> int:
    """The row of (days, slots) counts at which the history begins; 0 when with the first."""
    totals = np.nansum(raw, axis=1)
    came = np.concatenate([[0.0], np.cumsum(totals)])
    begin = 0
    for day in range(FEWEST_BEFORE, len(totals) - FEWEST_AFTER + 1):
        after = totals[day : day + AFTER]
        usual = float(np.sort(after)[(len(after) - 1) // 2])  # one spike of two days tells nothing
        share = STRAY if len(after) >= 7 else UNSURE
        due = usual * day
        if due >= DUE and came[day] <= share * due and totals[day - 1] <= FAINT * usual:
            begin = day
    return begin
