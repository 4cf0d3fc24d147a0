"""What the Delivery page shows, read from the store in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from alerts.channels import Channel, ChannelState, load_channels
from alerts.outgoing import (
    Outgoing,
    Stand,
    Tally,
    Try,
    Wanted,
    count_outgoing,
    load_outgoing,
    tallies,
    tries_of,
)
from alerts.receivers import ReceiverSettings

SHOWN, DEAD_SHOWN = 100, 12
DAYS = (1, 7, 30)
USUAL_DAYS = 7


@dataclass(frozen=True, slots=True)
class Filters:
    """What the URL asks for; nothing chosen: everything of the last days."""

    receiver: str | None = None
    stand: Stand | None = None
    days: int = USUAL_DAYS


@dataclass(frozen=True, slots=True)
class Place:
    """A receiver of the configuration (or one that left it), and how it fares."""

    name: str
    settings: ReceiverSettings | None
    channel: Channel | None
    tally: Tally

    def count(self, *stands: Stand) -> int:
        return sum(self.tally.counts.get(one, 0) for one in stands)

    @property
    def state(self) -> ChannelState | None:
        """None: nothing was ever sent to it."""
        return self.channel.state if self.channel else None


@dataclass(frozen=True, slots=True)
class Delivered:
    """`messages` are the newest of `total`; `dead` those given up, whatever is chosen."""

    places: tuple[Place, ...]
    messages: tuple[Outgoing, ...]
    total: int
    dead: tuple[Outgoing, ...]
    dead_total: int
    tries: Mapping[int, Sequence[Try]]


def load(
    connection: sa.Connection,
    filters: Filters,
    receivers: Sequence[ReceiverSettings],
    *,
    now: datetime,
    most: int = SHOWN,
) -> Delivered:
    since = now - timedelta(days=filters.days)
    wanted = Wanted(
        since=since,
        receivers=(filters.receiver,) if filters.receiver else (),
        stands=(filters.stand,) if filters.stand else (),
    )
    given_up = Wanted(since=since, receivers=wanted.receivers, stands=(Stand.DEAD,))
    messages = load_outgoing(connection, wanted, limit=most)
    dead = load_outgoing(connection, given_up, limit=DEAD_SHOWN)
    ids = {one.id for one in (*messages, *dead)}
    return Delivered(
        places=_places(receivers, load_channels(connection), tallies(connection, since=since)),
        messages=tuple(messages),
        total=count_outgoing(connection, wanted),
        dead=tuple(dead),
        dead_total=count_outgoing(connection, given_up),
        tries=tries_of(connection, ids),
    )


def _places(
    receivers: Sequence[ReceiverSettings],
    channels: Mapping[str, Channel],
    counted: Mapping[str, Tally],
) -> tuple[Place, ...]:
    """In the order of the configuration, trouble first; then those that left it but have mail."""
    known = {one.name: one for one in receivers}
    names = [*known, *sorted(set(counted) - set(known))]
    places = [
        Place(name, known.get(name), channels.get(name), counted.get(name, Tally(name, {})))
        for name in names
    ]
    order = {ChannelState.BROKEN: 0, ChannelState.FAILING: 1}
    return tuple(sorted(places, key=lambda one: order.get(one.state or ChannelState.WORKING, 2)))
