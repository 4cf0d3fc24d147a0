"""A back-log as a fluid, the limit of many contacts: what comes in, what can flow out."""

from __future__ import annotations

import numpy as np

from forecasting.staffing.mills import Floats


def fluid_backlog(contacts: Floats, capacity: Floats, *, opening: float = 0.0) -> Floats:
    """Open contacts at the end of each step; capacity: contacts that the step can finish."""
    open_, backlog = np.empty(contacts.size), float(opening)
    for i, change in enumerate(contacts - capacity):
        backlog = max(0.0, backlog + float(change))
        open_[i] = backlog
    return open_


def fluid_in_time(
    contacts: Floats, capacity: Floats, within: float, *, opening: float = 0.0
) -> Floats:
    """Share of each step's contacts that has flowed out `within` steps after it came in.

    Ten moments per step stand for the step. After the last step nothing flows.
    """
    parts = 10
    came = np.concatenate([[0.0], np.cumsum(np.repeat(contacts / parts, parts))]) + opening
    finished = came - np.concatenate(
        [[opening],
         fluid_backlog(np.repeat(contacts / parts, parts), np.repeat(capacity / parts, parts),
                       opening=opening)]
    )  # fmt: skip
    moments = np.arange(came.size) / parts
    middles = (moments[:-1] + moments[1:]) / 2
    at_middle = (came[:-1] + came[1:]) / 2
    in_time = np.interp(middles + within, moments, finished) >= at_middle - 1e-9
    return np.asarray(in_time.reshape(-1, parts).mean(axis=1))
