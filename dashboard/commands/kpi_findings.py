"""What `check` says about KPI packs: rules past their date, and columns that no source delivers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from connectors.checkup import Finding
from connectors.connect import connect
from connectors.delivered import columns_of
from connectors.errors import ConnectorError
from dashboard.settings import Settings
from metrics.kpi import Registry
from metrics.needs import lacks_of
from metrics.packs import outdated

SHOWN = 4  # KPIs in a sentence


def kpi_findings(settings: Settings, today: date) -> Iterator[Finding]:
    """Reads the sources' statements, not their rows. A source that can't be read lacks nothing:
    that it can't is a finding of its own."""
    for sentence in outdated(settings.kpis, today):
        yield Finding("warning", sentence)
    delivered = _delivered(settings)
    if delivered:
        yield from _lacking(settings.kpis, settings.source_names, delivered)


def _delivered(settings: Settings) -> dict[str, frozenset[str]]:
    found = {}
    for one in settings.sources:
        try:
            source = connect(one, settings.folder)
        except ConnectorError:
            continue
        found[one.name] = columns_of(source.statements)
        source.close()
    return found


def _lacking(
    registry: Registry, sources: tuple[str, ...], delivered: Mapping[str, frozenset[str]]
) -> Iterator[Finding]:
    """A note per pack and column; most shops lack some, and know it."""
    found: dict[tuple[str, str], list[str]] = {}
    for kpi in registry.values():
        lacks = [] if kpi.internal else lacks_of(kpi, registry, sources, delivered)
        for lack in lacks:
            if set(lack.sources) == set(sources):
                found.setdefault((kpi.pack.name, lack.column), []).append(kpi.key)
                break
    for (pack, column), keys in found.items():
        more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
        yield Finding(
            "note",
            f"KPI pack '{pack}': no source delivers {column}: no data for "
            f"{', '.join(keys[:SHOWN])}{more}",
        )
