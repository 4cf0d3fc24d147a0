"""A migrated store of each kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.store import Store, open_store


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url, migrate=True)
    yield opened
    opened.close()
