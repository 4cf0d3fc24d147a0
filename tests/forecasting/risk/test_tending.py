"""Watching the model, renewing it, and the numbers that rules compare."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from connectors.risk_tables import risk_checks, risk_history, risk_scores
from connectors.store import Store, open_store
from forecasting.risk.clusters import clusters
from forecasting.risk.jobs import RiskPlan
from forecasting.risk.model import RiskModel
from forecasting.risk.settings import RiskSettings
from forecasting.risk.signals import risk_measurements
from forecasting.risk.store import load_numbered, save_model
from forecasting.risk.tending import tend
from metrics.measurement import labels_of
from tests.forecasting.risk.shop import DAY, START, Shop

NOW = START + timedelta(days=118)
PLAN = RiskPlan(RiskSettings(), ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def store(shop: Shop, model: RiskModel, store_url: str) -> Iterator[Store]:
    made = shop.write_to(store_url)
    with made.begin() as connection:
        save_model(connection, model, now=NOW - 8 * DAY)
    yield made
    made.close()


def test_a_look_is_written_down_and_a_rule_is_followed_by_a_model(
    store: Store, model: RiskModel
) -> None:
    said = tend(store, PLAN, now=NOW)
    with store.read() as connection:
        looks = {row.moment: row for row in connection.execute(sa.select(risk_checks))}
        number, _ = load_numbered(connection)
        age, off = (risk_measurements(connection, name, NOW)
                    for name in ("risk_model_age", "risk_model_off"))  # fmt: skip
    assert set(looks) == {one.moment for one in model.moments}
    assert looks["promise"].told > 100
    assert number >= 1
    assert said
    assert 0 <= (age[0].value or 0) <= 8
    assert off[0].value is None or off[0].value >= 0


def test_a_seller_whose_risk_jumps_is_named(store_url: str) -> None:
    store = open_store(store_url, migrate=True)
    with store.begin() as connection:
        for n in range(600):
            old, bad_seller = n < 500, n % 10 == 0
            at = NOW - (5 * DAY if old else timedelta(hours=3))
            p = 0.6 if bad_seller and not old else 0.1
            base = {"source": "shop", "order_ref": str(n), "moment": "order", "moment_at": at,
                    "scored_at": at, "probability": p, "model": "m"}  # fmt: skip
            connection.execute(risk_history.insert().values(base))
            connection.execute(risk_scores.insert().values(
                **base, reasons="{}", placed_at=at, open=True, warehouse="浙江",
                seller="bad" if bad_seller else f"s{n % 10}",
            ))  # fmt: skip
        [jump] = [one for one in clusters(connection, now=NOW) if one.jumps]
        named = risk_measurements(connection, "risk_jump", NOW, by=["seller"])
        worst = risk_measurements(connection, "risk_jump", NOW)
        nothing = risk_measurements(connection, "risk_model_age", NOW)
    store.close()
    assert (jump.by, jump.name, jump.n) == ("seller", "bad", 10)
    assert jump.times > 4
    assert [(one.labels, one.value) for one in named] == [(labels_of(seller="bad"), jump.times)]
    assert [(one.labels, one.value) for one in worst] == [((), jump.times)]
    assert nothing == []
