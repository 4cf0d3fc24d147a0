"""`alerts who`: who would be told of an alert at a moment, and why."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from alerts.alert import Rule, Severity
from alerts.settings import rules_of
from alerts.telling.book import NOTHING, Standing
from alerts.telling.muting import Mute
from alerts.telling.standing_store import load_standing
from alerts.telling.weekly import DAYS
from alerts.telling.who import Reached, WhoAnswer, imagined, who
from connectors.errors import StoreError
from dashboard.commands.options import (
    config_option,
    format_option,
    iso,
    moment,
    say_json,
    settings_of,
    store_of,
)
from dashboard.duty.seen import usual_of
from dashboard.settings import Settings
from metrics.measurement import labels_of


@click.command(name="who")
@click.option("--rule", "name", required=True, help="A rule by name.")
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE", help="Of its series.")
@click.option(
    "--severity", type=click.Choice([one.value for one in Severity]), help="Instead of the rule's."
)
@click.option("--at", help="2026-11-15T03:00, or `sun 03:00` for the next one (default: now).")
@config_option
@format_option("text", "json")
def who_command(
    name: str, labels: tuple[str, ...], severity: str | None, at: str | None, config: Path,
    form: str,
) -> None:  # fmt: skip
    """Who would be told if this fired at that moment, and why. Nothing is sent.

    Example: deskpulse alerts who --rule queue-too-long --label queue=淘宝店 --at "sun 03:00"
    """
    settings, now = settings_of(config), datetime.now(UTC)
    zone = settings.app.timezone
    when = now if at is None else moment_ahead(at, zone, now)
    rule = _rule(settings, name)
    series = labels_of(**dict(_pair(one) for one in labels))
    alert = imagined(rule, series, Severity(severity) if severity else rule.severity, when)
    answer = who(
        alert, when, plan=settings.telling_plan, standing=_standing(settings, when),
        usual=usual_of(settings),
    )  # fmt: skip
    if form == "json":
        say_json(_document(answer, when, settings))
    else:
        _say(answer, when, settings)


def _standing(settings: Settings, when: datetime) -> Standing:
    """Silences and overrides; none where the store isn't there yet."""
    try:
        store = store_of(settings)
    except StoreError as error:
        click.echo(f"without silences and overrides: {error}", err=True)
        return NOTHING
    with store.read() as connection:
        found = load_standing(connection, when)
    store.close()
    return found


def _rule(settings: Settings, name: str) -> Rule:
    receivers = [one.name for one in settings.receivers]
    rules = {one.name: one for one in rules_of(settings.rules, receivers=receivers)}
    if name not in rules:
        raise click.BadParameter(f"there is no rule '{name}'; known: {', '.join(rules) or '-'}")
    return rules[name]


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name or not value:
        raise click.BadParameter(f"'{text}' is no label; write queue=NAME")
    return name.strip(), value.strip()


def _document(answer: WhoAnswer, when: datetime, settings: Settings) -> dict[str, Any]:
    zone = settings.app.timezone
    return {
        "at": iso(when, zone),
        "routes": [list(path) for path in answer.ways],
        "receivers": [
            {"receiver": one.to.receiver, "route": list(one.to.path), "on_call": one.to.via or None,
             "at": iso(one.at, zone), "muted": mute_entry(one.mute, zone)}
            for one in answer.reached
        ],
        "escalation": [
            {"step": one.number, "at": iso(one.at, zone), "receivers": list(one.receivers),
             "on_call": dict(one.people)}
            for one in answer.reminders
        ],
    }  # fmt: skip


def _say(answer: WhoAnswer, when: datetime, settings: Settings) -> None:
    zone = settings.app.timezone
    click.echo(f"if it fired at {iso(when, zone)}:")
    if not answer.reached:
        click.echo("  nobody would be told: its rule names no receivers")
    for one in answer.reached:
        click.echo(f"  {_reached(one, when, settings)}")
    for step in answer.reminders:
        people = "".join(f" ({person or 'nobody'} on call in {rota})"
                         for rota, person in step.people)  # fmt: skip
        click.echo(f"  {iso(step.at, zone)}: {', '.join(step.receivers)}{people}, "
                   "unless somebody acknowledges")  # fmt: skip


def _reached(one: Reached, when: datetime, settings: Settings) -> str:
    zone = settings.app.timezone
    way = " › ".join(one.to.path) or "its rule, as no route matches"
    via = f", {one.to.via} on call" if one.to.via else ""
    if one.mute is None:
        time = "at once" if one.at in (None, when) else iso(one.at, zone)
    elif one.at is None:
        time = f"not while {one.mute.by} is up"
    else:
        time = f"not before {iso(one.at, zone)}: {one.mute.kind}, {one.mute.by}"
    return f"{one.to.receiver}: {time} (by {way}{via})"


def moment_ahead(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """An ISO time, or a weekday with a time: `sun 03:00` is the next one."""
    day, _, clock = text.strip().lower().partition(" ")
    if day[:3] not in DAYS or not clock:
        return moment(text, zone)
    try:
        at = time.fromisoformat(clock.strip())
    except ValueError:
        raise click.BadParameter(f"'{clock}' is not a time of day; write sun 03:00") from None
    today = now.astimezone(zone).date()
    days = (DAYS.index(day[:3]) - today.weekday()) % 7
    found = datetime.combine(today + timedelta(days=days), at, zone)
    return found if found > now else found + timedelta(days=7)


def mute_entry(mute: Mute | None, zone: ZoneInfo) -> dict[str, Any] | None:
    if mute is None:
        return None
    return {"kind": mute.kind, "by": mute.by, "until": iso(mute.until, zone),
            "reason": mute.reason}  # fmt: skip
