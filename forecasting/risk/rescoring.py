"""Scoring what changed, run after run: facts and model stay in memory between the runs.

A run reads again only the orders whose facts changed, and what happened to them. Everything is read
anew where somebody else scored meanwhile, where the model is another one, and every REREAD.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import sqlalchemy as sa

from connectors import schema
from connectors.columns import from_micros, to_micros
from connectors.store import Store
from connectors.write import take_turn
from forecasting.risk.errors import NotTrained
from forecasting.risk.facts import Facts
from forecasting.risk.features.asof import Flags, Ints
from forecasting.risk.jobs import FILLING, RiskPlan, fitted, line_now
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
from forecasting.risk.reading import filling, read_facts, reread_facts
from forecasting.risk.score import Scorer
from forecasting.risk.store import load_numbered, newest, save_model

SCORED = "risk.scored"  # in meta: until when, and by which model
REREAD = timedelta(hours=1)  # contacts that name no order are noted nowhere when they change
MANY = 5_000  # changed orders: of more, everything is read anew, which takes no longer then
KEPT = 300_000  # orders that are kept in memory at most; of more, everything is read every time


@dataclass(frozen=True, slots=True)
class _Due:
    """What is to be scored: `refs` changed, `since` the last time (µs), or everything open."""

    refs: dict[str, int]
    since: int
    everything: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the last run left: its scorer, since when (µs) its facts have been kept, and until when
    it scored."""

    number: int | None
    scorer: Scorer
    read_at: int
    until: int


class Rescoring:
    """The scores of one store, kept up to date by one run after another."""

    def __init__(self, plan: RiskPlan) -> None:
        self._plan = plan
        self._kept: _Kept | None = None

    def run(self, store: Store, *, now: datetime) -> str | None:
        """Score orders whose facts changed or whose next moment has come, and list the risky ones.

        The first time, and after a new model, that is every open order. Returns what was done in a
        few words; None when there was nothing to do.
        """
        at = to_micros(now)
        with store.read() as connection:
            number: int | None = newest(connection)
            if number is None and filling(connection):
                return FILLING
            due = _due(connection, number, at)
            if due is None:
                return None
            kept = self._fresh(number, due, at)
            if kept is not None:
                scorer = kept.scorer.over(
                    reread_facts(kept.scorer.facts, connection, list(due.refs))
                )
            else:
                self._kept = None  # before the new facts take their place in memory
                facts = read_facts(connection)
        if kept is None:
            if not len(facts):
                return None
            number, model = self._model(store, facts, now)
            scorer = Scorer(model, facts, threads=self._plan.threads)
        done = self._score(store, scorer, (number, due), at)
        if len(scorer.facts) <= KEPT:
            self._kept = _Kept(number, scorer, kept.read_at if kept else at, at)
        return done

    def _fresh(self, number: int | None, due: _Due, now: int) -> _Kept | None:
        """What is kept, if nobody else scored since then, and it is not too old."""
        kept = self._kept
        if kept is None or due.everything or len(due.refs) > MANY:
            return None
        if (kept.number, kept.until) != (number, due.since):
            return None
        return kept if now - kept.read_at < REREAD / timedelta(microseconds=1) else None

    def _model(self, store: Store, facts: Facts, now: datetime) -> tuple[int, RiskModel]:
        try:
            with store.read() as connection:
                return load_numbered(connection)
        except NotTrained:
            model = fitted(facts, self._plan, now)
            with store.begin() as connection:
                return save_model(connection, model, now=now, note="first"), model

    def _score(self, store: Store, scorer: Scorer, what: tuple[int | None, _Due], now: int) -> str:
        number, due = what
        facts, settings = scorer.facts, self._plan.settings
        open_ = still_open(facts, scorer.told, now)
        rows = _rows(facts, open_, due, now)
        waiting = _names(facts, np.flatnonzero(open_))
        scores = scorer.latest(rows, now, lang=LANGUAGES)
        with store.begin() as connection:
            take_turn(connection)  # facts are written beside it, and note what changed
            new = save_scores(connection, scores, facts, open_, now=now)
            close_ended(connection, waiting)
            when = from_micros(now)
            line = line_now(connection, scorer.model, settings, when)
            most = settings.capacity if settings.line is None else None
            listing = Listing(line, settings.due, settings.holdout, most)
            listed = list_risky(connection, listing, now=when)
            seen(connection, due.refs)
            remember(connection, SCORED, {"until": now, "model": number})
        return f"{len(rows)} orders scored, {new} of them anew, {listed} listed"


def score_changed(store: Store, plan: RiskPlan, *, now: datetime) -> str | None:
    """One run on its own, which reads all facts."""
    return Rescoring(plan).run(store, now=now)


def _due(connection: sa.Connection, number: int | None, now: int) -> _Due | None:
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
