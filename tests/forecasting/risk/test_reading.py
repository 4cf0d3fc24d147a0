"""Facts out of the store: whatever the order of rows, and again for some orders only."""

from __future__ import annotations

import copy
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from connectors.store import open_store
from forecasting.risk import score
from forecasting.risk.facts import Facts
from forecasting.risk.features.asof import OrderLedger
from forecasting.risk.features.history import KEYS, History
from forecasting.risk.model import RiskModel
from forecasting.risk.reading import read_facts, reread_facts
from forecasting.risk.score import Scorer
from forecasting.risk.texts import codes_of, names, places_in, text_page, words
from tests.forecasting.risk.shop import START, Shop, busy_shop


def plain(facts: Facts) -> list[pd.DataFrame]:
    tables = (facts.orders, facts.ratings, facts.cases, facts.contacts)
    return [table.astype({name: "str" for name in table.columns
                          if isinstance(table[name].dtype, pd.CategoricalDtype)})
            for table in tables]  # fmt: skip


def assert_equal(one: Facts, other: Facts) -> None:
    for left, right in zip(plain(one), plain(other), strict=True):
        pd.testing.assert_frame_equal(left, right, check_like=True)


def test_every_row_is_read_whatever_their_order(tmp_path: Path) -> None:
    shop = busy_shop(300)
    shop.rate("o00001", START + timedelta(days=30), 2)
    made = shop.facts(tmp_path / "a.db")
    assert len(made) == 300
    assert len(made.ratings) == len(shop.ratings)
    assert len(made.contacts) == len(shop.contacts)
    assert_equal(made, shop.facts(tmp_path / "b.db", shuffle=1))


def test_both_kinds_of_store_give_the_same_facts(store_url: str, tmp_path: Path) -> None:
    shop = busy_shop(120)
    store = shop.write_to(store_url)
    with store.read() as connection:
        made = read_facts(connection)
        again = reread_facts(made, connection, ["o00003", "o00100"])
    store.close()
    expected = shop.facts(tmp_path / "other.db")
    assert_equal(made, expected)
    assert_equal(again, expected)


def test_orders_of_two_sources_with_one_reference_are_said(tmp_path: Path) -> None:
    shop = Shop()
    for source in ("b", "a"):
        shop.order("x", START, source=source)
    shop.rate("x", START + timedelta(days=9), 1)
    made = shop.facts(tmp_path / "store.db")
    assert made.ratings["order"].tolist() == [0]
    assert made.orders["source"].tolist() == ["a", "b"]
    assert [(fault.key, fault.n) for fault in made.faults] == [("same_ref", 1)]


@pytest.mark.parametrize("new", [False, True])
def test_reading_some_orders_again_is_reading_all_again(
    tmp_path: Path, new: bool, shop: Shop, facts: Facts, model: RiskModel
) -> None:
    other = copy.deepcopy(shop)
    changed = [other.orders[at]["order_ref"] for at in (5, 700, 2400)]
    for row in other.orders:
        if row["order_ref"] in changed:
            row["delivered_at"] = None
            row["category"] = "toys"
    other.rate(changed[0], START + timedelta(days=90), 1)
    other.contact(changed[1], START + timedelta(days=91), customer_key="c1")
    if new:
        other.order("brand new", START + timedelta(days=60), seller="unheard of")
        changed.append("brand new")
    store = other.write(tmp_path / "store.db")
    with store.read() as connection:
        again, whole = reread_facts(facts, connection, changed), read_facts(connection)
    store.close()
    assert_equal(again, whole)
    assert again.rows_of([*changed, "nobody's"]).tolist() == sorted(again.rows_of(changed))
    assert len(again.rows_of(changed)) == len(changed)
    rows = np.arange(0, len(whole), 25)
    left, right = [Scorer(model, one, threads=1).score(rows, "order", lang="en").frame
              for one in (again, whole)]  # fmt: skip
    pd.testing.assert_frame_equal(left, right)


def test_an_empty_store_has_no_orders(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", migrate=True)
    with store.read() as connection:
        assert len(read_facts(connection)) == 0
    store.close()


@pytest.mark.parametrize("moment", ["order", "promise"])
def test_pages_of_any_size_say_the_same(
    facts: Facts, model: RiskModel, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.arange(0, len(facts), 3)
    whole = Scorer(model, facts, threads=1).score(rows, moment, lang=("zh", "en")).frame
    monkeypatch.setattr(score, "PAGE", 97)
    paged = Scorer(model, facts, threads=1).score(rows, moment, lang=("zh", "en")).frame
    assert len(whole) == len(rows) > 3 * 97
    pd.testing.assert_frame_equal(paged, whole)


def test_pages_of_a_column_become_sorted_words_and_names_stay() -> None:
    pages = [text_page(one) for one in (["b", None, "a"], [None], [], ["c", "a"])]
    made = words([page.dictionary_encode() for page in pages])
    assert made.categories.tolist() == ["a", "b", "c"]
    assert made.codes.tolist() == [1, -1, 0, -1, 2, 0]
    column = pd.Series(names(pages))
    assert column.isna().tolist() == [False, True, False, True, False, False]
    codes, found = codes_of(column)
    assert (codes >= 0).tolist() == column.notna().tolist()
    assert [found[code] for code in codes[codes >= 0]] == ["b", "a", "c", "a"]
    asked = pd.Series(names([text_page(["nobody", None, "c"])]))
    assert places_in(asked, found).tolist() == [-1, -1, list(found).index("c")]
    assert words([]).tolist() == []
    assert len(names([])) == 0


def test_ledgers_are_made_for_what_is_asked_and_no_more(
    facts: Facts, model: RiskModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ledger = set(), History.ledger

    def noted(history: History, event: str, key: str) -> OrderLedger:
        asked.add((event, key))
        return ledger(history, event, key)

    monkeypatch.setattr(History, "ledger", noted)
    Scorer(model, facts, threads=1).probabilities(np.arange(5), "promise")
    assert asked == {(event, key) for event, keys in KEYS.items() for key in keys}
