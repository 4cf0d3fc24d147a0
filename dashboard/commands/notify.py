"""`notify`: try a receiver, look at what was not delivered, send it again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from alerts import allowance, outbox
from alerts.card import summary
from alerts.content import test_note
from alerts.errors import SendError
from alerts.outgoing import Stand, Wanted, dead_ids, load_outgoing
from alerts.receivers import ReceiverSettings
from alerts.render import Wording
from alerts.transports.kinds import TRANSPORTS, bucket_name, transport_for
from connectors.errors import StoreError
from connectors.store import Store
from dashboard.commands.options import (
    config_option,
    format_option,
    iso,
    say_json,
    say_table,
    settings_of,
    store_of,
)
from dashboard.settings import Settings
from metrics.text import LANGUAGES, Language

SHOWN = 200


@click.group()
def notify() -> None:
    """Try receivers, and see and send again what was not delivered.

    Example: deskpulse notify test leads
    """


@notify.command()
@click.argument("receiver")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language (default: the receiver's).")
@config_option
def test(receiver: str, lang: Language | None, config: Path) -> None:
    """Send RECEIVER a message that says it is a test, and say what it answered."""
    settings = settings_of(config)
    wanted = _receiver(settings, receiver)
    _wait_for_no_limit(settings, wanted)
    now = datetime.now(UTC)
    wording = Wording(
        lang or wanted.language or settings.app.language,
        settings.app.timezone,
        settings.alerts.public_url,
        settings.kpis,
    )
    transport = transport_for(wanted)
    try:
        status = transport.send(test_note(wanted.name, now), wording, now=now)
    finally:
        transport.close()
    took = (datetime.now(UTC) - now).total_seconds()
    click.echo(f"receiver '{wanted.name}' took the test message ({status}, {took:.1f} s)")


@notify.command("list")
@click.option("--state", type=click.Choice([one.value for one in Stand]), help="Only these.")
@click.option("--receiver", help="Only of this receiver.")
@click.option("--days", default=7, show_default=True, help="How far to look back.")
@config_option
@format_option("table", "json")
def list_messages(
    state: str | None, receiver: str | None, days: int, config: Path, form: str
) -> None:
    """List messages, the newest first."""
    settings = settings_of(config)
    wanted = Wanted(
        since=datetime.now(UTC) - timedelta(days=days),
        receivers=(receiver,) if receiver else (),
        stands=(Stand(state),) if state else (),
    )
    store = store_of(settings)
    with store.read() as connection:
        found = load_outgoing(connection, wanted, limit=SHOWN)
    store.close()
    zone = settings.app.timezone
    wording = Wording("en", zone, kpis=settings.kpis)
    if form == "json":
        say_json({"messages": [
            {"id": one.id, "receiver": one.receiver, "state": one.stand,
             "what": one.note and summary(one.note, wording),
             "created_at": iso(one.created_at, zone), "sent_at": iso(one.sent_at, zone),
             "attempts": one.attempts, "error": one.error, "moved_to": one.moved_to,
             "instead_of": one.instead_of, "sent_as": one.sent_as, "key": one.key}
            for one in found
        ]})  # fmt: skip
        return
    rows = [(one.id, one.receiver, one.stand.value, iso(one.created_at, zone), one.attempts,
             one.note and summary(one.note, wording), one.error) for one in found]  # fmt: skip
    say_table(("id", "receiver", "state", "created", "tries", "message", "error"), rows)


@notify.command()
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "every", is_flag=True, help="Everything that was given up.")
@click.option("--receiver", help="Everything of this receiver that was given up.")
@config_option
def resend(ids: tuple[int, ...], every: bool, receiver: str | None, config: Path) -> None:
    """Send again what was given up: by the numbers that `list` shows, or all of it."""
    if bool(ids) + every + (receiver is not None) != 1:
        raise click.UsageError("name messages by number, or use --receiver NAME, or --all")
    settings = settings_of(config)
    if receiver is not None:
        _receiver(settings, receiver)
    store = store_of(settings)
    with store.begin() as connection:
        wanted = list(ids) or dead_ids(connection, receiver)
        again = outbox.send_again(connection, wanted, now=datetime.now(UTC))
    store.close()
    click.echo(f"{again} of {len(wanted)} messages wait to be sent again; the worker sends them")


def _receiver(settings: Settings, name: str) -> ReceiverSettings:
    known = {one.name: one for one in settings.receivers}
    if name not in known:
        raise click.BadParameter(
            f"there is no receiver '{name}'; known: {', '.join(known)}"
            if known
            else "there is no receiver yet; add a [[receivers]] block, see docs/delivery.md"
        )
    return known[name]


def _wait_for_no_limit(settings: Settings, receiver: ReceiverSettings) -> None:
    """A test counts as any other message; where none is left, it says for how long."""
    limits = TRANSPORTS[receiver.type].limits
    if not limits:
        return
    try:
        store = store_of(settings)
    except StoreError:  # not made yet: nothing was sent either
        return
    free_at, now = _take(store, receiver, datetime.now(UTC))
    store.close()
    if free_at > now:
        seconds = (free_at - now).total_seconds()
        raise SendError(
            f"receiver '{receiver.name}' was sent as much as its platform allows; "
            f"try again in {seconds:.0f} s"
        )


def _take(store: Store, receiver: ReceiverSettings, now: datetime) -> tuple[datetime, datetime]:
    place, limits = bucket_name(receiver), TRANSPORTS[receiver.type].limits
    with store.begin() as connection:
        bucket = allowance.load(connection, place, limits, now=now)
        free_at = bucket.free_at(now)
        if free_at <= now:
            allowance.save(connection, place, bucket.take(now))
    return free_at, now
