"""Answers of the history pages, kept for a while and shared by all viewers.

Whoever asks the same as another takes the other's answer, also while it is still being computed.
Nothing here knows what an answer is made of.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from dashboard.cell import Cell

T = TypeVar("T")

KEPT = timedelta(seconds=60)
MOST = 128


class Shelf:
    """At most `most` answers, each at most `ttl` old; the one not asked for longest goes first.
    Safe to share between threads."""

    def __init__(self, *, ttl: timedelta = KEPT, most: int = MOST) -> None:
        self._ttl = ttl
        self._most = most
        self._lock = threading.Lock()
        self._cells: OrderedDict[Hashable, Cell[Any]] = OrderedDict()

    def get(self, key: Hashable, load: Callable[[datetime], T], now: datetime) -> T:
        """The answer of `key`, from `load(now)` when there is none yet or it is too old. While the
        store cannot be read the last one stays; StoreError when there has never been one."""
        with self._lock:
            cell: Cell[T] | None = self._cells.get(key)
            if cell is None:
                cell = self._cells[key] = Cell(load, ttl=self._ttl)
            self._cells.move_to_end(key)
            while len(self._cells) > self._most:
                self._cells.popitem(last=False)
        return cell.get(now)

    def forget(self, key: Hashable) -> None:
        """What was known of `key` has changed."""
        with self._lock:
            self._cells.pop(key, None)

    def __len__(self) -> int:
        return len(self._cells)
