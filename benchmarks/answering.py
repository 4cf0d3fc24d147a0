"""Waiting for a server that was started."""

from __future__ import annotations

import time
import urllib.request

PATIENCE_S = 60


def answering(url: str) -> None:
    """Return when it answers; OSError when it hasn't within a minute."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
