"""What a reader of the store is given besides its rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from forecasting.settings import StaffingSettings
from metrics.kpi import Registry


@dataclass(frozen=True)
class Asked:
    """Where and when a reader reads. `as_of`: the last read of all sources."""

    connection: sa.Connection
    now: datetime
    as_of: datetime
    zone: ZoneInfo
    registry: Registry
    names: tuple[str, ...]
    staffing: StaffingSettings
