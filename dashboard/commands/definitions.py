"""What KPIs mean and which there are, as text for people and as documents for programs."""

from __future__ import annotations

import csv
import sys
from datetime import date, timedelta
from typing import Any

import click

from connectors.durations import format_duration
from dashboard.commands.options import say_json, say_table
from dashboard.words import words
from metrics.explain import Definition, explain
from metrics.kpi import Kpi, Pack, Registry
from metrics.text import Language

# What the definition says in words, or what is no setting.
_SAID = ("key", "pack", "titles", "abouts", "traps", "source", "part_titles", "internal")
_HEAD = ("pack", "key", "title", "unit")


def say_definition(kpi: Kpi, language: Language, form: str) -> None:
    """The definition of a KPI on stdout, the same as behind the `i` of the pages."""
    if form == "csv":
        raise click.BadParameter("a definition is no table; use --format table or json")
    meant = explain(kpi, language)
    if form == "json":
        say_json(definition_document(kpi, meant))
    else:
        click.echo("\n".join(definition_lines(meant, language)))


def definition_lines(meant: Definition, language: Language) -> list[str]:
    say = words(language)
    lines = [f"{meant.title} ({meant.key})", meant.about, ""]
    lines += [say("definition.setting", name=name, text=text) for name, text in meant.settings]
    lines.append("")
    if meant.trap:
        lines.append(say("definition.setting", name=say("history.trap"), text=meant.trap))
    lines.append(say("definition.setting", name=say("definition.source"), text=meant.source))
    lines.append(say("history.pack", pack=meant.pack, version=meant.version))
    if meant.verify:
        lines.append(say("history.verify"))
    return lines


def definition_document(kpi: Kpi, meant: Definition) -> dict[str, Any]:
    """Words of one language, and under `definition` the settings as a pack writes them."""
    return {
        "kpi": kpi.key, "title": meant.title, "about": meant.about, "trap": meant.trap or None,
        "unit": kpi.unit, "better": kpi.better,
        "settings": [{"name": name, "text": text} for name, text in meant.settings],
        "definition": settings_document(kpi),
        "source": meant.source,
        "pack": {"title": meant.pack, **_pack_document(kpi.pack)},
    }  # fmt: skip


def settings_document(kpi: Kpi) -> dict[str, Any]:
    """The settings that are set, by the names they have in a pack."""
    names = {"of_unit": "unit", "unit": "unit_of_value"}
    found = {name: getattr(kpi, name) for name in kpi.__dataclass_fields__ if name not in _SAID}
    if kpi.is_ratio:  # its two KPIs have these
        for name in ("of_unit", "clock", "counts", "denominator", "dedup", "headline"):
            found.pop(name)
    if kpi.hours is not None:
        found["hours"] = "-".join(f"{one // 60:02}:{one % 60:02}" for one in kpi.hours)
    return {
        names.get(name, name): _plain(value)
        for name, value in found.items()
        if value is not None and value != ()
    }


def say_list(registry: Registry, language: Language, form: str) -> None:
    """All KPIs that are not just a part of others."""
    if form == "json":
        say_json({"packs": [
            {"name": pack.name, "title": dict(pack.titles).get(language, pack.name),
             **_pack_document(pack),
             "kpis": [{"kpi": one.key, "title": one.title(language), "unit": one.unit}
                      for one in kpis]}
            for pack, kpis in by_pack(registry).items()
        ]})  # fmt: skip
        return
    rows = [
        (pack.name, one.key, one.title(language), one.unit)
        for pack, kpis in by_pack(registry).items()
        for one in kpis
    ]
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(_HEAD)
        writer.writerows(rows)
    else:
        say_table(_HEAD, rows)


def by_pack(registry: Registry) -> dict[Pack, list[Kpi]]:
    found: dict[Pack, list[Kpi]] = {}
    for one in registry.values():
        if not one.internal:
            found.setdefault(one.pack, []).append(one)
    return found


def _pack_document(pack: Pack) -> dict[str, Any]:
    return {
        "name": pack.name, "file": pack.file, "version": pack.version,
        "checked": _plain(pack.checked), "good_until": _plain(pack.good_until),
        "verify": pack.verify,
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """As JSON can hold it: spans of time and dates as a pack writes them."""
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value
