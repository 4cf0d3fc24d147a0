"""A migrated SQLite store; where both kinds of store matter, tests ask for store_url."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.store import Store, open_store
from tests.alerts.digest.factories import fill


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url, migrate=True)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def quiet_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Five weeks in which nothing happens; for reading only."""
    folder: Path = tmp_path_factory.mktemp("quiet")
    opened = open_store(f"sqlite:///{folder / 'store.db'}", migrate=True)
    fill(opened)
    yield opened
    opened.close()
