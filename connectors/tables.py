"""Every table of our own store: importing this module makes `metadata` complete."""

from __future__ import annotations

from connectors import (
    alert_tables,
    forecast_tables,
    job_tables,
    live_tables,
    risk_tables,
    rule_tables,
    schema,
    telling_tables,
)
from connectors.columns import metadata

# The modules; a new one is added here.
TABLES = (
    schema, alert_tables, forecast_tables, job_tables, live_tables, risk_tables, rule_tables,
    telling_tables,
)  # fmt: skip

__all__ = ["TABLES", "metadata"]
