"""Errors of this package."""

from __future__ import annotations

from collections.abc import Sequence


class SettingsError(Exception):
    """The configuration cannot be used; `problems` holds one sentence per mistake."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            problems[0]
            if len(problems) == 1
            else f"the configuration has {len(problems)} mistakes; mend all of these"
        )
