"""All figures of a big generated mall shop, at one moment and while it goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.presets.mall_shop import (
    TODAY,
    by_reason,
    connected,
    generated_shop,
    shanghai,
    state,
)
from tests.connectors.presets.product import Product
from tests.servers import Database


def check_windows(desk: Product, want: dict[str, Any]) -> None:
    paid = sum(day["paid"] for day in want["by_local_day_last7"].values())
    assert paid  # the fixture's own days are not empty
    for day, figures in want["by_local_day_last7"].items():
        start = shanghai(f"{day} 00:00:00")
        window = (start, start + timedelta(days=1))
        assert desk.kpi("orders_placed", *window).value == figures["placed"]
        assert desk.kpi("orders_paid", *window).value == figures["paid"]
        assert desk.kpi("paid_amount", *window).value == pytest.approx(figures["paid_amount"])
    shipping, hours = desk.kpi("pay_to_ship"), want["pay_to_ship_hours"]
    assert shipping.n == hours["n"]
    got = [value / 3600 for value in (shipping.p50, shipping.p90, shipping.mean) if value]
    assert got == pytest.approx([hours["p50"], hours["p90"], hours["avg"]], abs=0.0006)
    assert desk.kpi("shipped_late").value == want["shipped_late_over_48h"]
    assert desk.kpi("orders_placed").value == want["orders"]
    assert desk.kpi("paid_amount").value == pytest.approx(want["paid_amount"])
    assert desk.kpi("refunded_amount").value == pytest.approx(want["refunded_amount"])
    assert by_reason(desk, "cases_opened") == want["returns_by_reason"]
    reviews = desk.kpi("review_score")
    assert (reviews.n, round(reviews.value or 0, 4)) == (
        want["comments"]["n"], want["comments"]["avg"],
    )  # fmt: skip
    assert desk.kpi("negative_reviews").value == want["comments"]["bad_le2"]


@pytest.mark.needs_shared
def test_all_figures_of_the_generated_shop_are_right(
    mariadb_db: Database, tmp_path: Path, shared: Path
) -> None:
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    shop = generated_shop(shared / "fixtures" / "helpdesk", mariadb_db.url)
    shop.fill(orders=3000, days=60, now=now)
    want = shop.expected(now)
    with connected(mariadb_db.readonly_url, tmp_path) as desk:
        desk.sync(now)
        assert desk.rejected() == []
        assert state(desk, "orders_awaiting_payment") == want["awaiting_payment"]
        assert state(desk, "orders_awaiting_shipment") == want["awaiting_shipment"]
        assert state(desk, "overdue_shipments") == want["awaiting_shipment_over_48h"]
        assert state(desk, "cases_overdue") == want["returns_pending_over_24h"]
        statuses = [case["status"] for case in desk.facts("cases").values()]
        codes = ("pending", "returning", "done", "refused")
        assert {str(code): statuses.count(word) for code, word in enumerate(codes)} == want[
            "returns_by_status"
        ]
        check_windows(desk, want)


@pytest.mark.needs_shared
def test_nothing_is_missed_while_the_generated_shop_goes_on(
    mariadb_db: Database, tmp_path: Path, shared: Path
) -> None:
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    shop = generated_shop(shared / "fixtures" / "helpdesk", mariadb_db.url)
    shop.fill(orders=2000, days=30, now=now)
    with connected(mariadb_db.readonly_url, tmp_path) as desk:
        desk.sync(now)
        for clock in shop.go_on(now, ticks=100, seconds=5):
            if (clock - now).total_seconds() % 25:
                continue  # changes pile up between two polls
            desk.sync(clock)
            want = shop.counts(clock)
            got = {
                "orders": len(desk.facts("orders")),
                "awaiting_payment": state(desk, "orders_awaiting_payment"),
                "awaiting_shipment": state(desk, "orders_awaiting_shipment"),
                "awaiting_shipment_over_48h": state(desk, "overdue_shipments"),
                "returns": len(desk.facts("cases")),
                "returns_pending_over_24h": state(desk, "cases_overdue"),
                "placed_today": desk.kpi("orders_placed", *TODAY).value,
                "paid_today": desk.kpi("orders_paid", *TODAY).value,
                "shipped_today": desk.kpi("pay_to_ship", *TODAY).n,
            }
            assert got == {name: want[name] for name in got}, clock
        desk.sync(clock + timedelta(minutes=15))  # beyond the slowest of the warm reads
        check_windows(desk, shop.expected(clock))
