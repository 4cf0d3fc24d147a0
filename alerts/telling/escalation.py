"""When the next is told because nobody acknowledges: steps, and rounds of them. Pure.

Steps count from 1 through all rounds. A round lasts as long as its last step waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Step:
    """`after`: since the first message, or since an acknowledgement ran out."""

    after: timedelta
    receivers: tuple[str, ...] = ()
    rotas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    name: str
    steps: tuple[Step, ...]
    rounds: int = 1

    @property
    def count(self) -> int:
        return len(self.steps) * self.rounds

    def step(self, number: int) -> Step:
        return self.steps[(number - 1) % len(self.steps)]

    def due(self, number: int, since: datetime) -> datetime | None:
        """When step `number` is reached; None when there is no such step."""
        if number > self.count:
            return None
        rounds = (number - 1) // len(self.steps)
        return since + rounds * self.steps[-1].after + self.step(number).after

    def reached(self, since: datetime, now: datetime) -> int:
        """How many steps are due by now."""
        number = 0
        while (due := self.due(number + 1, since)) is not None and due <= now:
            number += 1
        return number
