"""Errors of this package; every message is one sentence that says what to do."""

from __future__ import annotations


class MetricsError(Exception):
    """A number was asked for that cannot be given."""


class UnknownKpi(MetricsError):
    """There is no KPI of that key."""


class UnknownLabel(MetricsError):
    """The KPI cannot be split by that label."""


class BadWindow(MetricsError):
    """The window is empty, upside down, or not on interval borders."""


class NothingSynced(MetricsError):
    """The store holds no source that was ever read."""


class BadPack(MetricsError):
    """KPI definitions that cannot be used; `problems` has one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(problems[0] + more)
