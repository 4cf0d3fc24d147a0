"""Errors of volume forecasting; every message is one sentence that says what to do.

VolumeError
├── BadSeries        the file or frame of counts, or of events, can't be read
└── BadOption        step, horizon, level or country make no sense
"""

from __future__ import annotations


class VolumeError(Exception):
    """A forecast of contact volume can't be made as asked."""


class BadSeries(VolumeError):
    """The file or frame can't be read as series, or none of its series can be forecast."""


class BadOption(VolumeError):
    """A step, horizon, level or country is impossible."""
