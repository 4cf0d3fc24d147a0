"""`deskpulse kpi` as people and programs use it: definitions, lists, filters, and its warnings."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from connectors import schema
from connectors.delivered import save_columns
from connectors.store import Store
from dashboard.cli import deskpulse
from dashboard.commands.kpi_findings import kpi_findings
from dashboard.settings import load_settings
from metrics.errors import UnknownKpi, UnknownLabel
from metrics.explain import explain
from metrics.packs import default_registry
from tests.dashboard import shop

PACK = """
[pack]
name = "ours"
title = "Ours"
version = "3"
good_until = 2026-01-31

[kpi."ours.fast"]
title = { zh = "本店快答", en = "Fast" }
shape = "percent"
unit = "contact"
unit_of_value = "%"
start = "waiting"
end = "first_reply"
denominator = "answered"
threshold = "20s"
date = "first_reply"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config = shop.write_config(tmp_path)
    (tmp_path / "ours.toml").write_text(PACK, encoding="utf-8")
    text = config.read_text(encoding="utf-8")
    config.write_text(f'{text}\n[kpis]\npacks = ["general", "ours.toml"]\n', encoding="utf-8")
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    made = shop.open_new(folder)
    shop.fill(made, datetime.now(UTC), days=3)
    yield made
    made.close()


def run(folder: Path, *arguments: str) -> Result:
    config = str(folder / "deskpulse.toml")
    return CliRunner().invoke(deskpulse, ["kpi", *arguments, "-c", config])


def document(folder: Path, *arguments: str) -> Any:
    done = run(folder, *arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_definition_is_the_same_as_on_the_pages(folder: Path) -> None:
    text = run(folder, "--explain", "service_level").stdout
    meant = explain(default_registry().find("service_level"), "zh")
    assert text.startswith("服务水平 (service_level)\n")
    for part in (meant.about, meant.trap, meant.source, *(t for _, t in meant.settings)):
        assert part in text
    english = run(folder, "--explain", "service_level", "--lang", "en").stdout
    assert "Service level (service_level)" in english
    assert "Out of: those that left the queue, answered or abandoned" in english


def test_a_definition_needs_no_store(folder: Path) -> None:
    assert not (folder / "store.db").exists()
    assert run(folder, "--explain", "aht").exit_code == 0
    assert not (folder / "store.db").exists()


def test_a_definition_for_programs_has_words_and_settings(folder: Path) -> None:
    found = document(folder, "--explain", "ours.fast", "--lang", "en")
    assert (found["kpi"], found["title"], found["unit"]) == ("ours.fast", "Fast", "%")
    assert found["pack"] == {
        "title": "Ours", "name": "ours", "file": "ours.toml", "version": "3", "checked": None,
        "good_until": "2026-01-31", "verify": False,
    }  # fmt: skip
    assert {"name": "The figure", "text": "share of those that are: within 20 s"} in (
        found["settings"]
    )
    definition = found["definition"]
    assert (definition["threshold"], definition["unit"]) == ("20s", "contact")
    assert definition["start"] == "waiting"
    assert "where" not in definition
    jd = document(folder, "--explain", "shipped_late")["definition"]
    assert jd["threshold"] == "0s"


def test_the_list_has_every_kpi_by_pack_and_hides_parts(folder: Path) -> None:
    lines = run(folder, "--list", "--lang", "en").stdout.splitlines()
    assert lines[0].split() == ["pack", "key", "title", "unit"]
    assert any(line.split() == ["ours", "ours.fast", "Fast", "%"] for line in lines)
    assert not any("busy_time" in line for line in lines)
    rows = list(csv.reader(io.StringIO(run(folder, "--list", "--format", "csv").stdout)))
    assert ["general", "csat", "满意度", "%"] in rows
    packs = document(folder, "--list")["packs"]
    assert [one["name"] for one in packs] == ["general", "ours"]
    assert packs[1]["kpis"] == [{"kpi": "ours.fast", "title": "本店快答", "unit": "%"}]


def test_a_pack_past_its_date_is_said_wherever_it_is_used(folder: Path, store: Store) -> None:
    words = "the KPI pack 'ours' (ours.toml, version 3) was good until 2026-01-31"
    for arguments in (("ours.fast",), ("--explain", "ours.fast"), ("--list",)):
        done = run(folder, *arguments)
        assert (done.exit_code, words in done.stderr) == (0, True)
        assert words not in done.stdout
    assert words not in run(folder, "csat").stderr
    found = list(kpi_findings(load_settings(folder / "deskpulse.toml"), date(2026, 2, 1)))
    assert [(one.level, words in one.text) for one in found[:1]] == [("warning", True)]


def test_filters_may_be_given_more_than_once_and_add_up(folder: Path, store: Store) -> None:
    def count(*arguments: str) -> int:
        [row] = document(folder, "volume", "--since", "2020-01-01", *arguments)["rows"]
        return int(row["n"])

    one, other = shop.QUEUES[0][0], shop.QUEUES[1][0]
    both = count("--queue", one, "--queue", other)
    assert both == count("--queue", one) + count("--queue", other)
    assert 0 < both < count()
    assert count("--queue", one, "--channel", "微信") == 0
    assert count("--source", "helpdesk") == count()


def test_a_queue_that_was_renamed_is_said_and_is_no_data(folder: Path, store: Store) -> None:
    done = run(folder, "volume", "--queue", "天猫", "--format", "json")
    assert "no row has the queue '天猫': no data; was it renamed in the source?" in done.stderr
    assert shop.QUEUES[0][0] in done.stderr
    assert json.loads(done.stdout)["rows"][0]["value"] is None


def test_a_column_that_the_source_lacks_is_said_and_is_no_data(folder: Path, store: Store) -> None:
    assert document(folder, "cases_opened")["rows"][0]["value"] == 0
    with store.begin() as connection:
        save_columns(connection, "helpdesk", frozenset({"contacts", "contacts.first_reply_at"}))
    for key, column in (("abandonment", "contacts.abandoned_at"), ("cases_opened", "cases")):
        done = run(folder, key, "--format", "json")
        assert f"({key}) needs {column}, which the source 'helpdesk'" in done.stderr
        [row] = json.loads(done.stdout)["rows"]
        assert (row["value"], row["n"]) == (None, 0)


def test_values_that_are_still_being_computed_are_said(folder: Path, store: Store) -> None:
    table = schema.kpi_definitions
    with store.begin() as connection:
        row = connection.execute(sa.select(table).where(table.c.kpi == "busy_time")).one()
        half = (row.first_block + row.last_block) // 2
        connection.execute(
            table.update().where(table.c.kpi == "busy_time").values(filled_from=half)
        )
    said = run(folder, "aht").stderr
    assert "'busy_time' is new or changed and still being computed" in said
    assert "nothing is known before 20" in said
    assert "still being computed" not in run(folder, "csat").stderr


def test_wrong_usage_is_said(folder: Path, store: Store) -> None:
    assert "name a KPI" in run(folder).output
    assert "use --format table or json" in run(folder, "--explain", "csat", "--format",
                                               "csv").output  # fmt: skip
    for arguments, error in (
        (("csatt",), UnknownKpi("did you mean csat")),
        (("--explain", "csatt"), UnknownKpi("did you mean csat")),
        (("orders_placed", "--queue", shop.QUEUES[0][0]), UnknownLabel("filtered by 'queue'")),
    ):
        done = run(folder, *arguments)
        assert isinstance(done.exception, type(error))
        assert str(error) in str(done.exception)


def test_check_names_columns_that_no_source_delivers(folder: Path) -> None:
    with sa.create_engine(f"sqlite:///{folder / 'store.db.source'}").begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE contacts (contact_id INTEGER, queue TEXT, status TEXT, opened_at TEXT,"
            " first_reply_at TEXT, queued_at TEXT)"
        )
    found = kpi_findings(load_settings(folder / "deskpulse.toml"), date(2026, 1, 1))
    texts = [one.text for one in found if one.level == "note"]
    assert (
        "KPI pack 'general': no source delivers contacts.abandoned_at: no data for abandonment, "
        "abandonment_long"
    ) in texts
    assert any("no source delivers orders: no data for orders_placed" in one for one in texts)
    assert not any("'ours'" in one for one in texts)
