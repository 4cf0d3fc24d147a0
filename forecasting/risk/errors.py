"""What can go wrong with risks; every message is one sentence that says what to do.

RiskError
├── NotTrained      there is no fitted model, or it cannot be used
└── NothingToScore  no order lies in the window
"""

from __future__ import annotations


class RiskError(Exception):
    """A risk was asked for that cannot be given."""


class NotTrained(RiskError):
    """There is no fitted model for this store, or it cannot be used."""


class NothingToScore(RiskError):
    """No order lies in the window."""
