"""Every KPI the slow way: plain loops over facts, written from docs/kpis.md and not from the code.

`KPIS` has a definition for each key; summary.py turns the values it yields into numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.metrics.oracle import agent_time, cases, contacts, orders, own, ratings, rounds
from tests.metrics.oracle.facts import Definition, Ratio

KPIS: Mapping[str, Definition] = {
    **contacts.KPIS, **rounds.KPIS, **ratings.KPIS, **orders.KPIS, **cases.KPIS, **agent_time.KPIS,
    **own.KPIS,
}  # fmt: skip
RATIOS: Mapping[str, Ratio] = {
    "aht": Ratio("busy_time", "contacts_handled"),
    "concurrency": Ratio("handling_time", "busy_time"),
    "occupancy": Ratio("occupied_time", "presence_time", 100),
    "contacts_per_order": Ratio("volume", "orders_placed"),
    "complaint_rate": Ratio("complaints_opened", "orders_paid", 100),
    "chatwoot.csat_response_rate": Ratio("chatwoot.csat_answers", "chatwoot.csat_surveys", 100),
}
