"""Links that let their reader acknowledge one episode of one alert: made and read.

A token is signed and dated, so it can be neither made up nor used for ever; it says which alert,
which episode and which receiver, so that it opens nothing else. The page behind it is
dashboard/ack/.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from alerts.settings import AlertsSettings
from alerts.store import insert_for
from connectors import schema
from connectors.errors import StoreError
from connectors.store import Store

log = logging.getLogger(__name__)

SALT = "deskpulse acknowledge"
KEY = "alerts.ack_key"  # in meta: made once, where the configuration names none
VALID_FOR = timedelta(days=1)


class BadLink(Exception):
    """The token isn't ours, or was changed on its way."""


class OldLink(Exception):
    """The token was ours, and its time is over."""


@dataclass(frozen=True, slots=True)
class AckToken:
    fingerprint: str
    episode: int
    receiver: str


class AckLinks:
    """Makes and reads tokens with one key."""

    def __init__(self, key: str, *, valid_for: timedelta = VALID_FOR) -> None:
        self._serializer = URLSafeTimedSerializer(key, salt=SALT)
        self._valid_for = valid_for

    def token(self, fingerprint: str, episode: int, receiver: str) -> str:
        made: str = self._serializer.dumps([fingerprint, episode, receiver])
        return made

    def read(self, token: str, *, now: datetime) -> AckToken:
        """Raises BadLink or OldLink."""
        try:
            value, made_at = self._serializer.loads(token, return_timestamp=True)
            fingerprint, episode, receiver = value
        except SignatureExpired as error:
            raise OldLink from error
        except (BadSignature, ValueError, TypeError) as error:
            raise BadLink from error
        if now - made_at.replace(tzinfo=UTC) > self._valid_for:
            raise OldLink
        return AckToken(str(fingerprint), int(episode), str(receiver))


def open_ack_links(store: Store, settings: AlertsSettings) -> AckLinks | None:
    """Links of the configured secret or of the store's key; None where no link could be opened."""
    if settings.public_url is None:
        return None
    try:
        key = _configured(settings) or _stored(store)
    except StoreError as error:
        log.error("event=no_ack_links error=%s", error)  # messages go out all the same
        return None
    return AckLinks(key, valid_for=settings.link_valid_for)


def reading_links(connection: sa.Connection, settings: AlertsSettings) -> AckLinks | None:
    """The same for those who only read links; None when none can have been made."""
    key = _configured(settings) or known_key(connection)
    return None if key is None else AckLinks(key, valid_for=settings.link_valid_for)


def _configured(settings: AlertsSettings) -> str | None:
    return settings.link_secret.get_secret_value() if settings.link_secret else None


def _stored(store: Store) -> str:
    with store.begin() as connection:
        return stored_key(connection)


def stored_key(connection: sa.Connection) -> str:
    """The key that the store keeps, made now if there is none. Needs a write transaction."""
    insert = insert_for(connection, schema.meta).values(name=KEY, value=secrets.token_urlsafe(32))
    connection.execute(insert.on_conflict_do_nothing(index_elements=["name"]))
    return str(connection.execute(_key()).scalar_one())


def known_key(connection: sa.Connection) -> str | None:
    """The key that the store keeps, for those who only read; None when no worker ever ran."""
    found = connection.execute(_key()).scalar()
    return None if found is None else str(found)


def _key() -> sa.Select[tuple[str]]:
    return sa.select(schema.meta.c.value).where(schema.meta.c.name == KEY)
