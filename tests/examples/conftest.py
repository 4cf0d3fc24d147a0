"""Empty databases of each kind, and the example connected to a filled one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples.olist_example import Example, load
from tests.examples.olist_files import publish


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'olist.db'}"
    name = "postgres_db" if request.param == "postgresql" else "mariadb_db"
    url: str = request.getfixturevalue(name).url
    return url


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Example]:
    """Makes the example on a database that holds the small data set."""

    def make(url: str) -> Example:
        result = load(publish(tmp_path / "files"), url)
        assert result.exit_code == 0, result.output
        return Example(tmp_path / "elsewhere", url, monkeypatch)

    return make
