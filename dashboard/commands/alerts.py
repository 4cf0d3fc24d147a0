"""`alerts`: what fires, acknowledging, silencing, and who would be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from alerts.actions import act
from alerts.alert import Action, ActionKind, Alert
from alerts.errors import AlertsError
from alerts.store import load_active
from alerts.telling.feed import BACK, feed
from alerts.telling.looking import Seen
from alerts.telling.matchers import parse_matcher
from alerts.telling.muting import Silence
from alerts.telling.standing_store import (
    add_silence,
    end_silence,
    past_overrides,
    silences,
)
from dashboard.commands.alerts_who import mute_entry, who_command
from dashboard.commands.options import (
    config_option,
    format_option,
    iso,
    moment,
    say_json,
    say_table,
    settings_of,
    span_or_none,
    store_of,
)
from dashboard.duty.seen import seen_now

LONGEST_SILENCE = timedelta(days=90)
by_option = click.option("--by", required=True, help="Your name.")


@click.group()
def alerts() -> None:
    """What fires, who is on it, what is silenced, and who would be told.

    Example: deskpulse alerts list
    """


alerts.add_command(who_command)


@alerts.command(name="list")
@config_option
@format_option("table", "json")
def list_(config: Path, form: str) -> None:
    """Alerts that fire, are acknowledged or wait, and the silences that hold.

    Example: deskpulse alerts list --format json
    """
    settings, now = settings_of(config), datetime.now(UTC)
    store = store_of(settings)
    with store.read() as connection:
        seen = seen_now(connection, settings, now)
        quiet = silences(connection, now)
    store.close()
    zone = settings.app.timezone
    if form == "json":
        say_json(
            {
                "as_of": iso(now, zone),
                "alerts": [_entry(one, zone) for one in seen],
                "silences": [_silence_entry(one, zone) for one in quiet],
            }
        )
        return
    say_table(("fingerprint", "severity", "status", "rule", "labels", "value", "since", "on it",
               "muted"), [_row(one, zone) for one in seen])  # fmt: skip
    for one in quiet:
        matchers = ", ".join(str(each) for each in one.matchers)
        reason = f" ({one.reason})" if one.reason else ""
        click.echo(f"silence {one.id}: {matchers} until {iso(one.until, zone)} by {one.by}{reason}",
                   err=True)  # fmt: skip


@alerts.command()
@click.argument("fingerprint", required=False)
@click.option("--all", "everything", is_flag=True, help="All that fire and nobody is on.")
@by_option
@click.option("--note", default="", help="What you are doing about it.")
@click.option("--for", "span", help="Fire again after this span unless it is over, such as 30m.")
@config_option
def ack(
    fingerprint: str | None, everything: bool, by: str, note: str, span: str | None, config: Path
) -> None:
    """Say that you are on it: repeats and escalation stop.

    Example: deskpulse alerts ack 3f2a --by Li --note "calling the warehouse" --for 30m
    """
    if (fingerprint is None) is not everything:
        raise click.UsageError("name an alert by its fingerprint, or give --all")
    ends_in = span_or_none(span)
    settings, now = settings_of(config), datetime.now(UTC)
    store = store_of(settings)
    with store.begin() as connection:
        up = [one for one in load_active(connection) if one.up]
        found = _unattended(up) if fingerprint is None else [_one(up, fingerprint)]
        for alert in found:
            action = Action(
                fingerprint=alert.fingerprint, episode=alert.episode,
                kind=ActionKind.ACKNOWLEDGE, who=by, at=now, note=note,
                until=now + ends_in if ends_in else None,
            )  # fmt: skip
            act(connection, action)
    store.close()
    for alert in found:
        click.echo(f"acknowledged {alert.fingerprint} {alert.rule} {_labels(alert)}", err=True)
    if not found:
        click.echo("nothing fires that nobody is on", err=True)


@alerts.command()
@click.option("--where", "where", multiple=True, required=True, metavar="MATCHER",
              help="queue=NAME, severity!=critical, rule=~queue.*; all must hold.")  # fmt: skip
@click.option("--for", "span", help="How long, such as 2h.")
@click.option("--until", "until", help="Until when, such as 2026-11-11T08:00.")
@by_option
@click.option("--reason", default="", help="Why, for those who ask.")
@config_option
def silence(
    where: tuple[str, ...], span: str | None, until: str | None, by: str, reason: str, config: Path
) -> None:
    """Tell nobody of some alerts for a while; what outlives it is told.

    Example: deskpulse alerts silence --where queue=淘宝店 --for 2h --by Li --reason "deployment"
    """
    settings, now = settings_of(config), datetime.now(UTC)
    ends = _end(span, until, settings.app.timezone, now)
    try:
        matchers = tuple(parse_matcher(one) for one in where)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    made = Silence(matchers=matchers, since=now, until=ends, by=by, reason=reason, made_at=now)
    store = store_of(settings)
    with store.begin() as connection:
        number = add_silence(connection, made)
    store.close()
    click.echo(f"silence {number} holds until {iso(ends, settings.app.timezone)}", err=True)


@alerts.command()
@click.argument("number", type=int)
@by_option
@config_option
def unsilence(number: int, by: str, config: Path) -> None:
    """End a silence now; what it held back and still fires is told.

    Example: deskpulse alerts unsilence 12 --by Li
    """
    store = store_of(settings_of(config))
    with store.begin() as connection:
        end_silence(connection, number, by=by, now=datetime.now(UTC))
    store.close()
    click.echo(f"silence {number} ended", err=True)


@alerts.command()
@click.option("--person", help="Of one person only.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@config_option
def calendar(person: str | None, output: Path | None, config: Path) -> None:
    """Who is on call as iCalendar: two weeks back and four months ahead.

    Example: deskpulse alerts calendar --person Li --output li.ics
    """
    settings, now = settings_of(config), datetime.now(UTC)
    plan = settings.telling_plan
    if not plan.rotas:
        raise click.UsageError("there is no rota; add [[oncall]], see docs/alerting.md")
    known = sorted({one for rota in plan.rotas.values() for one in rota.receivers})
    if person is not None and person not in known:
        raise click.BadParameter(f"nobody is called '{person}'; known: {', '.join(known)}")
    store = store_of(settings)
    with store.read() as connection:
        taken = past_overrides(connection, now - BACK)
    store.close()
    content = feed(plan.rotas, taken, now=now, language=settings.app.language, person=person)
    if output is None:
        click.echo(content.decode(), nl=False)
    else:
        output.write_bytes(content)
        click.echo(f"wrote {output}", err=True)


def _end(span: str | None, until: str | None, zone: ZoneInfo, now: datetime) -> datetime:
    if (span is None) is (until is None):
        raise click.UsageError("a silence has an end: give either --for 2h or --until TIME")
    ends: datetime = moment(until, zone) if until else now + span_or_none(span)
    if ends <= now:
        raise click.BadParameter("this silence would be over already; give a later end")
    if ends - now > LONGEST_SILENCE:
        raise click.BadParameter("a silence lasts 90 days at most; remove the rule instead")
    return ends


def _unattended(up: list[Alert]) -> list[Alert]:
    return [one for one in up if one.acknowledgement is None]


def _one(up: list[Alert], start: str) -> Alert:
    found = [one for one in up if one.fingerprint.startswith(start)]
    if len(found) == 1:
        return found[0]
    if found:
        raise AlertsError(f"'{start}' is the start of {len(found)} alerts; give more of it")
    raise AlertsError(f"no alert '{start}' is up; see `deskpulse alerts list`")


def _labels(alert: Alert) -> str:
    return " ".join(f"{name}={value}" for name, value in alert.labels)


def _row(one: Seen, zone: ZoneInfo) -> tuple[Any, ...]:
    alert = one.alert
    said = alert.acknowledgement
    muted = "" if one.mute is None else f"{one.mute.kind} by {one.mute.by}"
    on_it = said.by if said else ""
    return (alert.fingerprint[:8], alert.severity, alert.phase, alert.rule, _labels(alert),
            alert.value, iso(alert.pending_since, zone), on_it, muted)  # fmt: skip


def _entry(one: Seen, zone: ZoneInfo) -> dict[str, Any]:
    alert, said = one.alert, one.alert.acknowledgement
    return {
        "fingerprint": alert.fingerprint,
        "episode": alert.episode,
        "rule": alert.rule,
        "severity": alert.severity,
        "status": alert.status,
        "phase": alert.phase,
        "metric": alert.metric,
        "labels": dict(alert.labels),
        "value": alert.value,
        "peak": alert.peak,
        "condition": f"{alert.op} {alert.threshold:g}",
        "since": iso(alert.pending_since, zone),
        "started_at": iso(alert.fired_at, zone) if alert.up else None,
        "acknowledged": said and {"by": said.by, "at": iso(said.at, zone),
                                  "until": iso(said.until, zone), "note": said.note},
        "assignee": alert.assignee,
        "muted": mute_entry(one.mute, zone),
        "told": [{"receiver": told.receiver, "knows": told.knows, "reason": told.reason,
                  "at": iso(told.at, zone)} for told in one.known.told],
        "next": {"at": iso(one.next_at, zone), "receivers": list(one.next_to)}
        if one.next_at else None,
    }  # fmt: skip


def _silence_entry(one: Silence, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": one.id,
        "matchers": [str(each) for each in one.matchers],
        "since": iso(one.since, zone),
        "until": iso(one.until, zone),
        "by": one.by,
        "reason": one.reason,
    }
