"""What the worker does about risks: score what changed, list it, and keep the model right.

Each job reads the store, thinks, and writes in one transaction; a crash leaves the store as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from connectors import schema
from connectors.columns import from_micros, to_micros
from connectors.store import Store
from connectors.write import take_turn
from forecasting.risk.errors import NotTrained
from forecasting.risk.facts import Facts
from forecasting.risk.features.asof import Flags, Ints
from forecasting.risk.listing import Listing, list_risky
from forecasting.risk.model import RiskModel
from forecasting.risk.moments import latest
from forecasting.risk.published import (
    LANGUAGES,
    changed,
    close_ended,
    remember,
    remembered,
    save_scores,
    seen,
    still_open,
)
from forecasting.risk.reading import read_facts
from forecasting.risk.score import Scorer
from forecasting.risk.settings import RiskSettings
from forecasting.risk.store import load_numbered, save_model
from forecasting.risk.training import train

SCORED = "risk.scored"  # in meta: until when, and by which model
RULE_LINE = 0.3  # from where on orders are listed while nothing is known of how many that are


@dataclass(frozen=True, slots=True)
class RiskPlan:
    """What the jobs need of the configuration. `threads` for fitting; 0: all processors."""

    settings: RiskSettings
    zone: ZoneInfo
    threads: int = 1


@dataclass(frozen=True, slots=True)
class _Due:
    """What is to be scored: `refs` changed, `since` the last time (µs), or everything open."""

    refs: dict[str, int]
    since: int
    everything: bool


def score_changed(store: Store, plan: RiskPlan, *, now: datetime) -> str | None:
    """Score orders whose facts changed or whose next moment has come, and list the risky ones.

    The first time, and after a new model, that is every open order. Returns what was done in a few
    words; None when there was nothing to do.
    """
    with store.read() as connection:
        number, model = _model(connection)
        due = _due(connection, number, to_micros(now))
        if due is None:
            return None
        facts = read_facts(connection)
    if not len(facts):
        return None
    if model is None:
        number, model = _first_model(store, facts, plan, now)
    return _score(store, plan, facts, (number, model), due, to_micros(now))


def line_of(model: RiskModel, settings: RiskSettings) -> float:
    """From which probability on orders are listed: as configured, or so that about `capacity` a
    day are."""
    if settings.line is not None:
        return settings.line
    return RULE_LINE if model.capacity is None else model.capacity.at(settings.capacity).line


def _model(connection: sa.Connection) -> tuple[int, RiskModel | None]:
    try:
        return load_numbered(connection)
    except NotTrained:
        return 0, None


def _first_model(
    store: Store, facts: Facts, plan: RiskPlan, now: datetime
) -> tuple[int, RiskModel]:
    model = fitted(facts, plan, now)
    with store.begin() as connection:
        return save_model(connection, model, now=now, note="first"), model


def fitted(facts: Facts, plan: RiskPlan, as_of: datetime) -> RiskModel:
    return train(
        facts, as_of, zone=plan.zone, complaint=plan.settings.complaint(), threads=plan.threads
    )


def _due(connection: sa.Connection, number: int, now: int) -> _Due | None:
    """Cheap: whether facts need to be read at all."""
    last = remembered(connection, SCORED)
    refs = changed(connection)
    if not last or last["model"] != number or last["until"] > now:
        return _Due(refs, now, everything=True)
    since = int(last["until"])
    if not refs and not _moments_between(connection, since, now):
        return None
    return _Due(refs, since, everything=False)


def _moments_between(connection: sa.Connection, since: int, now: int) -> bool:
    """Whether a promise or a hand-over limit ran out: no fact changes then, but a moment comes."""
    table = schema.orders.c
    live = table.status.in_(["paid", "shipped", "unpaid"])
    ran_out = [
        sa.and_(at > from_micros(since), at <= from_micros(now))
        for at in (table.promised_at, table.promised_ship_at)
    ]
    query = sa.select(sa.literal(1)).where(live, sa.or_(*ran_out)).limit(1)
    return connection.execute(query).scalar() is not None


def _score(
    store: Store, plan: RiskPlan, facts: Facts, model: tuple[int, RiskModel], due: _Due, now: int
) -> str:  # fmt: skip
    scorer = Scorer(model[1], facts, threads=plan.threads)
    open_ = still_open(facts, scorer.told, now)
    rows = _rows(facts, open_, due, now)
    waiting = _names(facts, np.flatnonzero(open_))
    scores = scorer.latest(rows, now, lang=LANGUAGES)
    settings = plan.settings
    listing = Listing(line_of(model[1], settings), settings.due, settings.holdout)
    with store.begin() as connection:
        take_turn(connection)  # facts are written beside it, and note what changed
        new = save_scores(connection, scores, facts, open_, now=now)
        close_ended(connection, waiting)
        listed = list_risky(connection, listing, now=from_micros(now))
        seen(connection, due.refs)
        remember(connection, SCORED, {"until": now, "model": model[0]})
    return f"{len(rows)} orders scored, {new} of them anew, {listed} listed"


def _rows(facts: Facts, open_: Flags, due: _Due, now: int) -> Ints:
    """Rows of open orders to score: all, or those that were touched or came to another moment."""
    if due.everything:
        return np.flatnonzero(open_)
    touched = np.zeros(len(facts), bool)
    touched[facts.rows_of(list(due.refs))] = True
    before, after = (latest(facts, at)[1] for at in (due.since, now))
    return np.flatnonzero(((before != after) | touched) & open_)


def _names(facts: Facts, rows: Ints) -> set[tuple[str, str]]:
    orders = facts.orders.iloc[rows]
    return set(zip(orders["source"].astype(object), orders["order_ref"].astype(object),
                   strict=True))  # fmt: skip
