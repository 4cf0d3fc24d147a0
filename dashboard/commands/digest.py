"""`digest`: a look at a scheduled digest, and sending one now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from alerts.digest.content import Digest
from alerts.digest.drawing import pictures
from alerts.digest.gather import Shop, gather
from alerts.digest.jobs import notes_for, receivers_of
from alerts.digest.letter import digest_page, digest_values
from alerts.digest.mail_text import plain
from alerts.digest.schedule import Due, last_due
from alerts.digest.settings import DigestSettings
from alerts.digest.words import Speaker
from alerts.errors import SendError
from alerts.receivers import ReceiverSettings
from alerts.render import Wording
from alerts.transports.kinds import transport_for
from dashboard.commands.options import (
    config_option,
    format_option,
    moment,
    say_json,
    settings_of,
    store_of,
)
from dashboard.settings import Settings
from metrics.text import LANGUAGES, Language


@click.command()
@click.argument("name")
@click.option("--at", help="As it would be sent on this day (default: the last one due).")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language (default: that of [app]).")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@click.option("--send", is_flag=True, help="Send it to its receivers now.")
@config_option
@format_option("text", "html", "json")
def digest(  # noqa: PLR0913 - one per option
    name: str,
    at: str | None,
    lang: Language | None,
    output: Path | None,
    send: bool,
    config: Path,
    form: str,
) -> None:
    """Show the digest NAME of [[digests]], or send it now with --send.

    Example: deskpulse digest morning --format html --output morning.html
    """
    settings = settings_of(config)
    due = _due(_wanted(settings, name), at, settings)
    store = store_of(settings)
    with store.read() as connection:
        made = gather(connection, _shop(settings), due, now=max(due.at, due.until))
    store.close()
    if send:
        _send(made, due, settings)
        return
    wording = _wording(settings, lang)
    if form == "json":
        say_json(digest_values(made, wording))
        return
    speaker = Speaker(made, wording)
    if form == "html":
        page = digest_page(speaker, now=due.at)
    else:
        page = f"{speaker.subject()}\n\n{plain(speaker, pictures(speaker), now=due.at)}"
    if output is None:
        click.echo(page, nl=False)
    else:
        output.write_text(page, encoding="utf-8")
        click.echo(f"wrote {output}", err=True)


def _wanted(settings: Settings, name: str) -> DigestSettings:
    known = [one.name for one in settings.digests]
    for one in settings.digests:
        if one.name == name:
            return one
    raise click.BadParameter(
        f"there is no digest '{name}'; known: {', '.join(known)}"
        if known
        else "there is no digest yet; add a [[digests]] block, see docs/digest.md"
    )


def _due(wanted: DigestSettings, at: str | None, settings: Settings) -> Due:
    """The last digest due until the end of that day, or until now."""
    zone, now = settings.app.timezone, datetime.now(UTC)
    if at is None:
        return last_due(wanted, now, zone)
    return last_due(wanted, moment(at[:10], zone) + timedelta(hours=23, minutes=59), zone)


def _shop(settings: Settings) -> Shop:
    return Shop(settings.app.name, settings.app.timezone, settings.source_names, settings.kpis)


def _wording(settings: Settings, lang: Language | None) -> Wording:
    return Wording(
        lang or settings.app.language,
        settings.app.timezone,
        settings.alerts.public_url,
        settings.kpis,
    )


def _send(made: Digest, due: Due, settings: Settings) -> None:
    """To each receiver by itself; SendError of the first that failed, after all were tried."""
    by_name = {one.name: one for one in settings.receivers}
    wanted = receivers_of(due.digest, list(by_name))
    failed: list[SendError] = []
    for note in notes_for(made, due, wanted):
        receiver = by_name[note.receiver]
        transport = transport_for(receiver)
        try:
            transport.send(note, _wording(settings, receiver.language), now=datetime.now(UTC))
        except SendError as error:
            failed.append(error)
        else:
            click.echo(f"sent to {_where(receiver)}", err=True)
        finally:
            transport.close()
    for other in failed[1:]:
        click.echo(f"deskpulse: {other}", err=True)
    if failed:
        raise failed[0]


def _where(receiver: ReceiverSettings) -> str:
    return f"{receiver.name} ({', '.join(receiver.to)})" if receiver.to else receiver.name
