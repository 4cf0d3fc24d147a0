"""`init` and `check`: a first configuration, and everything that is wrong with the present one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from connectors.checkup import Finding, check_source
from connectors.errors import StoreError, StoreNotReady
from dashboard.commands.kpi_findings import kpi_findings
from dashboard.commands.options import config_option, format_option, say_json, store_of
from dashboard.errors import SettingsError
from dashboard.settings import Settings, load_settings
from dashboard.telling_sections import hole_findings

TEMPLATE = Path(__file__).parent.parent / "assets" / "deskpulse.toml"


@click.command()
@config_option
@click.option("--preset", default="chatwoot", show_default=True,
              help="chatwoot, zammad, mall or generic.")  # fmt: skip
@click.option("--force", is_flag=True, help="Write over an existing file.")
def init(config: Path, preset: str, force: bool) -> None:
    """Write a first configuration to start from.

    Example: deskpulse init --preset chatwoot
    """
    if config.exists() and not force:
        raise SettingsError(
            [f"'{config.name}' is there already; edit it, or write over it with --force"]
        )
    text = TEMPLATE.read_text(encoding="utf-8").replace("@preset@", preset)
    try:
        config.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError([f"'{config.name}' cannot be written: {error.strerror}"]) from None
    click.echo(f"wrote {config.name}; set HELPDESK_URL, then run `deskpulse check`", err=True)


@click.command()
@config_option
@format_option("text", "json")
def check(config: Path, form: str) -> None:
    """Say everything that is wrong: configuration, store, sources, mappings, indexes, KPI packs.

    Example: deskpulse check -c deskpulse.toml
    """
    settings = load_settings(config)
    found = list(_findings(settings))
    if form == "json":
        say_json({"findings": [{"level": f.level, "text": f.text} for f in found]})
    else:
        for finding in found:
            click.echo(f"{finding.level}: {finding.text}")
    errors = sum(finding.level == "error" for finding in found)
    if not errors:
        click.echo("no errors found", err=True)
        return
    click.echo("1 error found" if errors == 1 else f"{errors} errors found", err=True)
    raise SystemExit(1)


def _findings(settings: Settings) -> Iterator[Finding]:
    if not settings.sources:
        yield Finding("error", "no source is connected; add a [[sources]] section")
    try:
        store_of(settings).close()
    except StoreNotReady as error:
        yield Finding("note", str(error))
    except StoreError as error:
        yield Finding("error", str(error))
    for source in settings.sources:
        found = check_source(source, settings.folder, datetime.now(UTC))
        if not any(finding.level == "error" for finding in found):
            yield Finding("note", f"source '{source.name}' can be read")
        yield from found
    if settings.rules and not settings.receivers:
        yield Finding("warning", "there are rules but no receivers: nobody will be told")
    yield from hole_findings(settings.telling, settings.app.timezone, datetime.now(UTC))
    yield from kpi_findings(settings, datetime.now(UTC).date())
