"""What a group of columns says about an order, in words: one function per kind of sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.text import catalogue
from metrics.text import format_number, format_percent

WORST_DAYS = 0.05  # below this a day count is not worth a word


@dataclass(frozen=True, slots=True)
class Speaker:
    """One language, and what is usual: the median of each number among the fitted orders."""

    lang: str
    usual: Mapping[str, float]

    def t(self, key: str, **values: object) -> str:
        return catalogue().t(f"risk.{key}", self.lang, **values)

    def rate(self, column: str, value: float, name: str = "") -> str:
        """`seller's late rate 31% against 8% usual`."""
        usual = self.usual.get(column, float("nan"))
        form = "rate" if value > usual else "rate_calm"
        return self.t(
            form, what=self.t(f"what.{column}", name=name), value=percent(value),
            usual=percent(usual),
        )  # fmt: skip

    def days(self, column: str, value: float, usual: float) -> str:
        """`with the carrier for 12 days against 8 usual`."""
        form = "days" if value > usual else "days_calm"
        return self.t(form, what=self.t(f"what.{column}"), value=number(value), usual=number(usual))


def percent(share: float) -> str:
    return format_percent(100 * share, decimals=0 if share >= 0.01 or share == 0 else 1)


def number(value: float) -> str:
    return format_number(value, decimals=0 if abs(value) >= 10 else 1)


Say = Callable[[Speaker, "Values"], str]


class Values:
    """The values of one order by column; unknown numbers are NaN."""

    __slots__ = ("_at", "_columns")

    def __init__(self, columns: Mapping[str, list[Any]], at: int) -> None:
        self._columns, self._at = columns, at

    def __getitem__(self, column: str) -> float:
        value: float = self._columns[column][self._at]
        return value

    def word(self, column: str) -> str | None:
        value = self._columns[column][self._at]
        return value if isinstance(value, str) else None


def columns_as_lists(features: pd.DataFrame) -> dict[str, list[Any]]:
    """Plain values: reading them one by one out of arrays would take ten times as long."""
    return {str(name): _plain(column) for name, column in features.items()}


def _plain(column: pd.Series[Any]) -> list[Any]:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column.tolist()
    words = [*column.cat.categories.tolist(), None]
    return [words[code] for code in column.cat.codes.tolist()]  # -1, unknown, is the last


def lateness(say: Speaker, v: Values) -> str:
    if v["delivered"]:
        key = "say.arrived" if v["early_days"] >= 0 else "say.arrived_late"
        early = v["early_days"]
        return say.t(key, days=number(abs(early))) if early == early else delivery(say, v)
    if v["left_days"] <= 0:
        if v["shipped"]:
            return say.t("say.overdue")
        return say.t("say.overdue_unsent")
    return say.t("say.on_its_way", days=number(v["elapsed_days"]), left=number(v["left_days"]))


def delivery(say: Speaker, v: Values) -> str:
    return say.days("route_days", v["elapsed_days"], v["route_days"])


def hand_over(say: Speaker, v: Values) -> str:
    over = v["over_limit_days"]
    if not v["shipped"]:
        return say.t("say.unsent_over", days=number(over)) if over > 0 else say.t("say.unsent")
    if over > WORST_DAYS:
        return say.t("say.sent_over", days=number(over))
    usual = v["seller_handling"]
    if usual != usual:
        usual = say.usual.get("handling_days", usual)
    return say.days("handling_days", v["handling_days"], usual)


def transit(say: Speaker, v: Values) -> str:
    if not v["shipped"]:
        return say.t("say.unsent")
    usual = v["route_transit"]
    if usual != usual:
        usual = say.usual.get("transit_days", usual)
    return say.days("transit_days", v["transit_days"], usual)


def seller_record(say: Speaker, v: Values) -> str:
    value = v["seller_bad"]
    if v["seller_bad_lately"] > value:
        value = v["seller_bad_lately"]
    if value <= say.usual.get("seller_bad", 0) and v["seller_known"] < 10:
        return say.t("say.seller_new", n=int(v["seller_known"]))
    return say.rate("seller_bad", value)


def seller_lateness(say: Speaker, v: Values) -> str:
    late, sent = v["seller_late"], v["seller_ship_late"]
    over = late / max(say.usual.get("seller_late", 1), 0.01)
    if sent / max(say.usual.get("seller_ship_late", 1), 0.01) > over:
        return say.rate("seller_ship_late", sent)
    return say.rate("seller_late", late)


def returns(say: Speaker, v: Values) -> str:
    usual = {
        name: max(say.usual.get(name, 1), 0.001) for name in ("seller_return", "product_return")
    }
    name = max(usual, key=lambda one: v[one] / usual[one])
    return say.rate(name, v[name])


def seller_speed(say: Speaker, v: Values) -> str:
    waiting, usual = v["seller_unsent_days"], say.usual.get("seller_unsent_days", float("nan"))
    if waiting > 1.5 * usual and waiting >= 1:
        return say.days("seller_unsent_days", waiting, usual)
    value = v["seller_handling"]
    if value != value:
        return say.t("say.seller_new", n=int(v["seller_known"]))
    return say.days("seller_handling", value, say.usual.get("seller_handling", value))


def seller_load(say: Speaker, v: Values) -> str:
    return say.t("say.seller_orders", n=int(v["seller_orders_week"]))


def product(say: Speaker, v: Values) -> str:
    if v["product_known"] < 3:
        return say.t("say.product_new", n=int(v["product_known"]))
    return say.rate("product_bad", v["product_bad"])


def category(say: Speaker, v: Values) -> str:
    name = v.word("category")
    if name is None:
        return say.t("say.unknown_category")
    return say.rate("category_bad", v["category_bad"], name)


def region(say: Speaker, v: Values) -> str:
    return say.rate("region_late", v["region_late"], v.word("region") or "")


def route(say: Speaker, v: Values) -> str:
    usual = say.usual.get("route_days", 0)
    if v["route_days"] > usual or v["route_late"] <= say.usual.get("route_late", 0):
        return say.days("route_days", v["route_days"], usual)
    return say.rate("route_late", v["route_late"])


def promise(say: Speaker, v: Values) -> str:
    days = v["promised_days"]
    if days != days:
        return say.t("rule.no_promise")
    if v["route_days"] > 0:
        return say.t("say.promise", days=number(days), usual=number(v["route_days"]))
    return say.t("say.promise_plain", days=number(days))


def items(say: Speaker, v: Values) -> str:
    count, sellers = v["items"], v["sellers"]
    if sellers > 1:
        return say.t("say.sellers", items=int(count), sellers=int(sellers))
    return say.t("say.items", items=int(count) if count == count else "–")


def price(say: Speaker, v: Values) -> str:
    times = float(np.exp(v["price_level"]))
    if times >= 1.2 or times <= 0.8:
        return say.t("say.price", times=number(times))
    return say.t("say.amount", amount=format_number(v["amount"]))


def freight(say: Speaker, v: Values) -> str:
    return say.t("say.freight", share=percent(v["freight_share"]))


def promotion(say: Speaker, v: Values) -> str:
    name = v.word("promo")
    if name is not None:
        return say.t("say.promo", name=name)
    share = v["discount_share"]
    return say.t("say.discount", share=percent(share if share == share else 0.0))


def payment(say: Speaker, v: Values) -> str:
    if v["pay_days"] >= 1:
        return say.t("say.paid_late", days=number(v["pay_days"]))
    name = v.word("payment")
    return say.t("say.payment", name=name) if name else say.t("say.unpaid")


def customer(say: Speaker, v: Values) -> str:
    if v["customer_bad"] > 0:
        return say.t("say.customer_bad", share=percent(v["customer_bad"]))
    if v["customer_waiting"] > 0:
        return say.t("say.customer_waiting", n=int(v["customer_waiting"]))
    return say.t("say.customer_orders", n=int(v["customer_orders"]))


def contacts(say: Speaker, v: Values) -> str:
    for column in ("cases", "bad_surveys", "contacts", "customer_contacts"):
        if v[column] > 0:
            return say.t(f"say.{column}", n=int(v[column]))
    return say.t("say.contacts", n=0)


def shop(say: Speaker, v: Values) -> str:
    for column in ("shop_unsent_days", "shop_open_days"):
        usual = say.usual.get(column, float("nan"))
        if v[column] > 1.3 * usual and v[column] >= 1:
            return say.days(column, v[column], usual)
    late = v["shop_late"] > say.usual.get("shop_late", 0)
    return say.rate("shop_late", v["shop_late"]) if late else say.rate("shop_bad", v["shop_bad"])


def clock(say: Speaker, v: Values) -> str:
    return say.t("say.time", hour=int(v["hour"]))
