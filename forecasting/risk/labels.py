"""What counts as a complaint, and when it was known whether an order ended in one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecasting.risk.complaint import Complaint
from forecasting.risk.facts import Facts
from forecasting.risk.features.asof import DAY, NEVER, Flags, Floats, Ints

QUIET_DAYS = 30  # after the end of an order: complaints come later only rarely


def settled(complaint: Complaint, facts: Facts) -> Complaint:
    """The definition made whole: where complaints are told but never ratings, silence counts."""
    rated = facts.ratings["kind"].isin(complaint.ratings).any()
    told = (
        facts.cases["kind"].isin(complaint.cases).any()
        or facts.contacts["topic"].isin(complaint.topics).any()
    )
    if complaint.quiet_days is None and told and not rated:
        return replace(complaint, quiet_days=QUIET_DAYS)
    return complaint


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Per order: the instant (µs, NEVER) at which the first verdict came, and whether it was bad.

    The first one counts: a verdict that could be revised would let the future change the past.
    `counted` is the instant from which on it belongs into shares. Where silence means content that
    is weeks after most complaints: of the orders told by then, only the complaints of young orders
    would be among them, so every verdict waits until the silence of its order would have counted.
    """

    at: Ints
    bad: Flags
    share: Floats  # of the scale, where a rating was the verdict; else NaN
    counted: Ints

    @property
    def told(self) -> Flags:
        return self.at < NEVER


def verdicts(facts: Facts, complaint: Complaint) -> Verdicts:
    """The first verdict on each order. Of ratings at one instant the worst counts."""
    ratings = facts.ratings[facts.ratings["kind"].isin(complaint.ratings)]
    rated_at, score = _first(ratings["order"], ratings["at"], ratings["share"], len(facts))
    cases = facts.cases[facts.cases["kind"].isin(complaint.cases)]
    contacts = facts.contacts[facts.contacts["topic"].isin(complaint.topics)]
    complained = np.full(len(facts), NEVER)
    for events in (cases, contacts):
        held = events[events["order"] >= 0]
        np.minimum.at(complained, held["order"].to_numpy(np.int64), held["at"].to_numpy(np.int64))
    at = np.minimum(rated_at, complained)
    bad = (at < NEVER) & ((complained <= rated_at) | (score <= complaint.share + 1e-9))
    counted = at
    if complaint.quiet_days is not None:
        quiet = _quiet_at(facts, complaint.quiet_days)
        silent = quiet < at
        at, bad, counted = np.where(silent, quiet, at), bad & ~silent, quiet
    return Verdicts(at, bad, np.where(rated_at == at, score, np.nan), counted)


def _first(order: object, at: object, share: object, size: int) -> tuple[Ints, np.ndarray]:
    rows = np.asarray(order, np.int64)
    when, values = np.asarray(at, np.int64), np.asarray(share, np.float64)
    chosen = np.lexsort((values, when, rows))
    rows, when, values = rows[chosen], when[chosen], values[chosen]
    first = np.ones(len(rows), bool)
    first[1:] = rows[1:] != rows[:-1]
    instants, scores = np.full(size, NEVER), np.full(size, np.nan)
    instants[rows[first]] = when[first]
    scores[rows[first]] = values[first]
    return instants, scores


def _quiet_at(facts: Facts, days: int) -> Ints:
    """So long after the promise or the delivery, whichever is later; what is delivered after the
    silence counted changes nothing any more."""
    delivered, promised = facts.instants("delivered_at"), facts.instants("promised_at")
    known = np.where(promised < NEVER, promised, delivered)
    in_time = (delivered < NEVER) & (delivered - days * DAY <= known)
    last = np.where(in_time, np.maximum(known, delivered), known)
    return np.where(last < NEVER, np.where(last < NEVER, last, 0) + days * DAY, NEVER)
