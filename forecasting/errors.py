"""Errors of planning; every message is one sentence that says what to do.

PlanningError
├── BadOverride      a planner's override or event makes no sense
├── NoForecast       nothing was published yet
├── NoCluster        the Dask scheduler cannot be used
└── LostProcess      a process that forecasts was ended from outside
"""

from __future__ import annotations


class PlanningError(Exception):
    """Anything around published forecasts that can't be done as asked."""


class BadOverride(PlanningError):
    """A planner's override or event can't be taken as it is."""


class NoForecast(PlanningError):
    """No forecast was published yet, or none of what was asked for."""


class NoCluster(PlanningError):
    """The Dask scheduler of the configuration can't be used."""


class LostProcess(PlanningError):
    """A process that forecasts ended before its time; what was done is kept."""
