"""The Olist example as people use it: its loader, and its folder copied elsewhere."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from connectors import schema
from connectors.connect import connect
from connectors.engine import parse_url
from connectors.settings import SourceSettings
from connectors.store import open_store
from connectors.sync import SourceSync
from dashboard.cli import deskpulse

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "olist"


def loader() -> click.Command:
    """The command of load.py, which is a script and in no package."""
    found = sys.modules.get("olist_load")
    if found is None:
        spec = importlib.util.spec_from_file_location("olist_load", EXAMPLE / "load.py")
        assert spec is not None and spec.loader is not None
        found = sys.modules["olist_load"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
    command = found.main
    assert isinstance(command, click.Command)
    return command


def load(data: Path, url: str, *more: str) -> Result:
    return CliRunner().invoke(loader(), ["--data", str(data), "--url", url, *more])


class Example:
    """The example's folder, copied elsewhere, with its two variables set."""

    def __init__(self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.url = url
        shutil.copytree(EXAMPLE, folder)
        monkeypatch.setenv("OLIST_URL", url)
        monkeypatch.setenv("DESKPULSE_STORE_URL", "sqlite:///store.db")

    def run(self, *words: str) -> Any:
        """A command of the product; its JSON document."""
        config = str(self.folder / "deskpulse.toml")
        result = CliRunner().invoke(deskpulse, [*words, "-c", config, "--format", "json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def kpi(self, name: str, since: str, until: str) -> dict[str, Any]:
        [row] = self.run("kpi", name, "--since", since, "--until", until)["rows"]
        assert isinstance(row, dict)
        return row

    def facts(self, name: str) -> dict[str, dict[str, Any]]:
        store = open_store(f"sqlite:///{self.folder / 'store.db'}")
        table = schema.FACTS[name]
        with store.read() as connection:
            rows = [dict(row._mapping) for row in connection.execute(table.select())]
        store.close()
        return {row[table.columns.keys()[1]]: row for row in rows}

    def syncing(self) -> SourceSync:
        """A sync of the example in this process, its history read."""
        settings = SourceSettings.model_validate(
            {"name": "olist", "statements": "olist.sql", "url": self.url, "poll": "1m"}
        )
        store = open_store(f"sqlite:///{self.folder / 'store.db'}", migrate=True)
        syncing = SourceSync(store, connect(settings, self.folder))
        while not syncing.complete:
            syncing.backfill_page(datetime.now(UTC))
        return syncing

    def change(self, *statements: str) -> None:
        engine = sa.create_engine(parse_url(self.url))
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()
