"""Options and output that the commands share: configuration file, formats, times, progress."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from connectors.durations import parse_duration
from connectors.store import Store, open_store
from dashboard.settings import DEFAULT_FILE, Settings, load_settings
from metrics.text import UNKNOWN

F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """-c FILE, and --debug for a traceback."""
    with_file = click.option(
        "-c", "--config", "config", default=DEFAULT_FILE, show_default=True,
        type=click.Path(path_type=Path, dir_okay=False), help="The configuration file.",
    )(command)  # fmt: skip
    return click.option("--debug", is_flag=True, help="Show tracebacks.", expose_value=False)(
        with_file
    )


def format_option(*names: str) -> Callable[[F], F]:
    """--format, the first name being the default."""
    return click.option(
        "--format", "form", type=click.Choice(names), default=names[0], show_default=True,
        help="How to print: json for programs.",
    )  # fmt: skip


def settings_of(config: Path) -> Settings:
    return load_settings(config)


def store_of(settings: Settings, *, migrate: bool = False) -> Store:
    return open_store(settings.store_url, migrate=migrate)


def moment(text: str, zone: ZoneInfo) -> datetime:
    """An ISO date or time (local to `zone` without an offset); BadParameter in words."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"'{text}' is not a time; write 2026-11-11, 2026-11-11T20:00 or with an offset"
        ) from None
    if len(text) <= 10:
        return datetime.combine(parsed.date(), time(), zone)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)


def span_or_none(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def iso(at: datetime | None, zone: ZoneInfo) -> str | None:
    """As ISO 8601 with the offset of `zone`; whole seconds without a fraction."""
    if at is None:
        return None
    local = at.astimezone(zone)
    return local.isoformat(timespec="milliseconds" if local.microsecond else "seconds")


def say_json(document: Any) -> None:
    """Exactly one JSON document on stdout."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))


def say_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A plain table; wide (Chinese) characters take two columns."""
    lines = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(_width(cell) for cell in column) for column in zip(head, *lines, strict=True)]
    for line in (list(head), *lines):
        padded = [cell + " " * (w - _width(cell)) for cell, w in zip(line, widths, strict=True)]
        click.echo("  ".join(padded).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.1f}"
    return str(value)


def _width(text: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
