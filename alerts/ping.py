"""A sign of life to an outside address: a dead worker tells nobody, its silence there does.

Asked only after a completed tick, in a thread of its own: whatever the other side does, no tick
waits for it.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import httpx

log = logging.getLogger(__name__)
TIMEOUT_S = 5.0


class Ping:
    """GET `url` every `every`, as long as `tick_done` was called since the time before."""

    def __init__(self, url: str, every: timedelta) -> None:
        self._url, self._every = url, every
        self._alive, self._stop = threading.Event(), threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="ping", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def tick_done(self) -> None:
        self._alive.set()

    def stop(self) -> None:
        """What is on its way isn't waited for."""
        self._stop.set()
        self._alive.set()

    def _run(self) -> None:
        with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
            while self._alive.wait() and not self._stop.is_set():
                self._alive.clear()
                self._say(client)
                self._stop.wait(self._every.total_seconds())

    def _say(self, client: httpx.Client) -> None:
        """Says when it begins to fail and when it works again; never with the address, a secret."""
        try:
            with client.stream("GET", self._url) as answer:  # whatever it says, we don't read it
                answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if not self._failing:
                status = getattr(getattr(error, "response", None), "status_code", None)
                log.warning("event=heartbeat_not_heard error=%s status=%s",
                            type(error).__name__, status or "-")  # fmt: skip
            self._failing = True
            return
        if self._failing:
            log.info("event=heartbeat_heard_again")
        self._failing = False
