"""Errors of staffing; every message is one sentence that says what to do.

StaffingError
├── BadVolume        the rows can't be staffed: numbers, stamps or steps
├── BadRules         a target, handle time or limit makes no sense
└── BadShifts        shift patterns or a roster make no sense
"""

from __future__ import annotations


class StaffingError(Exception):
    """Staff can't be computed from what was given."""


class BadVolume(StaffingError):
    """The volume isn't a series of counts at one step."""


class BadRules(StaffingError):
    """A target, handle time, patience or limit is impossible."""


class BadShifts(StaffingError):
    """Shift patterns or requirements don't fit together."""
