"""Models in the store: what was saved comes back, the newest published one is in use."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from connectors.risk_tables import risk_models
from connectors.store import open_store
from forecasting.risk.errors import NotTrained
from forecasting.risk.model import RiskModel
from forecasting.risk.store import KEPT, Verdict, cards, load_model, load_numbered, save_model

NOW = datetime(2026, 4, 21, tzinfo=UTC)


def test_a_saved_model_comes_back_as_it_was(model: RiskModel, store_url: str) -> None:
    store = open_store(store_url, migrate=True)
    with store.begin() as connection:
        number = save_model(connection, model, now=NOW, note="first")
    with store.read() as connection:
        assert load_numbered(connection) == (number, model)
        [card] = cards(connection)
    store.close()
    assert (card.id, card.trained_at, card.verdict, card.note) == (
        number, NOW, Verdict.PUBLISHED, "first",
    )  # fmt: skip
    assert card.kinds["promise"] == "lightgbm"
    assert card.model.at("promise").bins == model.at("promise").bins
    assert card.model.capacity == model.capacity


def test_a_model_that_lost_is_remembered_and_not_used(model: RiskModel, store_url: str) -> None:
    other = dataclasses.replace(model, as_of=NOW)
    store = open_store(store_url, migrate=True)
    with store.begin() as connection:
        first = save_model(connection, model, now=NOW)
        save_model(connection, other, now=NOW, verdict=Verdict.LOST)
        assert load_numbered(connection)[0] == first
        assert [card.verdict for card in cards(connection)] == [Verdict.LOST, Verdict.PUBLISHED]
    store.close()


def test_old_models_give_back_their_room_and_keep_their_cards(
    model: RiskModel, store_url: str
) -> None:
    store = open_store(store_url, migrate=True)
    small = dataclasses.replace(model, moments=model.moments[:1])
    with store.begin() as connection:
        for _ in range(KEPT + 2):
            save_model(connection, small, now=NOW)
        bodies = [
            row.body is not None for row in connection.execute(risk_models.select().order_by("id"))
        ]
        assert len(cards(connection)) == KEPT + 2
    store.close()
    assert bodies == [False] * 2 + [True] * KEPT


def test_a_missing_damaged_or_foreign_model_is_said(model: RiskModel, store_url: str) -> None:
    store = open_store(store_url, migrate=True)
    with store.begin() as connection:
        with pytest.raises(NotTrained, match="run `deskpulse risk train`"):
            load_model(connection)
        save_model(connection, model, now=NOW)
        connection.execute(risk_models.update().values(body=b"not a model"))
        with pytest.raises(NotTrained, match="damaged"):
            load_model(connection)
    store.close()
