"""Fixtures that every test may ask for: real databases, a web-hook listener, a browser, ../shared.

A missing program is an error of the test, never a skip: `make test` installs what is needed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.daemon import find_program
from tests.servers import Database, MariaDBServer, PostgresServer, WebhookSink

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("DESKPULSE_SHARED") or ROOT.parent / "shared")
HAS_SHARED = (SHARED / "fixtures").is_dir()
# No sandbox is possible as root. Nothing may leave the machine: names other than the loopback's
# don't resolve, and the browser's own background traffic is off.
CHROMIUM_FLAGS = (
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that need ../shared where there is none; the summary says so."""
    for item in items:
        uses = "shared" in getattr(item, "fixturenames", ())
        if uses and item.get_closest_marker("needs_shared") is None:
            raise pytest.UsageError(f"{item.nodeid} uses `shared`; mark it with needs_shared")
    if HAS_SHARED:
        return
    left_out = [item for item in items if item.get_closest_marker("needs_shared")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    config.stash[LEFT_OUT] = len(left_out)


LEFT_OUT = pytest.StashKey[int]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if left_out := terminalreporter.config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"left out, as there is no {SHARED}: tests marked needs_shared, {left_out} of them",
            yellow=True,
        )


@pytest.fixture(autouse=True)
def _own_main() -> Iterator[None]:
    """AppTest leaves its page as `__main__`, which a later test's processes would run again."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data and fixtures beside the checkout (or $DESKPULSE_SHARED)."""
    return SHARED


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One cluster for the whole run: a test that stops or freezes it must bring it back."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDBServer]:
    """One server for the whole run: a test that stops or freezes it must bring it back."""
    with MariaDBServer() as server:
        yield server


@pytest.fixture
def postgres_db(postgres_server: PostgresServer) -> Iterator[Database]:
    """A fresh, empty PostgreSQL database."""
    database = postgres_server.create_database()
    yield database
    postgres_server.drop_database(database)


@pytest.fixture
def mariadb_db(mariadb_server: MariaDBServer) -> Iterator[Database]:
    """A fresh, empty MariaDB database."""
    database = mariadb_server.create_database()
    yield database
    mariadb_server.drop_database(database)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where our own store may be: the test runs once on each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'deskpulse.db'}"
    database: Database = request.getfixturevalue("postgres_db")
    return database.url


@pytest.fixture
def webhook_sink() -> Iterator[WebhookSink]:
    """A listening receiver; it answers 200 until told otherwise."""
    with WebhookSink() as sink:
        yield sink


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless browser. Per module: while it is open, asyncio.run() fails in this thread."""
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    program = find_program(names, package="chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
