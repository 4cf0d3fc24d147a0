"""What became of each breach of the kill soak, judged by the keys of the messages. Starts nothing.

A queue has one breach at a time. The first message with a new episode tells it, and the message
that the same episode is over ends it; a key that comes again is a copy, whenever it comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """One alert of one message as it arrived; `at` is monotonic."""

    queue: str
    status: str
    episode: int
    key: str
    at: float


@dataclass(slots=True)
class Outcome:
    """What became of all. `copies`: messages that came again with the same key; `strangers`:
    messages that tell again under another key, or of what was not."""

    breaches: int = 0
    kills: int = 0
    told: int = 0
    ended: int = 0
    lost: list[str] = field(default_factory=list)
    false_resolves: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    copies: int = 0
    late_copies: int = 0  # those of an episode that was over
    slowest_s: float = 0.0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.false_resolves or self.strangers)


@dataclass(slots=True)
class Lane:
    """One queue: a breach, its end, and the next breach."""

    queue: str
    outcome: Outcome
    breached_at: float | None = None
    cleared_at: float | None = None
    episode: int | None = None  # of this breach, once it was told
    last: int = 0  # the newest episode that was told of
    keys: dict[str, int] = field(default_factory=dict)

    def breach(self, at: float) -> None:
        self.breached_at, self.cleared_at, self.episode = at, None, None
        self.outcome.breaches += 1

    def clear(self, at: float) -> None:
        """The breach ends; nothing may say so earlier."""
        self.cleared_at = at
        if self.episode is None:
            self.outcome.lost.append(f"breach of {self.queue} after episode {self.last}")

    def give_up(self) -> None:
        self.outcome.lost.append(f"end of episode {self.episode} of {self.queue}")
        self.breached_at = None

    def hear(self, one: Message) -> None:
        if one.key in self.keys:
            self.outcome.copies += 1
            self.outcome.late_copies += one.episode != self.episode or self.breached_at is None
            return
        self.keys[one.key] = one.episode
        if one.status == "firing" and self._waits_for(one):
            self._told(one)
        elif one.status == "resolved" and self._is_this(one):
            self._over(one)
        else:
            self.outcome.strangers.append(self._said(one))

    def _waits_for(self, one: Message) -> bool:
        return self.breached_at is not None and self.episode is None and one.episode > self.last

    def _is_this(self, one: Message) -> bool:
        return self.breached_at is not None and one.episode == self.episode

    def _told(self, one: Message) -> None:
        assert self.breached_at is not None
        self.episode = self.last = one.episode
        self.outcome.told += 1
        self.outcome.slowest_s = max(self.outcome.slowest_s, one.at - self.breached_at)

    def _over(self, one: Message) -> None:
        if self.cleared_at is None or one.at < self.cleared_at:
            self.outcome.false_resolves.append(self._said(one))
            return
        self.outcome.ended += 1
        self.breached_at = None

    def _said(self, one: Message) -> str:
        state = "no breach" if self.breached_at is None else f"episode {self.episode} of its breach"
        return f"{self.queue}: {one.status} with {one.key} during {state}, the last was {self.last}"
