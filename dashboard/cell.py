"""One cached value shared by all viewers: kept for a while, loaded by one thread at a time, and
with a circuit breaker, so that a store that is gone isn't asked by every viewer at every tick."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from connectors.errors import StoreError

T = TypeVar("T")

RETRY_AFTER = timedelta(seconds=3)


class Cell(Generic[T]):
    """Holds exactly one value. Safe to share between threads."""

    def __init__(self, load: Callable[[datetime], T], *, ttl: timedelta) -> None:
        self._load = load
        self._ttl = ttl
        self._lock = threading.Lock()
        self._value: T | None = None
        self._loaded_at: datetime | None = None
        self._error: StoreError | None = None
        self._failed_at: datetime | None = None

    @property
    def working(self) -> bool:
        """False from a failed load until the next good one."""
        return self._error is None

    def current(self, now: datetime) -> T:
        """As `get`, but raises the StoreError as long as the store cannot be read."""
        value = self.get(now)
        if self._error is not None:
            raise self._error
        return value

    def get(self, now: datetime) -> T:
        """The value, at most `ttl` old, or the last one while the store cannot be read.

        Raises the StoreError when there has never been a value.
        """
        if self._fresh(now):
            return self._last()
        # Whoever comes while another loads takes the last value instead of waiting behind it.
        if not self._lock.acquire(blocking=self._loaded_at is None):
            return self._last()
        try:
            if not self._fresh(now):
                self._refresh(now)
        finally:
            self._lock.release()
        return self._last()

    def _fresh(self, now: datetime) -> bool:
        if self._failed_at is not None:
            return timedelta(0) <= now - self._failed_at < RETRY_AFTER
        # A clock that was set back must not keep a value for ever.
        return self._loaded_at is not None and timedelta(0) <= now - self._loaded_at < self._ttl

    def _refresh(self, now: datetime) -> None:
        try:
            self._value = self._load(now)
        except StoreError as error:
            self._error, self._failed_at = error, now
        else:
            self._error, self._failed_at, self._loaded_at = None, None, now

    def _last(self) -> T:
        if self._loaded_at is None:
            assert self._error is not None  # noqa: S101 - a load either gave a value or failed
            raise self._error
        return self._value  # type: ignore[return-value]  # T may itself allow None
