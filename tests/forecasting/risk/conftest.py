"""One busy shop and its model, made once: fitting takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.store import Store
from forecasting.risk.facts import Facts
from forecasting.risk.model import RiskModel
from forecasting.risk.store import save_model
from forecasting.risk.training import train
from tests.forecasting.risk.shop import DAY, NOW, START, Shop, busy_shop

ZONE = ZoneInfo("Asia/Shanghai")
AS_OF = START + timedelta(days=110)


@pytest.fixture(scope="session")
def shop() -> Shop:
    return busy_shop()


@pytest.fixture(scope="session")
def facts(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Facts:
    return shop.facts(tmp_path_factory.mktemp("risk") / "store.db")


@pytest.fixture(scope="session")
def as_of() -> datetime:
    return AS_OF


@pytest.fixture(scope="session")
def model(facts: Facts) -> RiskModel:
    return train(facts, AS_OF, zone=ZONE, threads=1)


@pytest.fixture
def store(shop: Shop, model: RiskModel, store_url: str) -> Iterator[Store]:
    """The busy shop with its model, nothing scored yet."""
    made = shop.write_to(store_url)
    with made.begin() as connection:
        save_model(connection, model, now=NOW - DAY)
    yield made
    made.close()
