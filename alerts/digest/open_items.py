"""What waits for somebody, and what happened to sources and rules: the last part of a digest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from alerts.alert import Severity, Status
from alerts.digest.content import AlertCount, OpenCase, OpenItems, OpenReview, Outage
from alerts.settings import SOURCE_DOWN
from connectors import alert_tables, schema

MOST = 5
NEGATIVE = 0.4  # of the scale: one or two stars of five
# An older review isn't answered any more: nobody reads the answer.
ANSWER_WITHIN = timedelta(days=30)
OPEN_CASES = ("pending", "returning")
RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
_UP = [one for one in Status if one.up]
# Which parts an audience can act on.
REVIEWS_FOR = ("supervisor", "quality", "lead")
CASES_FOR = ("supervisor", "quality", "lead")
ALERTS_FOR = ("supervisor", "planner", "lead")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose items, of when. `names`: the sources of the configuration (none: all)."""

    audience: str
    queues: tuple[str, ...]
    since: datetime
    until: datetime
    now: datetime
    names: Sequence[str] = ()


def open_items(connection: sa.Connection, scope: Scope) -> OpenItems:
    """As of `now`, apart from outages and alerts, which are those of the span.

    Reviews and cases have no queue, so a digest of some queues leaves them out.
    """
    reviews: tuple[OpenReview, ...] = ()
    cases: tuple[OpenCase, ...] = ()
    reviews_open = cases_open = None
    if scope.audience in REVIEWS_FOR and not scope.queues:
        reviews_open, reviews = _reviews(connection, scope)
    if scope.audience in CASES_FOR and not scope.queues:
        cases_open, cases = _cases(connection, scope)
    stretches = _stretches(connection, scope)
    alerts = _alerts(stretches, scope) if scope.audience in ALERTS_FOR else []
    return OpenItems(
        reviews=reviews,
        reviews_open=reviews_open,
        cases=cases,
        cases_open=cases_open,
        outages=_outages(stretches, scope),
        alerts=tuple(alerts[:MOST]),
        alerts_more=max(0, len(alerts) - MOST),
    )


def _reviews(connection: sa.Connection, scope: Scope) -> tuple[int | None, tuple[OpenReview, ...]]:
    """Negative reviews without a public answer; None where no source tells of answers."""
    table = schema.ratings.c
    of = _named(table.source, scope), table.kind == "review"
    telling = sa.select(table.source).where(*of, table.answered_at.is_not(None)).distinct()
    sources = list(connection.execute(telling).scalars())
    if not sources:
        return None, ()
    wanted = (
        table.source.in_(sources),
        table.kind == "review",
        table.score <= NEGATIVE * table.scale,
        table.answered_at.is_(None),
        table.rated_at > scope.now - ANSWER_WITHIN,
        table.rated_at <= scope.now,
    )
    count = connection.execute(sa.select(sa.func.count()).where(*wanted)).scalar_one()
    query = (
        sa.select(table.rating_id, table.order_ref, table.score, table.scale, table.rated_at)
        .where(*wanted)
        .order_by(table.score / table.scale, table.rated_at)
        .limit(MOST)
    )
    return count, tuple(
        OpenReview(row.order_ref or row.rating_id, 5 * row.score / row.scale, row.rated_at)
        for row in connection.execute(query)
    )


def _cases(connection: sa.Connection, scope: Scope) -> tuple[int | None, tuple[OpenCase, ...]]:
    """The oldest open cases; None where no source has any case at all."""
    table = schema.cases.c
    if not connection.execute(sa.select(table.case_id).limit(1)).first():
        return None, ()
    wanted = (
        _named(table.source, scope),
        table.opened_at <= scope.now,
        sa.or_(table.closed_at > scope.now,
               sa.and_(table.closed_at.is_(None), table.status.in_(OPEN_CASES))),
    )  # fmt: skip
    count = connection.execute(sa.select(sa.func.count()).where(*wanted)).scalar_one()
    query = (
        sa.select(table.case_id, table.order_ref, table.kind, table.reason, table.opened_at,
                  table.amount)
        .where(*wanted)
        .order_by(table.opened_at)
        .limit(MOST)
    )  # fmt: skip
    return count, tuple(
        OpenCase(row.order_ref or row.case_id, row.kind, row.reason, row.opened_at, row.amount)
        for row in connection.execute(query)
    )


@dataclass(frozen=True, slots=True)
class _Stretch:
    """One time in alarm, as far as it lies before `now`. `until` None: it still fires."""

    rule: str
    labels: dict[str, Any]
    severity: str
    since: datetime
    until: datetime | None


def _stretches(connection: sa.Connection, scope: Scope) -> list[_Stretch]:
    """Every alert that was firing at some time of the span."""
    table = alert_tables.transitions.c
    # A firing that began earlier has its end in the span, or none yet.
    query = sa.select(alert_tables.transitions).where(
        table.old.in_(_UP) != table.new.in_(_UP),  # it fired, or it ended
        sa.or_(
            table.at >= scope.since,
            table.fingerprint.in_(
                sa.select(alert_tables.alerts.c.fingerprint).where(
                    alert_tables.alerts.c.status.in_(_UP)
                )
            ),
        ),
    )
    found: dict[tuple[str, int], _Stretch] = {}
    for row in connection.execute(query.order_by(table.id)).mappings():
        key = row["fingerprint"], row["episode"]
        labels = json.loads(row["labels"])
        began = found.get(key)
        if Status(row["new"]).up:
            since = row["since"] if row["rule"] == SOURCE_DOWN else row["at"]
            found[key] = _Stretch(row["rule"], labels, row["severity"], since or row["at"], None)
        else:
            since = began.since if began else row["since"] or scope.since
            found[key] = _Stretch(row["rule"], labels, row["severity"], since, row["at"])
    return [one for one in found.values() if _touches(one, scope)]


def _touches(one: _Stretch, scope: Scope) -> bool:
    if one.since >= scope.until or (one.until is not None and one.until <= scope.since):
        return False
    queue = one.labels.get("queue")
    return not scope.queues or queue is None or queue in scope.queues


def _outages(stretches: Sequence[_Stretch], scope: Scope) -> tuple[Outage, ...]:
    found = [
        Outage(one.labels.get("source", ""), one.since, one.until)
        for one in stretches
        if one.rule == SOURCE_DOWN and (not scope.names or one.labels.get("source") in scope.names)
    ]
    return tuple(sorted(found, key=lambda one: one.since))


def _alerts(stretches: Sequence[_Stretch], scope: Scope) -> list[AlertCount]:
    """By rule and series, the gravest first, then the longest."""
    groups: dict[tuple[str, str], list[_Stretch]] = {}
    for one in stretches:
        if one.rule != SOURCE_DOWN:
            groups.setdefault((one.rule, _where(one.labels)), []).append(one)
    found = [
        AlertCount(
            rule=rule,
            where=where,
            severity=ones[-1].severity,
            times=len(ones),
            seconds=sum(_within(one, scope) for one in ones),
            firing=any(one.until is None for one in ones),
        )
        for (rule, where), ones in groups.items()
    ]
    return sorted(found, key=lambda one: (RANK[Severity(one.severity)], -one.seconds))


def _within(one: _Stretch, scope: Scope) -> float:
    """Seconds of the stretch that lie in the span."""
    end = min(one.until or scope.now, scope.until)
    return max(0.0, (end - max(one.since, scope.since)).total_seconds())


def _where(labels: dict[str, Any]) -> str:
    return str(labels.get("queue") or labels.get("channel") or labels.get("source") or "")


def _named(column: sa.Column[Any], scope: Scope) -> sa.ColumnElement[bool]:
    return column.in_(list(scope.names)) if scope.names else sa.true()
