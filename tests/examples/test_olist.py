"""The statements of the Olist example on three kinds of database, and its figures."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from click.testing import CliRunner

from dashboard.cli import deskpulse
from tests.examples.olist_example import Example, load
from tests.examples.olist_files import key

Maker = Callable[[str], Example]
BRAZIL = ZoneInfo("America/Sao_Paulo")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BRAZIL).astimezone(UTC)


def test_orders_come_out_alike_on_every_database(any_url: str, example: Maker) -> None:
    shop = example(any_url)
    [synced] = shop.run("sync")["sources"]
    assert [(one["reason"], one["n"]) for one in synced["rejected"]] == [
        ("score without rated_at", 1)
    ]
    orders = shop.facts("orders")
    first = orders[key("a1")]
    assert len(first.pop("customer_key")) == 24
    assert first == {
        "source": "olist", "order_id": key("a1"), "order_ref": key("a1"), "status": "received",
        "placed_at": local("2018-01-10 10:00:00"), "paid_at": local("2018-01-10 10:15:00"),
        "promised_ship_at": local("2018-01-16 10:15:00"),
        "promised_at": local("2018-01-19 00:00:00"),
        "shipped_at": local("2018-01-11 09:00:00"), "delivered_at": local("2018-01-18 20:00:00"),
        "amount": 133.75, "discount": None, "freight": 13.25, "items": 2,
        "category": "bed_bath_table", "seller": key("e1"), "region": "SP",
        "payment": "credit_card", "promo": None,
        "product_ref": key("d1"), "sellers": 2, "seller_region": "SP",
    }  # fmt: skip
    assert first["placed_at"].hour == 12  # summer time
    assert orders[key("a3")]["placed_at"].hour == 13
    words = [order["status"] for _, order in sorted(orders.items())]
    assert words == ["received", "received", "shipped", "unpaid", "paid", "paid", "paid",
                     "cancelled", "invalid"]  # fmt: skip
    kept = {name: orders[key(name)] for name in ("a2", "a6", "a8", "a9")}
    assert kept["a2"]["shipped_at"] < kept["a2"]["placed_at"]  # the data set's own fault
    assert kept["a2"]["category"] == "pc_gamer"
    assert kept["a6"]["category"] is None
    assert (kept["a8"]["items"], kept["a8"]["amount"], kept["a8"]["payment"]) == (None, None, None)
    assert (kept["a9"]["amount"], kept["a9"]["payment"]) == (60, "voucher")


def test_reviews_of_one_survey_stay_apart(any_url: str, example: Maker) -> None:
    shop = example(any_url)
    shop.run("sync")
    reviews = shop.facts("ratings")
    assert sorted((one["order_ref"], one["score"]) for one in reviews.values()) == [
        (key("a1"), 4), (key("a1"), 5), (key("a2"), 2),
    ]  # fmt: skip
    answered = reviews[f"{key('f1')}.{key('a1')}"]
    assert answered["asked_at"] == local("2018-01-19 00:00:00")
    assert answered["rated_at"] == local("2018-01-20 22:30:00")
    assert (answered["kind"], answered["scale"]) == ("review", 5)


def test_a_shop_without_a_help_desk_has_no_queue(tmp_path: Path, example: Maker) -> None:
    shop = example(f"sqlite:///{tmp_path / 'olist.db'}")
    shop.run("sync")
    live = shop.run("live")
    assert live["queues"] == []
    assert live["sources"][0]["status"] == "ok"
    assert live["as_of"].endswith("-03:00")


def insert(table: str, **row: object) -> str:
    values = ", ".join(f"'{value}'" for value in row.values())
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})"


def test_new_orders_and_answers_are_found_again(any_url: str, example: Maker) -> None:
    shop = example(any_url)
    shop.run("sync")
    shop.change(
        # Ids that sort before all others: keys of this shop do not grow.
        insert("olist_orders_dataset", order_id=key("1"), customer_id=key("c9"),
               order_status="delivered", order_purchase_timestamp="2018-06-07 10:00:00"),
        insert("olist_order_reviews_dataset", review_id=key("1"), order_id=key("a2"),
               review_score=3, review_answer_timestamp="2018-06-25 00:00:00"),
    )  # fmt: skip
    [synced] = shop.run("sync", "--quick")["sources"]
    assert synced["rows"] == 2
    assert shop.facts("orders")[key("1")]["status"] == "received"
    assert sorted(one["score"] for one in shop.facts("ratings").values()) == [2, 3, 4, 5]


def test_every_step_of_an_order_is_followed(any_url: str, example: Maker) -> None:
    shop = example(any_url)
    syncing = shop.syncing()
    syncing.poll(datetime.now(UTC))
    sent = "2018-06-08 10:00:00"
    for number in range(3, 8):
        shop.change(
            "UPDATE olist_orders_dataset SET order_status = 'delivered',"
            f" order_delivered_carrier_date = '{sent}' WHERE order_id = '{key(f'a{number}')}'"
        )
    shop.change(  # the lost answer time turns up, older than answers that were read
        "UPDATE olist_order_reviews_dataset SET review_answer_timestamp = '2018-01-15 10:00:00'"
        " WHERE review_answer_timestamp IS NULL"
    )
    syncing.poll(datetime.now(UTC))
    orders = shop.facts("orders")
    assert {orders[key(f"a{n}")]["status"] for n in range(3, 8)} == {"received"}
    assert {orders[key(f"a{n}")]["shipped_at"] for n in range(3, 8)} == {local(sent)}
    assert sorted(one["score"] for one in shop.facts("ratings").values()) == [1, 2, 4, 5]
    syncing.source.close()
    syncing.store.close()


def test_check_is_content_with_a_loaded_database(any_url: str, example: Maker) -> None:
    shop = example(any_url)
    result = CliRunner().invoke(deskpulse, ["check", "-c", str(shop.folder / "deskpulse.toml")])
    assert result.exit_code == 0
    assert "error" not in result.output.replace("no errors found", "")
    assert "CREATE INDEX" not in result.output


@pytest.fixture
def november(shared: Path, tmp_path: Path) -> dict[str, pd.DataFrame]:
    """The published rows of one month, Black Friday included."""
    data = shared / "data" / "olist"
    frames = {path.stem: pd.read_parquet(path) for path in data.glob("*.parquet")}
    bought = frames["orders"].order_purchase_timestamp.dt.strftime("%Y-%m") == "2017-11"
    frames["orders"] = frames["orders"][bought]
    for name in ("order_items", "order_payments", "order_reviews"):
        frames[name] = frames[name][frames[name].order_id.isin(frames["orders"].order_id)]
    people = frames["customers"]
    frames["customers"] = people[people.customer_id.isin(frames["orders"].customer_id)]
    folder = tmp_path / "files"
    folder.mkdir()
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet")
    shutil.copy(data / "category_translation.csv.gz", folder)
    return frames


@pytest.mark.needs_shared
def test_the_figures_of_a_real_month_are_right(
    november: dict[str, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'olist.db'}"
    assert load(tmp_path / "files", url).exit_code == 0
    shop = Example(tmp_path / "elsewhere", url, monkeypatch)
    shop.run("sync")
    orders, reviews = november["orders"], november["order_reviews"]
    friday = ("2017-11-24", "2017-11-25")

    def on_friday(times: Any) -> Any:
        return times.dt.strftime("%Y-%m-%d") == friday[0]

    paid = orders[on_friday(orders.order_approved_at)]
    assert shop.kpi("orders_placed", *friday)["value"] == int(
        on_friday(orders.order_purchase_timestamp).sum()
    )
    assert shop.kpi("orders_paid", *friday)["value"] == len(paid)
    values = november["order_payments"].groupby("order_id").payment_value.sum()
    assert shop.kpi("paid_amount", *friday)["value"] == pytest.approx(
        values.reindex(paid.order_id).sum()
    )
    shipped = orders.order_delivered_carrier_date
    took = (shipped - orders.order_approved_at).dt.total_seconds()[on_friday(shipped)].dropna()
    hours = shop.kpi("pay_to_ship", *friday)
    assert hours["n"] == int((took >= 0).sum())
    assert hours["p90"] == pytest.approx(took[took >= 0].quantile(0.9))
    limit = november["order_items"].groupby("order_id").shipping_limit_date.max()
    late = shipped > orders.order_id.map(limit)
    assert shop.kpi("shipped_late", *friday)["value"] == int(late[on_friday(shipped)].sum())
    answered = reviews[reviews.review_answer_timestamp.notna()].review_score
    whole = shop.kpi("review_score", "2016-01-01", "2020-01-01")
    assert (whole["n"], whole["value"]) == (len(answered), pytest.approx(answered.mean()))
    bad = shop.kpi("negative_reviews", "2016-01-01", "2020-01-01")
    assert bad["value"] == int((answered <= 2).sum())
