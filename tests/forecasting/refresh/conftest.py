"""Stores filled once: a shop of two queues and forty days."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.store import Store, open_store
from tests.forecasting.refresh.shop import FIRST, usual, write_contacts

NOW = datetime(2026, 10, 17, 2, 40, tzinfo=UTC)  # 10:40 on a Saturday in Shanghai
RATES = {("售前", "chat"): usual(9.0), ("售后", "chat"): usual(4.0), ("售后", "web"): usual(2.0)}


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "store.db"
    store = open_store(f"sqlite:///{path}", migrate=True)
    write_contacts(store, dict(RATES), since=FIRST, until=NOW)
    store.close()
    return path


@pytest.fixture
def shop(filled: Path, tmp_path: Path) -> Iterator[Store]:
    """A copy of that store for one test."""
    path = tmp_path / "store.db"
    shutil.copy(filled, path)
    store = open_store(f"sqlite:///{path}")
    yield store
    store.close()


@pytest.fixture(scope="session")
def dask_scheduler() -> Iterator[str]:
    """A scheduler and two worker processes on loopback."""
    dask = Path(sys.executable).with_name("dask")
    children = [_start([str(dask), "scheduler", "--host", "127.0.0.1", "--port", "0",
                        "--no-dashboard", "--no-jupyter"])]  # fmt: skip
    address = ""
    assert children[0].stderr is not None
    while not address:
        line = children[0].stderr.readline()
        assert line, "the scheduler ended"
        found = re.search(r"Scheduler at:\s*(tcp://\S+)", line)
        address = found.group(1) if found else ""
    worker = [str(dask), "worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
              "--host", "127.0.0.1"]  # fmt: skip
    children += [_start(worker), _start(worker)]
    yield address
    for child in reversed(children):
        child.terminate()
        child.communicate(timeout=20)


def _start(argv: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env=environment)
