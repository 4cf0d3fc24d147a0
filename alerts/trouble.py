"""Saying in the log that something goes wrong again and again, without saying it every second."""

from __future__ import annotations

import logging
import time

SAY_AGAIN_S = 60.0


class Trouble:
    """Says it at first, when the reason changes, every minute, and when it is over."""

    def __init__(self, log: logging.Logger, event: str, about: str = "") -> None:
        self._log, self._event = log, event
        self._about = f" {about}" if about else ""
        self.error: str | None = None  # None while all is well
        self._since = self._said = 0.0

    def failed(self, error: Exception, *, trace: bool = False) -> None:
        """`trace`: with the traceback, for what nobody expected."""
        now, text = time.monotonic(), str(error) or type(error).__name__
        if self.error is None:
            self._since = now
        if text != self.error or now - self._said > SAY_AGAIN_S:
            self._said = now
            self._log.error("event=%s%s error=%s", self._event, self._about, text,
                            exc_info=error if trace else None)  # fmt: skip
        self.error = text

    def over(self) -> None:
        if self.error is not None:
            lasted = time.monotonic() - self._since
            self._log.info("event=%s_over%s after_s=%.0f", self._event, self._about, lasted)
            self.error = None
