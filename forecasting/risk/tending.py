"""Keeping the model right: looking at its calibration and drift, and training its successor.

A successor is published only when it did better on orders that neither was fitted on, or when the
one in use is wrong or only a rule; a model that does not beat the rule never is (training.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.risk_tables import risk_checks
from connectors.store import Store
from forecasting.risk.champion import Contest, contest
from forecasting.risk.errors import NotTrained
from forecasting.risk.facts import Facts
from forecasting.risk.jobs import FILLING, RiskPlan, fitted
from forecasting.risk.model import RiskModel
from forecasting.risk.monitor import Health, health
from forecasting.risk.reading import filling, read_facts
from forecasting.risk.score import Scorer
from forecasting.risk.store import Verdict, load_numbered, save_model

TRIAL = timedelta(
    days=28
)  # a challenger is fitted as of so long ago, and judged on what came since
JUDGED = ("order", "promise")  # the moments that every order comes to
KEEP_CHECKS = timedelta(days=400)


def tend(store: Store, plan: RiskPlan, *, now: datetime) -> str:
    """Look at the model in use and train another one when it is time; says what was done."""
    with store.read() as connection:
        try:
            number, model = load_numbered(connection)
        except NotTrained:
            number, model = 0, None
            if filling(connection):
                return FILLING
        facts = read_facts(connection)
    if not len(facts):
        return "no orders yet"
    if model is None:
        return _publish(store, fitted(facts, plan, now), now, "first")
    looks = look(model, facts, plan, now)
    with store.begin() as connection:
        _write(connection, looks, number, now)
    return _renew(store, facts, plan, model, looks, now)


def look(model: RiskModel, facts: Facts, plan: RiskPlan, now: datetime) -> list[Health]:
    """Calibration and drift of every moment that has a model or at least orders."""
    scorer = Scorer(model, facts.until(now), threads=plan.threads)
    return [health(scorer, one.moment, to_micros(now)) for one in model.moments]


def _renew(
    store: Store, facts: Facts, plan: RiskPlan, model: RiskModel, looks: list[Health], now: datetime
) -> str:  # fmt: skip
    wrong = [one.moment for one in looks if one.off]
    if any(model.at(moment).fit is None for moment in JUDGED):
        return _publish(store, fitted(facts, plan, now), now, "rule_before")
    if now - model.as_of < plan.settings.retrain and not wrong:
        return "the model is right and young"
    if now - model.as_of < TRIAL:
        if not wrong:
            return "the model is right, and too few orders have ended since to try another"
        return _publish(store, fitted(facts, plan, now), now, "level_off")
    challenger = fitted(facts, plan, now - TRIAL)
    known = facts.until(now)
    results = [contest(model, challenger, known, moment, now=now) for moment in JUDGED]
    if all(one.champion_stays for one in results) and not wrong:
        with store.begin() as connection:
            save_model(
                connection, challenger, now=now, verdict=Verdict.LOST, note=_told(results[0])
            )
        return f"the model in use stays: {_told(results[0])}"
    return _publish(store, fitted(facts, plan, now), now, _told(results[0]))


def _told(result: Contest) -> str:
    """A key and its figures: the pages say it in words."""
    champion, challenger = result.champion, result.challenger
    if champion is None or challenger is None:
        return "no_contest"
    return f"contest champion={champion:.4f} challenger={challenger:.4f} orders={result.orders}"


def _publish(store: Store, model: RiskModel, now: datetime, note: str) -> str:
    with store.begin() as connection:
        save_model(connection, model, now=now, note=note)
    fits = sum(one.fit is not None for one in model.moments)
    return f"trained on orders until {model.stamp}, {fits} moments have a model; {note}"


def _write(connection: sa.Connection, looks: list[Health], number: int, now: datetime) -> None:
    rows = [
        {"at": now, "moment": one.moment, "model_id": number, "told": one.told,
         "expected": one.expected, "seen": one.seen, "calibration_error": one.calibration_error,
         "off": one.off, "drift_column": one.drift and one.drift.column,
         "drift_index": one.drift and one.drift.index}
        for one in looks
    ]  # fmt: skip
    connection.execute(risk_checks.delete().where(risk_checks.c.at < now - KEEP_CHECKS))
    if rows:
        connection.execute(risk_checks.insert(), rows)
