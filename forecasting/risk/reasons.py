"""Why an order is scored as it is, in words: the largest contributions, told per topic.

Contributions of columns are exact (they add up to the score); those of one topic are summed, so
that five numbers about the seller become one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.risk import sentences
from forecasting.risk.features.asof import Flags, Floats, Ints
from forecasting.risk.model import MomentModel
from forecasting.risk.rules import NAMES, ON_TIME
from forecasting.risk.sentences import Say, Speaker, Values

MOST = 3  # reasons per order
LEAST = 0.1  # log-odds: what is worth a sentence


@dataclass(frozen=True, slots=True)
class Topic:
    """Columns that are told by one sentence."""

    say: Say
    columns: tuple[str, ...]


TOPICS = (
    Topic(sentences.lateness, ("elapsed_days", "left_days", "early_days", "elapsed_share",
                               "delivered", "elapsed_over", "moment_weekday")),
    Topic(sentences.hand_over, ("shipped", "handling_days", "over_limit_days", "handling_over")),
    Topic(sentences.transit, ("transit_days", "transit_over")),
    Topic(sentences.seller_record, ("seller_bad", "seller_known", "seller_bad_lately",
                                    "seller_fault", "seller_rating")),
    Topic(sentences.seller_lateness, ("seller_late", "seller_late_known", "seller_ship_late",
                                      "seller_late_month")),
    Topic(sentences.returns, ("seller_return", "product_return")),
    Topic(sentences.seller_speed, ("seller_handling", "seller_unsent_days")),
    Topic(sentences.seller_load, ("seller_orders_week", "seller_orders")),
    Topic(sentences.product, ("product_bad", "product_known", "product_fault", "product_rating")),
    Topic(sentences.category, ("category", "category_bad", "category_fault")),
    Topic(sentences.region, ("region", "region_late", "region_bad")),
    Topic(sentences.route, ("route_late", "route_days", "route_transit", "same_region",
                            "seller_region", "route_open_days")),
    Topic(sentences.promise, ("promised_days", "planned_slack", "ship_limit_days")),
    Topic(sentences.items, ("items", "sellers")),
    Topic(sentences.price, ("amount", "item_price", "price_level")),
    Topic(sentences.freight, ("freight", "freight_share", "item_freight")),
    Topic(sentences.promotion, ("discount_share", "promo")),
    Topic(sentences.payment, ("payment", "paid", "pay_days")),
    Topic(sentences.customer, ("customer_orders", "customer_lately", "customer_spent",
                               "customer_bad", "customer_waiting")),
    Topic(sentences.contacts, ("contacts", "customer_contacts", "cases", "bad_surveys")),
    Topic(sentences.shop, ("shop_bad", "shop_late", "shop_late_week", "shop_late_bad",
                           "shop_surge", "shop_amount", "shop_open_days", "shop_unsent_days")),
    Topic(sentences.clock, ("hour", "weekday")),
)  # fmt: skip


class Telling:
    """Tells the reasons of one moment's model in one language."""

    def __init__(self, fitted: MomentModel, lang: str) -> None:
        self._fitted = fitted
        self._speaker = Speaker(lang, dict(fitted.usual))

    def of_model(
        self, columns: Mapping[str, list[Any]], weights: Floats
    ) -> npt.NDArray[np.object_]:
        """Up to three sentences per row, the strongest first, by contributions per topic; only what
        raises the risk counts."""
        top = np.argsort(-weights, axis=1, kind="stable")[:, :MOST]
        told = np.full(top.shape, "", object)
        for at, topic in enumerate(TOPICS):
            rows, places = np.nonzero((top == at) & (np.take_along_axis(weights, top, 1) >= LEAST))
            told[rows, places] = [
                topic.say(self._speaker, Values(columns, row)) for row in rows.tolist()
            ]
        joint, nothing = self._speaker.t("join"), self._speaker.t("nothing")
        lines = [joint.join(filter(None, row)) or nothing for row in told.tolist()]
        return np.array(lines, object)

    def of_rule(self, features: pd.DataFrame, which: Ints, there: Flags) -> npt.NDArray[np.object_]:
        """What the rule says, and why it speaks."""
        say, rule = self._speaker, self._fitted.rule
        shares = {0: rule.no_items, 1: rule.late, 3: rule.on_time}
        tail = [] if rule.told else [say.t("rule.assumed")]
        if self._fitted.fit is None and self._fitted.why:
            tail.append(say.t("rule.no_purchase_model", why=say.t(f"why.{self._fitted.why}")))
        keys = [f"rule.{name.replace(' ', '_')}" for name in NAMES]
        if self._fitted.moment == "late_shipping":  # not late yet, but that is not the point there
            keys[NAMES.index(ON_TIME)] = "rule.not_sent"
        fixed = {at: say.t(keys[at], share=sentences.percent(p)) for at, p in shares.items()}
        seller = features["seller_bad"].tolist()
        lines = np.empty(len(which), object)
        for row, at in enumerate(which.tolist()):
            first = fixed.get(at) or say.t(keys[at], share=sentences.percent(seller[row]))
            more = tail if there[row] else [*tail, say.t("rule.no_promise")]
            lines[row] = say.t("join").join([first, *more])
        return lines


def groups(names: tuple[str, ...]) -> Floats:
    """(columns, topics) of 0 and 1: which topic a column belongs to."""
    place = {name: at for at, topic in enumerate(TOPICS) for name in topic.columns}
    share = np.zeros((len(names), len(TOPICS)))
    for column, name in enumerate(names):
        share[column, place[name]] = 1.0
    return share
