"""The notification log in our own store: what each receiver knows, read and written.

Every function takes an open connection: the log commits together with state, history and messages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from alerts.alert import Alert, Reason
from alerts.store import insert_for
from alerts.telling.batches import DIGEST_LANE, Recent
from alerts.telling.known import Episode, Knows, Told
from alerts.telling.muting import Mute, MuteKind
from alerts.telling.plan import Storm
from connectors import alert_tables, telling_tables

_told, _telling = telling_tables.told, telling_tables.telling
_FIRSTS = (Reason.FIRST, Reason.NEW, Reason.DIGEST)
_MOST = 400  # fingerprints in one query
_CLEAR = (
    _telling.update()
    .where(
        _telling.c.fingerprint == sa.bindparam("key"),
        _telling.c.episode == sa.bindparam("number"),
    )
    .values(mute=None, muted_since=None, muted_until=None, since=None, steps=0)
)


def load_open(connection: sa.Connection) -> dict[str, Episode]:
    """By fingerprint: the latest episodes that are not over, or not told to be."""
    latest = alert_tables.alerts.c.fingerprint, alert_tables.alerts.c.episode
    open_told = sa.select(_told).where(_told.c.knows != Knows.RESOLVED)
    kept = sa.select(_telling).join(
        alert_tables.alerts, sa.and_(latest[0] == _telling.c.fingerprint,
                                     latest[1] == _telling.c.episode,
                                     alert_tables.alerts.c.resolved_at.is_(None))
    )  # fmt: skip
    return _latest(
        connection.execute(open_told).mappings().all(), connection.execute(kept).mappings().all()
    )


def load_episodes(connection: sa.Connection, alerts: Iterable[Alert]) -> dict[str, Episode]:
    """Everything about the present episodes of some alerts, for those who look."""
    wanted = {one.fingerprint: one.episode for one in alerts}
    keys = sorted(wanted)
    told: list[sa.RowMapping] = []
    kept: list[sa.RowMapping] = []
    for start in range(0, len(keys), _MOST):
        part = keys[start : start + _MOST]
        for table, rows in ((_told, told), (_telling, kept)):
            found = connection.execute(sa.select(table).where(table.c.fingerprint.in_(part)))
            rows += [
                row for row in found.mappings() if wanted[row["fingerprint"]] == row["episode"]
            ]
    return _latest(told, kept)


def load_recents(connection: sa.Connection, storm: Storm, now: datetime) -> dict[str, Recent]:
    """What the people got of late, as far as it matters for a storm."""
    query = sa.select(_told.c.receiver, _told.c.lane, _told.c.reason, _told.c.at).where(
        _told.c.at > now - max(storm.within, storm.every),
        _told.c.receiver.in_(sorted(storm.people)),
        _told.c.times > 0,
    )
    firsts: dict[str, list[datetime]] = defaultdict(list)
    digests: dict[str, datetime] = {}
    for receiver, lane, reason, at in connection.execute(query):
        if reason in _FIRSTS:
            firsts[receiver].append(at)
        if lane == DIGEST_LANE:
            digests[receiver] = max(at, digests.get(receiver, at))
    return {name: Recent(tuple(firsts[name]), digests.get(name)) for name in {*firsts, *digests}}


def save_episodes(connection: sa.Connection, episodes: Iterable[Episode]) -> None:
    """Writes what is known of them; one that nothing is known of makes no row."""
    found = list(episodes)
    told = [_told_row(episode, one) for episode in found for one in episode.told]
    _upsert(connection, _told, ("fingerprint", "episode", "receiver"), told)
    kept = [_telling_row(one) for one in found if one.mute or one.since]
    _upsert(connection, _telling, ("fingerprint", "episode"), kept)
    cleared = [
        {"key": one.fingerprint, "number": one.episode}
        for one in found
        if not (one.mute or one.since)
    ]
    if cleared:
        connection.execute(_CLEAR, cleared)


def _upsert(
    connection: sa.Connection, table: sa.Table, key: tuple[str, ...], rows: list[dict[str, Any]]
) -> None:
    if not rows:
        return
    insert = insert_for(connection, table)
    values = {name: insert.excluded[name] for name in rows[0] if name not in key}
    connection.execute(insert.on_conflict_do_update(index_elements=key, set_=values), rows)


def _told_row(episode: Episode, one: Told) -> dict[str, Any]:
    return {
        "fingerprint": episode.fingerprint,
        "episode": episode.episode,
        "receiver": one.receiver,
        "lane": one.lane,
        "knows": one.knows,
        "reason": one.reason,
        "at": one.at,
        "times": one.times,
    }


def _telling_row(one: Episode) -> dict[str, Any]:
    return {
        "fingerprint": one.fingerprint,
        "episode": one.episode,
        "mute": one.mute.kind if one.mute else None,
        "muted_by": one.mute.by if one.mute else None,
        "mute_reason": one.mute.reason if one.mute else None,
        "muted_since": one.muted_since,
        "muted_until": one.mute.until if one.mute else None,
        "since": one.since,
        "steps": one.steps,
    }


def _latest(told: Iterable[sa.RowMapping], kept: Iterable[sa.RowMapping]) -> dict[str, Episode]:
    found: dict[tuple[str, int], Episode] = {}
    for row in kept:
        found[_place(row)] = _episode(row)
    for row in told:
        place = _place(row)
        known = found.get(place) or Episode(fingerprint=place[0], episode=place[1])
        found[place] = known.with_told(_told_of(row))
    return {key: one for (key, _), one in sorted(found.items())}


def _place(row: sa.RowMapping) -> tuple[str, int]:
    return row["fingerprint"], row["episode"]


def _episode(row: sa.RowMapping) -> Episode:
    mute = None
    if row["mute"]:
        kind = MuteKind(row["mute"])
        mute = Mute(kind, row["muted_by"], row["muted_until"], row["mute_reason"] or "")
    return Episode(
        fingerprint=row["fingerprint"],
        episode=row["episode"],
        mute=mute,
        muted_since=row["muted_since"],
        since=row["since"],
        steps=row["steps"],
    )


def _told_of(row: sa.RowMapping) -> Told:
    return Told(
        receiver=row["receiver"],
        lane=row["lane"],
        knows=Knows(row["knows"]),
        reason=Reason(row["reason"]) if row["reason"] else None,
        at=row["at"],
        times=row["times"],
    )
