"""Groups of customers by recency, frequency and money (RFM), as of an order's moment."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.risk.features.asof import Flags

NEW, REPEAT, LOYAL, TOP, LAPSED = "new", "repeat", "loyal", "top", "lapsed"
SEGMENTS = (TOP, LOYAL, REPEAT, LAPSED, NEW)
OFTEN = 3  # earlier orders of a loyal customer
MUCH = 10.0  # earlier spend of a top customer, in usual orders


def segments(features: pd.DataFrame, known: Flags) -> npt.NDArray[np.object_]:
    """Per row one of SEGMENTS; None where the customer is not `known`.

    top: bought at least OFTEN times, lately, and for MUCH; loyal: often and lately; lapsed: nothing
    in the 90 days before; repeat: the others who bought before; new: this is the first order.
    """
    orders = features["customer_orders"].to_numpy()
    lately = features["customer_lately"].to_numpy() > 0
    much = features["customer_spent"].to_numpy() >= MUCH * features["shop_amount"].to_numpy()
    often = (orders >= OFTEN) & lately
    names = np.array([NEW, TOP, LOYAL, LAPSED, REPEAT, None], object)
    which = np.select([~known, orders == 0, often & much, often, ~lately], [5, 0, 1, 2, 3], 4)
    found: npt.NDArray[np.object_] = names[which]
    return found
