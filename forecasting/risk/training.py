"""Fitting on what was known at an instant, and refusing what does not beat the simple rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from connectors.columns import to_micros
from forecasting.risk import boosting
from forecasting.risk.calibration import Calibration, fit_calibration
from forecasting.risk.capacity import Capacity, capacity_of, highest
from forecasting.risk.complaint import Complaint
from forecasting.risk.encoding import learn_encoding
from forecasting.risk.evaluation import Evaluation, bins_of, evaluate
from forecasting.risk.facts import Facts
from forecasting.risk.features.asof import DAY, Flags, Floats, Ints
from forecasting.risk.features.table import Features, columns_of
from forecasting.risk.labels import settled, verdicts
from forecasting.risk.level import learn_waits, thinned
from forecasting.risk.model import Fit, MomentModel, RiskModel
from forecasting.risk.moments import MOMENTS, before_verdict, labelled
from forecasting.risk.rules import NEEDED, learn_rule
from forecasting.risk.scorecard import fit_scorecard

FEWEST, FEWEST_BAD = 500, 50  # labelled orders below which the rule speaks
MOST = 100_000  # labelled orders, the newest
MOST_CARD = 60_000  # for the scorecard: its bins take memory
DRAWS = 50  # for the intervals of the proof
HELD_BACK = 0.25  # of the labelled orders, the last: they prove the model and set its slope


def train(
    facts: Facts,
    as_of: datetime,
    *,
    zone: ZoneInfo,
    complaint: Complaint | None = None,
    threads: int = 0,
    said: Callable[[str], None] = lambda _: None,
) -> RiskModel:
    """Fit every moment on what was known at `as_of`; whatever else `facts` holds is left out.

    `said` hears the moment that is being fitted.
    """
    then = facts.until(as_of)
    settled_complaint = settled(complaint or Complaint(), then)
    told = verdicts(then, settled_complaint)
    features = Features(then, told, zone)
    made, proofs = [], {}
    for moment in MOMENTS:
        said(moment)
        one, proof = _fit_moment(features, moment, by=to_micros(as_of), threads=threads)
        made.append(one)
        if proof is not None:
            proofs[moment] = (proof.rows, proof.ruled if one.fit is None else proof.p)
    capacity = _capacity(features, proofs)
    every = thinned(told.counted, to_micros(as_of))
    return RiskModel(as_of, zone, settled_complaint, tuple(made), capacity, every)


@dataclass(frozen=True, slots=True)
class _Proof:
    """How a model fitted on the first known orders did on the last ones, its `rows`."""

    rows: Ints
    calibration: Calibration
    p: Floats
    ruled: Floats
    model: Evaluation
    rule: Evaluation


def _capacity(features: Features, scored: dict[str, tuple[Ints, Floats]]) -> Capacity | None:
    """Over the orders that prove the model of the purchase, with the highest score of any moment;
    `days` are those in which so many orders are placed."""
    if "order" not in scored:
        return None
    rows = scored["order"][0]
    p = highest(scored.values(), len(features.facts))
    placed = features.facts.instants("placed_at")
    span = (placed[rows[-1]] - placed[rows[0]]) / DAY
    among = rows[-1] - rows[0] + 1  # all that were placed meanwhile, with a verdict or without
    daily = among / span if span > 0 else 0.0
    return capacity_of(features.told.bad[rows], p[rows], len(rows) / daily) if daily else None


def _fit_moment(
    features: Features, moment: str, *, by: int, threads: int
) -> tuple[MomentModel, _Proof | None]:
    """What the verdicts known `by` an instant (µs) say about a moment."""
    rows, at = labelled(features.facts, features.told, moment, by=by)
    rows, at = rows[-MOST:], at[-MOST:]
    frame = features.at(rows, at)
    bad = features.told.bad[rows]
    all_, when = before_verdict(features.facts, features.told, moment)
    waits = learn_waits(when, features.told.counted[all_], features.told.bad[all_], by)
    made = MomentModel(moment, len(rows), int(bad.sum()), learn_rule(frame, bad), waits=waits)
    why = _too_little(bad)
    if why:
        return dataclasses.replace(made, why=why), None
    proof = _prove(features, frame, moment, rows, threads)
    if proof is None:
        return dataclasses.replace(made, why="few_labels"), None
    said = bins_of(features.told.bad[proof.rows], proof.p)
    made = dataclasses.replace(made, proof=(proof.model, proof.rule), bins=said)
    if not _better(proof.model, proof.rule):
        return dataclasses.replace(made, why="not_better"), proof
    frame = frame[columns_of(moment, list(frame.columns))]
    fit, constant = _fit(frame, bad, moment, calibration=proof.calibration, threads=threads)
    usual = frame.median(numeric_only=True)
    pairs = tuple((str(name), float(value)) for name, value in usual.items() if value == value)
    return dataclasses.replace(made, fit=fit, constant=constant, usual=pairs), proof


def _too_little(bad: Flags) -> str | None:
    if not len(bad):
        return "no_labels"
    if bad.all() or not bad.any():
        return "one_class"
    if len(bad) < FEWEST or bad.sum() < FEWEST_BAD:
        return "few_labels"
    return None


def _prove(
    features: Features, frame: pd.DataFrame, moment: str, rows: Ints, threads: int
) -> _Proof | None:
    """Fit on the first orders as if the last had not come; the slope, and model beside rule. None
    where either part ended alike."""
    split = int(len(rows) * (1 - HELD_BACK))
    start = features.facts.instants("placed_at")[rows[split]]
    early = (np.arange(len(rows)) < split) & (features.told.counted[rows] < start)
    bad = features.told.bad[rows]
    if not 0 < bad[early].sum() < early.sum() or not 0 < bad[split:].sum() < len(rows) - split:
        return None
    names = columns_of(moment, list(frame.columns))
    fit, _ = _fit(
        frame.loc[early, names], bad[early], moment, calibration=Calibration(), threads=threads
    )
    margin = fit.ready(threads=threads).margin(frame.iloc[split:])
    calibration = fit_calibration(margin, bad[split:])
    p = calibration.probability(margin)
    needed = frame[list(NEEDED)]
    ruled, _ = learn_rule(needed[early], bad[early]).probabilities(needed.iloc[split:])
    return _Proof(
        rows[split:], calibration, p, ruled,
        evaluate(fit.kind, bad[split:], p, draws=DRAWS),
        evaluate("rule", bad[split:], ruled, draws=DRAWS),
    )  # fmt: skip


def _better(model: Evaluation, rule: Evaluation) -> bool:
    """Better at ranking by both figures; else the rule is kept. The top of the list alone is not
    asked: it holds few orders, and chance decides there."""
    for key in ("roc_auc", "pr_auc"):
        mine, theirs = model.figures[key].value, rule.figures[key].value
        if mine is None or theirs is None or mine <= theirs:
            return False
    return True


def _fit(
    frame: pd.DataFrame, bad: Flags, moment: str, *, calibration: Calibration, threads: int
) -> tuple[Fit, tuple[str, ...]]:
    encoding, constant = learn_encoding(frame)
    matrix = encoding.matrix(frame)
    labels = bad.astype(np.int64)
    if boosting.available():
        at_purchase = moment == "order"
        share = boosting.COLUMNS if at_purchase else boosting.COLUMNS_LATER
        trees = boosting.fit_boosting(matrix, labels, encoding, columns=share, threads=threads)
        return Fit(encoding, calibration, trees=trees), constant
    card = fit_scorecard(matrix[-MOST_CARD:], labels[-MOST_CARD:], encoding)
    return Fit(encoding, calibration, scorecard=card), constant
