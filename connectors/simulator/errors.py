"""Errors of the simulator. Every message is one sentence that says what to do."""

from __future__ import annotations


class SimulatorError(Exception):
    """The shop cannot be simulated in this database with these settings."""
