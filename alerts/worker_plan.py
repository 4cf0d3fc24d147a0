"""What a worker is to do, from the configuration. Doing it is leading.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts.digest.settings import DigestSettings
from alerts.jobs import Job
from alerts.receivers import ReceiverSettings
from alerts.settings import AlertsSettings, RuleSettings
from alerts.telling.plan import PLAIN, TellingPlan
from connectors.settings import SourceSettings
from forecasting.settings import StaffingSettings
from metrics.kpi import Registry
from metrics.live import LiveSettings
from metrics.text import Language


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """All that the worker is to do, from the configuration."""

    store_url: str
    folder: Path
    zone: ZoneInfo
    language: Language
    tick: timedelta
    live: LiveSettings
    sources: Sequence[SourceSettings]
    alerts: AlertsSettings
    receivers: Sequence[ReceiverSettings]
    rules: Sequence[RuleSettings]
    kpis: Registry
    digests: Sequence[DigestSettings] = ()
    telling: TellingPlan = PLAIN
    staffing: StaffingSettings | None = None
    name: str = ""  # of the shop
    jobs: Sequence[Job] = ()
    job_argv: Callable[[str], Sequence[str]] | None = None  # see JobDesk
