"""The pages as a user runs them: the real server on a store of its own, and a hand that plays the
worker, so that a test can stop either of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from connectors.store import Store
from dashboard.processes import CONFIG_VARIABLE, web_argv
from tests.daemon import Daemon
from tests.dashboard import shop

READ_EVERY_S = 1.0


class Site:
    """`with Site(folder) as site:` the server answers at `site.url`."""

    def __init__(self, folder: Path, fill: Callable[[Store, datetime], None] = shop.fill) -> None:
        self.folder = folder
        self.config = shop.write_config(folder)
        self.store = shop.open_new(folder)
        fill(self.store, datetime.now(UTC))
        self.server = Daemon(folder, None, command=self._command, ready=_answers)
        self._worker: threading.Thread | None = None
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop_worker()
        self.server.stop()
        self.store.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def worker_writes(self, **values: object) -> None:
        """What one good tick of the worker leaves behind."""
        with self.store.begin() as connection:
            shop.heard(connection, datetime.now(UTC), **values)

    def start_worker(self) -> None:
        self._stop.clear()
        self._worker = threading.Thread(target=self._tick)
        self._worker.start()

    def stop_worker(self) -> None:
        self._stop.set()
        if self._worker is not None:
            self._worker.join()
            self._worker = None

    def _tick(self) -> None:
        while not self._stop.is_set():
            self.worker_writes()
            self._stop.wait(READ_EVERY_S)

    def _command(self, port: int) -> list[str]:
        return ["env", f"{CONFIG_VARIABLE}={self.config}", *web_argv(port, "127.0.0.1")]


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
