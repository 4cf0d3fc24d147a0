"""A small worker for tests that is killed while KPIs follow the facts of a poll.

    python -m tests.metrics.dying STORE_URL DESK_FILE NOW STATEMENTS

Reads the desk as of NOW, then computes KPIs and is killed outright before that many statements of
theirs were run, or at the end.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from connectors.connect import connect
from connectors.settings import SourceSettings
from connectors.store import open_store
from connectors.sync import SourceSync
from metrics.packs import default_registry
from metrics.refresh import refresh_dirty


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(store_url: str, desk: str, now: str, statements: str) -> None:
    store = open_store(store_url)
    settings = SourceSettings.model_validate(
        {"name": "desk", "preset": "generic", "url": f"sqlite:///{desk}"}
    )
    SourceSync(store, connect(settings, Path())).poll(datetime.fromisoformat(now))
    run = count()

    def look(*_: object) -> None:
        if next(run) == int(statements):
            die()

    sa.event.listen(store.engine, "before_cursor_execute", look)
    refresh_dirty(store, default_registry())
    die()


if __name__ == "__main__":
    main(*sys.argv[1:])
