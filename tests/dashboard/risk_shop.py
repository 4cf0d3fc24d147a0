"""A store with scored orders, a worklist, its hold-out and a model, for the pages of risk."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from connectors import schema
from connectors.risk_tables import risk_checks, risk_history, risk_scores, worklist
from forecasting.risk.calibration import Calibration
from forecasting.risk.capacity import capacity_of
from forecasting.risk.complaint import Complaint
from forecasting.risk.encoding import Encoding
from forecasting.risk.evaluation import bins_of, evaluate
from forecasting.risk.model import Fit, MomentModel, RiskModel
from forecasting.risk.moments import MOMENTS
from forecasting.risk.rules import Rule
from forecasting.risk.scorecard import Scorecard
from forecasting.risk.store import save_model

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FITTED = ("order", "shipping", "promise")
ZONE = ZoneInfo("Asia/Shanghai")
REASONS = (
    (
        "超过发货时限2.3天仍未发货；卖家延迟发货率31%，通常8%",
        "not handed over 2.3 days after the limit; seller's late hand-over rate 31% against 8% "
        "usual",
    ),
    (
        "承运商运输已用9.1天，通常5.2天；发往新疆的晚到率24%，通常6%",
        "with the carrier for 9.1 days against 5.2 usual; late rate to 新疆 24% against 6% usual",
    ),
    (
        "已有2次进线；商品投诉率19%，通常7%",
        "2 contacts about the order; product's complaint rate 19% against 7% usual",
    ),
)
FIT = Fit(Encoding((), ()), Calibration(), scorecard=Scorecard(-2.0, (), ()))


def model_of(now: datetime) -> RiskModel:
    """A model without trees: what the pages show of it is real all the same."""
    chance = np.random.default_rng(4)
    p = np.clip(chance.beta(1.2, 8, 4000), 0.01, 0.95)
    bad = chance.random(4000) < p
    rule = np.where(chance.random(4000) < 0.06, 0.4, 0.11)
    proof = (evaluate("lightgbm", bad, p, draws=20), evaluate("rule", bad, rule, draws=20))
    moments = tuple(
        MomentModel(
            name, 16_000, 2_100, Rule(told=16_000), FIT if name in FITTED else None,
            None if name in FITTED else "few_labels", (), (),
            proof if name in FITTED else (), bins_of(bad, p) if name in FITTED else (),
        )
        for name in MOMENTS
    )  # fmt: skip
    capacity = capacity_of(bad, p, days=20.0)
    return RiskModel(now - 3 * DAY, ZONE, Complaint(quiet_days=14), moments, capacity)


def fill_risk(
    connection: sa.Connection, now: datetime, *, orders: int = 40, old: int = 600
) -> None:
    """`orders` open on the list or below its line, and `old` ones that have ended."""
    number = save_model(connection, model_of(now), now=now - 3 * DAY, note="first")
    connection.execute(risk_checks.insert(), [_check(now, number, name) for name in MOMENTS])
    dice = np.random.default_rng(2)
    for n in range(orders + old):
        _order(connection, now, n, dice, ended=n >= orders)


def _order(
    connection: sa.Connection, now: datetime, n: int, dice: np.random.Generator, *, ended: bool
) -> None:
    p = float(np.round(dice.uniform(0.12, 0.83), 4))
    listed = now - (40 * DAY + n * HOUR if ended else (n % 30 + 0.4) * HOUR)
    moment = list(MOMENTS)[n % len(MOMENTS)]
    zh, en = REASONS[n % len(REASONS)]
    ref = f"20260{301 + n % 28}{n:06d}"
    held = dice.random() < 0.15
    score = {
        "source": "shop", "order_ref": ref, "moment": moment, "moment_at": listed - HOUR,
        "scored_at": listed, "probability": p, "model": "logistic 2026-03-01",
        "reasons": json.dumps({"zh": zh, "en": en}, ensure_ascii=False),
        "placed_at": listed - 5 * DAY, "amount": float(np.round(dice.lognormal(5, 0.7), 2)),
        "seller": ("天猫旗舰店", "京东自营店", "抖音小店")[n % 3], "product_ref": f"p{n % 7}",
        "warehouse": "浙江", "segment": ("new", "repeat", "loyal", "top", "lapsed")[n % 5],
        "open": not ended,
    }  # fmt: skip
    connection.execute(risk_scores.insert().values(score))
    kept = {name: score[name] for name in risk_history.c.keys()}  # noqa: SIM118
    connection.execute(risk_history.insert().values(kept))
    touched = ended and not held and dice.random() < 0.9
    status = "solved" if touched else ("untouched", "untouched", "contacted")[n % 3]
    connection.execute(worklist.insert().values(
        source="shop", order_ref=ref, listed_at=listed, moment=moment, probability=p, held_out=held,
        holdout_share=0.15, status="untouched" if held else status,
        owner=(None, "王芳", "李强")[n % 3], due_at=listed + DAY, updated_at=listed,
    ))  # fmt: skip
    if ended and dice.random() < (0.31 if held else 0.14):
        connection.execute(schema.cases.insert().values(
            source="shop", case_id=f"risk-{n}", order_ref=ref, kind="complaint", status="done",
            opened_at=listed + 3 * DAY,
        ))  # fmt: skip


def _check(now: datetime, number: int, moment: str) -> dict[str, object]:
    known = moment in FITTED
    return {
        "at": now - 2 * HOUR, "moment": moment, "model_id": number, "told": 1450 if known else 40,
        "expected": 0.131 if known else None, "seen": 0.127 if known else None, "off": False,
        "calibration_error": 0.011 if known else None, "drift_column": "category",
        "drift_index": 0.04,
    }  # fmt: skip
