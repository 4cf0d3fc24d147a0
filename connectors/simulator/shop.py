"""The shop: a day's orders with their whole lives, and the reasons to write that they give.

Warehouses fall behind on promotions and in logistics incidents; late orders make customers hurry,
complain, want their money back and write bad reviews.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date

from connectors.simulator.demand import order_instants
from connectors.simulator.dice import Dice, deal
from connectors.simulator.instants import DAY, HOUR, MINUTE, SECOND, LocalDays
from connectors.simulator.promos import incidents, promo
from connectors.simulator.ratings import review
from connectors.simulator.records import Case, Order, Rating, Wish
from connectors.simulator.settings import SimulatorSettings

PROMISED_SHIPPING = 48 * HOUR
PROMISED_DELIVERY = 6 * DAY
LAST_WISH = 15 * DAY
# seller, and the queue its customers write to
SELLERS = (("天猫旗舰店", "天猫售后"), ("京东自营店", "京东"), ("抖音小店", "抖音"),
           ("微信小程序商城", "微信小程序"), ("Global Store", "海外 English"))  # fmt: skip
_SELLER_UP_TO = (0.52, 0.74, 0.88, 0.97, 1.0)
_CATEGORIES = ("女装", "男装", "鞋靴", "美妆", "家居", "小家电", "食品", "母婴")
# region, and how much slower a parcel gets there
_REGIONS = (
    ("浙江", 0.8), ("江苏", 0.85), ("上海", 0.8), ("广东", 1.0), ("山东", 1.0), ("四川", 1.2),
    ("湖北", 1.0), ("北京", 1.0), ("黑龙江", 1.5), ("新疆", 2.1),
)  # fmt: skip
_FREE_FROM = 59.0  # yuan
_PAYMENTS = ("支付宝", "微信支付", "银行卡")
_REASONS = {
    "refund": ("七天无理由", "与描述不符", "拍错/多拍"),
    "exchange": ("尺码不合", "发错货/少件"),
    "quality": ("质量问题",),
    "complaint": ("物流问题", "质量问题", "服务态度"),
}
_KINDS = {"refund": "return", "exchange": "exchange", "quality": "refund", "complaint": "complaint"}
_TOPICS, _TOPIC_UP_TO = ("complaint", "quality", "exchange", "refund"), (0.06, 0.27, 0.45)
_WAKING_FROM, _WAKING_TO = 8.5, 23.5


@dataclass(frozen=True, slots=True)
class ShopDay:
    """What the shop takes in on a local day."""

    orders: list[Order]
    wishes: list[Wish]
    queues: list[str]
    """For each wish, the queue it goes to."""


def customers(settings: SimulatorSettings) -> int:
    """How many different people buy and write."""
    return settings.contacts_per_day * 60


def shop_day(settings: SimulatorSettings, days: LocalDays, day: int) -> ShopDay:
    """The orders of a day; the same for every span it is part of."""
    found = ShopDay([], [], [])
    if not settings.orders:
        return found
    placed = order_instants(settings, day=day, midnight=days.start(day)).tolist()
    shop = _Shop(settings, days, day)
    all_dice = deal((settings.seed, 4, day), len(placed), units=24, spans=8)
    for number, (at, dice) in enumerate(zip(placed, all_dice, strict=True)):
        _add(found, shop, dice, at=at, number=number)
    return found


class _Shop:
    """What all orders of a day have in common: the calendar, how far warehouses are behind."""

    def __init__(self, settings: SimulatorSettings, days: LocalDays, day: int) -> None:
        self.hour = days.hour
        self.customers = customers(settings)
        self.tag = promo(day).tag
        self.most_discount = 0.3 if self.tag else 0.1
        self.prefix = date.fromordinal(day).strftime("%Y%m%d")
        self.pack = 1 + 0.16 * max(0.0, promo(day).orders - 1.3)
        self.carry = 1.0
        for later in range(day, day + 3):
            if any(i.kind == "logistics" for i in incidents(settings.seed, later)):
                self.pack *= 1.25
                self.carry *= 1.3

    def waking(self, at: int, dice: Dice) -> int:
        """The instant itself by day, else some time the next morning."""
        hour = self.hour(at)
        if _WAKING_FROM <= hour < _WAKING_TO:
            return at
        ahead = (_WAKING_FROM - hour) % 24
        return at + int((ahead + 3.5 * dice.unit()) * HOUR)


def _add(found: ShopDay, shop: _Shop, dice: Dice, *, at: int, number: int) -> None:
    seller = bisect_right(_SELLER_UP_TO, dice.unit())
    order = _order(shop, dice, at=at, ref=f"{shop.prefix}{seller + 1}{number:07d}", seller=seller)
    found.orders.append(order)
    if order.paid_at is None:
        return
    for wish in (
        _hurry(shop, dice, order), _track(shop, dice, order), _aftersales(shop, dice, order),
    ):  # fmt: skip
        if wish is not None:
            found.wishes.append(wish)
            found.queues.append(SELLERS[seller][1])
    if order.delivered_at is not None and dice.chance(0.22 if _late(order) else 0.15):
        order.review = _review(shop, dice, order, number)


def _order(shop: _Shop, dice: Dice, *, at: int, ref: str, seller: int) -> Order:
    region, distance = dice.pick(_REGIONS)
    amount = round(dice.span(12_000) / 100 * (1 + dice.unit()), 2)
    paid_at = None if dice.chance(0.07) else at + 3 * SECOND + min(dice.span(35_000), 25 * MINUTE)
    order = Order(
        ref=ref,
        customer=int(dice.unit() ** 1.4 * shop.customers),
        placed_at=at,
        paid_at=paid_at,
        cancelled_at=at + min(dice.span(20 * HOUR), DAY) if paid_at is None else None,
        promised_ship_at=None if paid_at is None else paid_at + PROMISED_SHIPPING,
        promised_at=None if paid_at is None else paid_at + PROMISED_DELIVERY,
        shipped_at=None,
        delivered_at=None,
        amount=amount,
        discount=round(amount * dice.unit() * shop.most_discount, 2),
        freight=0.0 if amount > _FREE_FROM else 10.0,
        items=1 + int(dice.unit() ** 3 * 5),
        category=dice.pick(_CATEGORIES),
        seller=SELLERS[seller][0],
        region=region,
        payment=None if paid_at is None else dice.pick(_PAYMENTS),
        promo=shop.tag,
    )
    if paid_at is not None:
        _send(shop, dice, order, distance)
    return order


def _send(shop: _Shop, dice: Dice, order: Order, distance: float) -> None:
    paid_at = order.paid_at or 0
    shipped_at = shop.waking(paid_at + int(dice.span(14 * HOUR) * shop.pack), dice)
    late = shipped_at > paid_at + PROMISED_SHIPPING
    if late and dice.chance(0.12):
        _cancel_late(shop, dice, order)
        return
    order.shipped_at = shipped_at
    travels = min(dice.steady(50 * HOUR) * distance * shop.carry, 9 * DAY)
    order.delivered_at = shop.waking(shipped_at + int(travels), dice)


def _cancel_late(shop: _Shop, dice: Dice, order: Order) -> None:
    """The customer has had enough and takes the money back before anything was shipped."""
    due = order.promised_ship_at or 0
    asked = shop.waking(due + int(dice.unit() * 20 * HOUR), dice)
    handled = asked + min(dice.span(2 * HOUR), DAY)
    order.cancelled_at = handled
    case = Case(order.ref, None, "refund", "物流问题", asked, handled, handled, order.amount, False)
    order.cases.append(case)


def _late(order: Order) -> bool:
    shipped, delivered = order.shipped_at, order.delivered_at
    late_out = shipped is None or (order.promised_ship_at or 0) < shipped
    return late_out or delivered is None or (order.promised_at or 0) < delivered


def _wish(shop: _Shop, dice: Dice, order: Order, at: int, topic: str) -> Wish | None:
    at = shop.waking(at, dice)
    if at > order.placed_at + LAST_WISH:
        return None
    return Wish(at, topic, order.ref, order.customer, upset=_late(order) and topic != "exchange")


def _hurry(shop: _Shop, dice: Dice, order: Order) -> Wish | None:
    """Customers ask for the shipment: many when it is late, some after a day."""
    due = order.promised_ship_at or 0
    out = order.shipped_at or order.cancelled_at or 0
    if out > due and dice.chance(0.35):
        at = due - 3 * HOUR + int(dice.unit() * 18 * HOUR)
    elif out > due - DAY and dice.chance(0.10):
        at = due - DAY + int(dice.unit() * 8 * HOUR)
    else:
        return None
    return _wish(shop, dice, order, min(at, out), "hurry")


def _track(shop: _Shop, dice: Dice, order: Order) -> Wish | None:
    shipped, delivered = order.shipped_at, order.delivered_at
    if shipped is None or delivered is None:
        return None
    if not dice.chance(0.45 if delivered > (order.promised_at or 0) else 0.08):
        return None
    at = shipped + int((delivered - shipped) * (0.5 + 0.5 * dice.unit()))
    return _wish(shop, dice, order, at, "track")


def _aftersales(shop: _Shop, dice: Dice, order: Order) -> Wish | None:
    """Returns, exchanges, faults, complaints: usually a case, mostly with a contact before it."""
    if order.delivered_at is None:
        return None
    late = _late(order)
    if not dice.chance(0.16 if late else 0.055):
        return None
    topic = _TOPICS[bisect_right(_TOPIC_UP_TO, dice.unit() - (0.15 if late else 0.0))]
    at = shop.waking(order.delivered_at + HOUR + int(dice.unit() * 5 * DAY), dice)
    wish = _wish(shop, dice, order, at, topic) if dice.chance(0.7) else None
    if wish:
        at = wish.at + 3 * MINUTE + int(dice.unit() * 20 * MINUTE)
    if dice.chance(0.85):
        order.cases.append(_case(dice, order, wish, topic, at))
    return wish


def _case(dice: Dice, order: Order, wish: Wish | None, topic: str, at: int) -> Case:
    handled = at + 10 * MINUTE + min(dice.span(6 * HOUR) * (1 + dice.chance(0.2)), 4 * DAY)
    refused = dice.chance(0.08)
    takes = {"refund": 4 * DAY, "exchange": 4 * DAY, "quality": 0, "complaint": DAY}[topic]
    closed = handled if refused else handled + dice.steady(takes)
    amount = 0.0 if topic == "exchange" else order.amount * (0.2 if topic == "complaint" else 1)
    reason = dice.pick(_REASONS[topic])
    return Case(
        order.ref, wish, _KINDS[topic], reason, at, handled, closed, round(amount, 2), refused
    )


def _review(shop: _Shop, dice: Dice, order: Order, number: int) -> Rating:
    at = (order.delivered_at or 0) + 2 * HOUR + int(dice.unit() * 6 * DAY)
    return review(
        dice,
        order_ref=order.ref,
        product_ref=f"{_CATEGORIES.index(order.category) + 1}{number % 60:03d}",
        late=_late(order),
        at=shop.waking(at, dice),
    )
