"""Fixtures of the KPI tests: an empty store of our own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.store import Store, open_store


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """On each kind of database."""
    made = open_store(store_url, migrate=True)
    yield made
    made.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Store]:
    """On SQLite, for what no database does otherwise."""
    made = open_store(f"sqlite:///{tmp_path / 'small.db'}", migrate=True)
    yield made
    made.close()
