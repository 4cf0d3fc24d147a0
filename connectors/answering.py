"""PostgreSQL connections that don't wait for ever: what gets no answer in time is closed.

A server that is dead refuses, and one behind a cut cable is found by TCP. One that hangs (a stopped
process, a stuck disk, a proxy that takes bytes and passes none on) does neither: only a limit of
our own ends that wait.
"""

from __future__ import annotations

from typing import Any

import psycopg
import sqlalchemy as sa

PING_WITHIN_S = 3.0
# Statements of our own store are ended by the server after 60 s: it had its time, and is silent.
ANSWER_WITHIN_S = 65.0


class LimitedConnection(psycopg.Connection[Any]):
    """One whose every round trip takes `limit_s` at most; then it is closed."""

    limit_s: float = PING_WITHIN_S

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        limit = self.limit_s if timeout is None else timeout
        try:
            return super().wait(gen, interval=interval, timeout=limit)
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()  # an answer that comes later would be taken for the next one's
            raise psycopg.OperationalError(f"no answer within {limit:g} s") from None


def connect_limited(
    _dialect: Any, _record: Any, args: tuple[Any, ...], options: dict[str, Any]
) -> LimitedConnection:
    """For SQLAlchemy's do_connect event."""
    return LimitedConnection.connect(*args, **options)


def limit_answers(connection: sa.Connection, seconds: float) -> None:
    """From now on; nothing happens where another database is connected."""
    driver = connection.connection.driver_connection
    if isinstance(driver, LimitedConnection):
        driver.limit_s = seconds
