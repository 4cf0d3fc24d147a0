"""docs/configuration.md has exactly the keys there are, and the printed examples load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from alerts.digest.settings import DigestSettings
from alerts.receivers import ReceiverSettings
from alerts.settings import AlertsSettings, RuleSettings
from alerts.telling.settings import (
    EscalationSettings,
    InhibitSettings,
    LayerSettings,
    MaintenanceSettings,
    OncallSettings,
    RouteSettings,
    SilenceSettings,
    StepSettings,
)
from connectors.settings import SourceSettings, StoreSettings
from dashboard.settings import AppSettings, KpisSection, LiveSection, PaceSection, load_settings
from forecasting.risk.settings import RiskSettings
from forecasting.settings import ForecastSettings, StaffingSettings
from metrics.settings import ServiceSettings

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "configuration.md"
SECTIONS = {
    "[app]": AppSettings,
    "[live]": LiveSection,
    "[kpis]": KpisSection,
    "[pace]": PaceSection,
    "[service]": ServiceSettings,
    "[store]": StoreSettings,
    "[[sources]]": SourceSettings,
    "[[receivers]]": ReceiverSettings,
    "[[rules]]": RuleSettings,
    "[[digests]]": DigestSettings,
    "[alerts]": AlertsSettings,
    "[[routes]]": RouteSettings,
    "[[silences]]": SilenceSettings,
    "[[maintenance]]": MaintenanceSettings,
    "[[inhibit]]": InhibitSettings,
    "[[oncall]]": OncallSettings,
    "[[oncall.layers]]": LayerSettings,
    "[[escalations]]": EscalationSettings,
    "[[escalations.steps]]": StepSettings,
    "[risk]": RiskSettings,
    "[forecast]": ForecastSettings,
    "[staffing]": StaffingSettings,
}


@pytest.mark.parametrize(("heading", "section"), SECTIONS.items())
def test_the_table_of_a_section_has_exactly_its_keys(
    heading: str, section: type[BaseModel]
) -> None:
    text = DOCS.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert documented == {field.alias or name for name, field in section.model_fields.items()}


@pytest.mark.parametrize("document", ["docs/configuration.md", "README.md", "README.zh-CN.md"])
def test_the_configuration_in_a_document_loads(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    monkeypatch.setenv("HELPDESK_URL", "postgresql://reader:pass@127.0.0.1/chatwoot")
    monkeypatch.setenv("LEADS_WEBHOOK", "https://127.0.0.1/hook")
    monkeypatch.setenv("LEADS_SECRET", "s3cret")
    config = tmp_path / "deskpulse.toml"
    config.write_text("".join(blocks), encoding="utf-8")
    [rule] = load_settings(config).rules
    assert rule.name == "queue-too-long"
