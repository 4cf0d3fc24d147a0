"""Every table of our own store: importing this module makes `metadata` complete."""

from __future__ import annotations

from connectors import alert_tables, job_tables, risk_tables, schema
from connectors.columns import metadata

TABLES = (schema, alert_tables, risk_tables, job_tables)  # the modules; a new one is added here

__all__ = ["TABLES", "metadata"]
