"""The mall preset on MariaDB: what its orders, returns and reviews become, and how they change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.checkup import check_source
from connectors.settings import SourceSettings
from tests.connectors.presets.mall_shop import (
    TODAY,
    Shop,
    by_reason,
    connected,
    shanghai,
    state,
)
from tests.connectors.presets.product import Product
from tests.servers import Database

NOON = shanghai("2026-11-20 12:00:00")
ORDER, RETURN = "oms_order", "oms_order_return_apply"


@pytest.fixture
def shop(mariadb_db: Database) -> Iterator[Shop]:
    with Shop(mariadb_db.url) as shop:
        yield shop


@pytest.fixture
def desk(shop: Shop, mariadb_db: Database, tmp_path: Path) -> Iterator[Product]:
    """The product on that shop, through a user who may only read."""
    with connected(mariadb_db.readonly_url, tmp_path) as desk:
        yield desk


def test_an_order_keeps_what_the_shop_knows_of_it(shop: Shop, desk: Product) -> None:
    shop.add("pms_product_category", id=3, name="手机通讯")
    shop.order(
        1, 3, "2026-11-10 09:00:00", pay_amount=188.5, freight_amount=6, promotion_amount=10,
        coupon_amount=5.5, pay_type=2, order_type=1, receiver_province="广东省",
        payment_time="2026-11-10 09:01:30", delivery_time="2026-11-11 08:00:00",
        receive_time="2026-11-14 20:00:00",
    )  # fmt: skip
    shop.add("oms_order_item", order_id=1, product_quantity=2, product_category_id=3)
    shop.add("oms_order_item", order_id=1, product_quantity=1, product_category_id=4)
    desk.sync(NOON)
    order = desk.facts("orders")[1]
    assert len(order.pop("customer_key")) == 24
    assert order == {
        "order_id": "1", "order_ref": "202600000001", "status": "received",
        "placed_at": shanghai("2026-11-10 09:00:00"), "paid_at": shanghai("2026-11-10 09:01:30"),
        "promised_ship_at": shanghai("2026-11-12 09:01:30"), "promised_at": None,
        "shipped_at": shanghai("2026-11-11 08:00:00"),
        "delivered_at": shanghai("2026-11-14 20:00:00"),
        "amount": 188.5, "discount": 15.5, "freight": 6.0, "items": 3, "category": "手机通讯",
        "seller": None, "region": "广东省", "payment": "wechat", "promo": "flash_sale",
        "product_ref": None, "sellers": None, "seller_region": None,
    }  # fmt: skip


def test_what_an_order_does_not_have_stays_unknown(shop: Shop, desk: Product) -> None:
    shop.order(1, 0, "2026-11-20 11:00:00", pay_amount=None, pay_type=0, order_sn=None)
    shop.order(2, 1, "2026-11-20 11:00:00", pay_type=9, payment_time="2026-11-20 11:01:00")
    shop.add("oms_order_item", order_id=2, product_quantity=1, product_category_id=26)
    desk.sync(NOON)
    unknown = desk.facts("orders")[1]
    for column in ("order_ref", "paid_at", "promised_ship_at", "amount", "discount", "freight",
                   "items", "category", "region", "payment", "promo"):  # fmt: skip
        assert unknown[column] is None, column
    assert desk.facts("orders")[2]["payment"] == "9"
    assert desk.facts("orders")[2]["category"] == "#26"  # the shop has no such category


def test_every_status_of_the_shop_has_its_word(shop: Shop, desk: Product) -> None:
    for status in range(6):
        shop.order(status + 1, status, "2026-11-19 10:00:00")
    desk.sync(NOON)
    words = [order["status"] for _, order in sorted(desk.facts("orders").items())]
    assert words == ["unpaid", "paid", "shipped", "received", "cancelled", "invalid"]


def test_a_status_nobody_knows_is_listed_and_not_guessed(shop: Shop, desk: Product) -> None:
    shop.order(1, 1, "2026-11-19 10:00:00")
    shop.order(2, 6, "2026-11-19 10:00:00")
    shop.order(3, None, "2026-11-19 10:00:00")
    shop.add(RETURN, id=4, status=8, create_time="2026-11-19 10:00:00")
    desk.sync(NOON)
    assert list(desk.facts("orders")) == [1]
    assert sorted(desk.rejected()) == [
        "cases 4: unknown status '8'",
        "orders 2: unknown status '6'",
        "orders 3: status is missing",
    ]


def test_paid_means_that_there_is_a_time_of_payment(shop: Shop, desk: Product) -> None:
    shop.order(1, 0, "2026-11-20 10:00:00")
    shop.order(2, 4, "2026-11-20 10:00:00")
    shop.order(3, 1, "2026-11-20 10:00:00", payment_time="2026-11-20 10:01:00", pay_amount=70)
    desk.sync(NOON)
    assert desk.kpi("orders_placed", *TODAY).value == 3
    assert desk.kpi("orders_paid", *TODAY).value == 1
    assert desk.kpi("paid_amount", *TODAY).value == 70


def test_an_order_the_member_hid_stays_in_every_figure(shop: Shop, desk: Product) -> None:
    shop.order(1, 3, "2026-11-20 08:00:00", payment_time="2026-11-20 08:01:00", delete_status=1)
    desk.sync(NOON)
    assert desk.kpi("orders_paid", *TODAY).value == 1


def test_a_day_is_the_shops_day(shop: Shop, desk: Product) -> None:
    shop.order(1, 1, "2026-11-19 23:59:59", payment_time="2026-11-20 00:00:00")
    shop.order(2, 1, "2026-11-20 07:59:59", payment_time="2026-11-20 08:00:01")
    desk.sync(NOON)
    assert desk.kpi("orders_placed", *TODAY).value == 1
    assert desk.kpi("orders_paid", *TODAY).value == 2


def test_shipping_is_late_after_two_days_or_as_configured(
    shop: Shop, mariadb_db: Database, tmp_path: Path
) -> None:
    paid = "2026-11-18 12:00:00"
    shop.order(1, 1, "2026-11-18 11:00:00", payment_time=paid)
    shop.order(2, 1, "2026-11-18 11:00:00", payment_time="2026-11-18 11:59:59")
    shop.order(3, 2, "2026-11-18 11:00:00", payment_time=paid, delivery_time="2026-11-19 12:30:00")
    with connected(mariadb_db.readonly_url, tmp_path) as desk:
        desk.sync(NOON)
        assert state(desk, "overdue_shipments") == 1  # exactly 48 h is not yet over
        assert desk.kpi("shipped_late").value == 0
    (tmp_path / "strict").mkdir()
    with connected(mariadb_db.readonly_url, tmp_path / "strict", ship_within_hours=24) as desk:
        desk.sync(NOON)
        assert state(desk, "overdue_shipments") == 2
        assert desk.kpi("shipped_late").value == 1


def test_changes_that_leave_no_time_stamp_are_seen(shop: Shop, desk: Product) -> None:
    old = "2026-10-01 10:00:00"
    for number, status in ((1, 0), (2, 0), (3, 1), (4, 2), (5, 2)):
        shop.order(number, status, old, payment_time=old if status else None)
    desk.sync(NOON)
    shop.change(ORDER, 1, status=1, payment_time="2026-11-20 12:00:01")
    shop.change(ORDER, 2, status=4)  # closed by time: nothing else moves
    shop.change(ORDER, 3, status=2, delivery_time="2026-11-20 12:00:01")
    shop.order(9, 0, "2026-11-20 12:00:01")
    desk.sync(NOON + timedelta(seconds=2))
    statuses = {number: order["status"] for number, order in desk.facts("orders").items()}
    assert statuses == {
        1: "paid", 2: "cancelled", 3: "shipped", 4: "shipped", 5: "shipped", 9: "unpaid",
    }  # fmt: skip
    shop.change(ORDER, 3, status=3, receive_time="2026-11-20 12:00:03")
    shop.change(ORDER, 4, status=3, receive_time="2026-11-20 12:00:03")
    shop.change(ORDER, 5, status=4)
    desk.sync(NOON + timedelta(seconds=64))  # on its way: looked at once a minute
    statuses = {number: order["status"] for number, order in desk.facts("orders").items()}
    assert (statuses[3], statuses[4], statuses[5]) == ("received", "received", "cancelled")


def test_a_price_the_back_office_changed_is_seen(shop: Shop, desk: Product) -> None:
    shop.order(1, 0, "2026-11-20 11:59:00", pay_amount=100)
    desk.sync(NOON)
    shop.change(ORDER, 1, pay_amount=80, modify_time="2026-11-20 12:00:00")
    desk.sync(NOON + timedelta(seconds=2))
    assert desk.facts("orders")[1]["amount"] == 80


def test_a_return_is_followed_to_its_end(shop: Shop, desk: Product) -> None:
    for number in (1, 2, 3):
        shop.add(RETURN, id=number, order_sn="202600000009", reason="质量问题", status=0,
                 create_time="2026-11-19 11:59:59")  # fmt: skip
    desk.sync(NOON)
    assert state(desk, "cases_open") == 3
    assert state(desk, "cases_overdue") == 3
    assert {case["amount"] for case in desk.facts("cases").values()} == {None}

    shop.change(RETURN, 1, status=1, handle_time="2026-11-20 12:00:01", return_amount=30)
    shop.change(RETURN, 2, status=3, handle_time="2026-11-20 12:00:01")
    desk.sync(NOON + timedelta(seconds=2))
    assert state(desk, "cases_open") == 2
    assert state(desk, "cases_overdue") == 1
    refused = desk.facts("cases")[2]
    assert refused["status"] == "refused"
    assert refused["closed_at"] == refused["handled_at"] == shanghai("2026-11-20 12:00:01")
    assert desk.facts("cases")[1]["closed_at"] is None
    assert desk.kpi("refunded_amount", *TODAY).value == 0

    shop.change(RETURN, 1, status=2, receive_time="2026-11-20 12:00:03")
    desk.sync(NOON + timedelta(seconds=4))
    done = desk.facts("cases")[1]
    assert (done["kind"], done["order_ref"], done["reason"]) == (
        "return", "202600000009", "质量问题",
    )  # fmt: skip
    assert (done["status"], done["closed_at"]) == ("done", shanghai("2026-11-20 12:00:03"))
    assert desk.kpi("refunded_amount", *TODAY).value == 30
    assert by_reason(desk, "cases_opened") == {"质量问题": 3}


def test_reviews_count_by_stars_and_know_their_product_only(shop: Shop, desk: Product) -> None:
    for number, star in enumerate((0, 2, 3, 5), 1):
        shop.add("pms_comment", id=number, product_id=26, star=star, member_nick_name="王芳",
                 create_time="2026-11-20 09:00:00")  # fmt: skip
    desk.sync(NOON)
    review = desk.facts("ratings")[4]
    assert (review["kind"], review["score"], review["scale"]) == ("review", 5.0, 5.0)
    assert (review["product_ref"], review["order_ref"]) == ("26", None)
    assert review["rated_at"] == shanghai("2026-11-20 09:00:00")
    assert desk.kpi("review_score", *TODAY).value == 2.5
    assert desk.kpi("negative_reviews", *TODAY).value == 2


def test_the_shops_answer_to_a_review_is_noticed(shop: Shop, desk: Product) -> None:
    shop.add("pms_comment", id=1, product_id=26, star=1, create_time="2026-11-20 09:00:00")
    shop.add("pms_comment_replay", comment_id=1, type=0, create_time="2026-11-20 09:30:00")
    desk.sync(NOON)
    assert desk.facts("ratings")[1]["answered_at"] is None  # another member wrote
    shop.add("pms_comment_replay", comment_id=1, type=1, create_time="2026-11-20 12:00:01")
    desk.sync(NOON + timedelta(seconds=2))
    assert desk.facts("ratings")[1]["answered_at"] == shanghai("2026-11-20 12:00:01")


def test_check_names_the_indexes_the_shop_lacks(
    shop: Shop, mariadb_db: Database, tmp_path: Path
) -> None:
    shop.order(1, 1, "2026-11-20 10:00:00")
    settings = SourceSettings.model_validate(
        {"name": "shop", "preset": "mall", "url": mariadb_db.readonly_url}
    )

    def warnings() -> list[str]:
        found = check_source(settings, tmp_path, NOON)
        assert not [one for one in found if one.level == "error"]
        return [one.text for one in found if one.level == "warning"]

    lacking = warnings()
    assert len(lacking) == 4
    for text in lacking:
        shop.run(text.partition("run: ")[2].rstrip(";"))
    assert warnings() == []
