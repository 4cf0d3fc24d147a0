"""The whole configuration: one TOML file, composed of the sections that each layer owns.

Every mistake is found in one go and said in one sentence without the value, which may be secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator

from alerts.digest.settings import DigestSettings, digest_problems
from alerts.receiver_checks import receiver_problems, with_templates
from alerts.receivers import ReceiverSettings
from alerts.rule_checks import rule_problems
from alerts.settings import AlertsSettings, RuleSettings
from alerts.settings import problems as alert_problems
from alerts.telling.making import NOTHING_SAID, TellingSettings, telling_plan
from alerts.telling.plan import TellingPlan
from connectors.durations import Duration
from connectors.settings import Section, SourceSettings, StoreSettings, Zone
from dashboard.errors import SettingsError
from dashboard.sections import Sections, absolute_url, filled, read_toml
from dashboard.telling_sections import between_sections, telling_of
from forecasting.risk.settings import RiskSettings
from forecasting.settings import ForecastSettings, StaffingSettings
from metrics.clock import Clocks
from metrics.errors import BadPack
from metrics.kpi import Registry
from metrics.live import LIVE_METRICS, LiveSettings
from metrics.pacing import paced
from metrics.packs import DEFAULT, load_registry
from metrics.settings import ServiceSettings
from metrics.settings import clocks as service_clocks
from metrics.text import Language

if TYPE_CHECKING:
    from forecasting.refresh.plan import ForecastPlan  # its models take long to import

DEFAULT_FILE = "deskpulse.toml"
Percent = Annotated[float, Field(ge=1, le=100)]


class AppSettings(Section):
    """[app]: what holds for everything."""

    timezone: Zone = ZoneInfo("Asia/Shanghai")
    language: Language = "zh"
    name: str = ""


class LiveSection(Section):
    """[live]: waits longer than the cut are counted apart; "0s" for no cut."""

    wait_cut: Duration = timedelta(days=3)

    def settings(self) -> LiveSettings:
        return LiveSettings(wait_cut=self.wait_cut or None)


class KpisSection(Section):
    """[kpis]: the packs of definitions, by name or as paths of .toml files."""

    packs: tuple[str, ...] = DEFAULT
    only: dict[str, dict[str, tuple[str, ...]]] = Field(default_factory=dict)

    @field_validator("packs", mode="before")
    @classmethod
    def _a_list(cls, value: object) -> object:
        if isinstance(value, str) or not value:
            raise ValueError('write a list with at least one pack, such as packs = ["general"]')
        return value


class PaceSection(Section):
    """[pace]: the lines that a shop holds itself to, in percent by KPI; they go before a pack's."""

    targets: dict[str, Percent] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """A checked configuration. `folder` is where relative paths start."""

    folder: Path
    app: AppSettings
    store: StoreSettings
    live: LiveSection
    service: ServiceSettings
    sources: tuple[SourceSettings, ...]
    risk: RiskSettings
    alerts: AlertsSettings
    pace: PaceSection
    kpis: Registry  # the clocks in it keep what they work out: there is one per configuration
    receivers: tuple[ReceiverSettings, ...]
    rules: tuple[RuleSettings, ...]
    forecast: ForecastSettings
    staffing: StaffingSettings
    digests: tuple[DigestSettings, ...] = ()
    telling: TellingSettings = NOTHING_SAID

    @property
    def store_url(self) -> str:
        return self.store.url.get_secret_value()

    @property
    def telling_plan(self) -> TellingPlan:
        return telling_plan(self.telling, self.alerts, self.receivers, self.app.timezone)

    @property
    def source_names(self) -> tuple[str, ...]:
        return tuple(source.name for source in self.sources)

    def forecast_plan(self) -> ForecastPlan:
        """What the forecast jobs need of it."""
        from forecasting.refresh.plan import ForecastPlan

        return ForecastPlan(self.forecast, self.app.timezone, self.clocks, self.source_names)

    @property
    def clocks(self) -> Clocks:
        return self.kpis.clocks

    @property
    def tick(self) -> timedelta:
        """How often the worker looks: as often as the most eager source."""
        return min((source.poll for source in self.sources), default=timedelta(seconds=2))


def load_settings(path: Path) -> Settings:
    """Read and check a configuration file; SettingsError lists every mistake."""
    data = read_toml(path)
    problems: list[str] = []
    build = Sections(filled(data, problems, ""), problems, path.parent)
    app = build.one("app", AppSettings, AppSettings())
    service = build.one("service", ServiceSettings, ServiceSettings())
    packs = build.one("kpis", KpisSection, KpisSection())
    settings = Settings(
        folder=path.parent.resolve(),
        app=app,
        store=build.one("store", StoreSettings, _default_store(path.parent)),
        live=build.one("live", LiveSection, LiveSection()),
        service=service,
        sources=build.many("sources", SourceSettings),
        risk=build.one("risk", RiskSettings, RiskSettings()),
        alerts=build.one("alerts", AlertsSettings, AlertsSettings()),
        receivers=with_templates(build.many("receivers", ReceiverSettings), path.parent, problems),
        rules=build.many("rules", RuleSettings),
        pace=build.one("pace", PaceSection, PaceSection()),
        digests=build.many("digests", DigestSettings),
        telling=telling_of(build),
        forecast=build.one("forecast", ForecastSettings, ForecastSettings()),
        staffing=build.one("staffing", StaffingSettings, StaffingSettings()),
        kpis=_registry(
            packs,
            build.raw("kpi"),
            service_clocks(service, app.timezone),
            app,
            path.parent,
            problems,
        ),
    )
    build.refuse_the_rest()
    names = [source.name for source in settings.sources]
    problems += [f"two sources are named '{n}'; rename one" for n in sorted(_twice(names))]
    metrics = [*LIVE_METRICS, *settings.kpis]
    problems += alert_problems(settings.rules, settings.receivers, metrics=metrics)
    problems += between_sections(settings.telling, settings.rules, settings.receivers)
    problems += rule_problems(settings.rules, settings.kpis)
    problems += receiver_problems(settings.receivers)
    problems += _pace_problems(settings.pace, settings.kpis)
    receivers = [receiver.name for receiver in settings.receivers]
    problems += digest_problems(settings.digests, receivers=receivers, kpis=settings.kpis)
    if problems:
        raise SettingsError(problems)
    return settings


def _registry(
    section: KpisSection,
    own: Mapping[str, Any],
    clocks: Clocks,
    app: AppSettings,
    folder: Path,
    problems: list[str],
) -> Registry:
    """The KPIs of the packs and the configuration's own; mistakes are added to `problems`."""
    packs = [name if not name.endswith(".toml") else folder / name for name in section.packs]
    zone = app.timezone.key
    try:
        return load_registry(packs, own=own, only=section.only, clocks=clocks, zone=zone)
    except BadPack as error:
        problems += error.problems
        return load_registry(clocks=clocks, zone=zone)


def _default_store(folder: Path) -> StoreSettings:
    return StoreSettings(url=SecretStr(absolute_url("sqlite:///var/deskpulse.db", folder)))


def _twice(names: Sequence[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


def _pace_problems(section: PaceSection, kpis: Registry) -> list[str]:
    known = paced(kpis)
    return [
        f"[pace]: targets: '{key}' has no pace; the KPIs that have one are "
        f"{', '.join(known) or 'in the marketplace packs, which [kpis] does not name'}"
        for key in section.targets
        if key not in known
    ]
