"""What bad input about telling gets: one clear sentence each, all at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.errors import SettingsError
from dashboard.settings import Settings, load_settings
from dashboard.telling_sections import hole_findings

BASE = """
[[sources]]
name = "desk"
preset = "generic"
url = "sqlite:///desk.db"
[[receivers]]
name = "leads"
type = "webhook"
url = "https://127.0.0.1/hook"
[[rules]]
name = "long"
metric = "queue_length"
by = ["queue"]
when = "> 20"
"""
ROTA = """
[[oncall]]
name = "support"
people = { Li = "leads" }
[[oncall.layers]]
people = "Li"
start = 2026-01-05
"""


def load(folder: Path, text: str) -> Settings:
    path = folder / "deskpulse.toml"
    path.write_text(BASE + text, encoding="utf-8")
    return load_settings(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[routes]]\nreceivers = []", "tells nobody"),
        ('[[routes]]\nreceivers = "nobody"', "there is no receiver 'nobody'; known: leads"),
        ('[[routes]]\noncall = "x"', "there is no rota 'x'; known: none, add [[oncall]]"),
        ('[[routes]]\nescalation = "x"', "there is no escalation 'x'"),
        ('[[routes]]\nmatch = "team=x"', "no rule has the label 'team'"),
        ('[[routes]]\nmatch = "team"', "'team' is no matcher"),
        ('[[routes]]\ngroup_by = "team"', "group_by: no rule has the label 'team'"),
        ('[[routes]]\nquiet_hours = { critical = "22:00-08:00" }', "have no quiet hours"),
        ('[[routes]]\nquiet_hours = { warning = "22-8" }', "'22-8' are no hours"),
        ('[[routes]]\nrepeat = "1s"', "a repeat lies between 1m and 7d"),
        ('[[routes]]\n[[routes.routes]]\nreceivers = "x"', "there is no receiver 'x'"),
        ('[[silences]]\nmatch = "queue=x"', "the silence on queue=x has no end"),
        ('[[silences]]\nmatch = "quue=x"\nuntil = 2027-01-01T00:00:00', "the label 'quue'"),
        ('[[maintenance]]\nname = "m"', "write either weekly"),
        ('[[inhibit]]\nsource = "severity=critical"\ntarget = "a=b"', "the label 'a'"),
        ('[[escalations]]\nname = "up"\n[[escalations.steps]]\nafter = "5m"', "tells somebody"),
        ('[[escalations]]\nname = "up"\nrounds = 10\n[[escalations.steps]]\nafter = "5m"\n'
         'receivers = "leads"', "less than or equal to 9"),
        ('[[escalations]]\nname = "up"\n[[escalations.steps]]\nafter = "5m"\noncall = "x"',
         "escalation 'up': there is no rota 'x'"),
        (ROTA.replace('"Li"\n', '"Wang"\n'), "Wang takes turns but is not under people"),
        (ROTA.replace('= "leads"', '= "li"'), "rota 'support': Li: there is no receiver 'li'"),
        (ROTA + ROTA, "two rotas are named 'support'"),
        ('[alerts]\ncalendar_token = "short"', "a calendar_token has at least 24 characters"),
    ],
)  # fmt: skip
def test_a_mistake_gets_a_sentence(tmp_path: Path, text: str, said: str):
    with pytest.raises(SettingsError) as error:
        load(tmp_path, text)
    assert any(said in one for one in error.value.problems), error.value.problems


NOW = datetime(2026, 11, 11, 12, tzinfo=UTC)


def test_a_hole_is_found_at_check_and_only_where_somebody_is_needed(tmp_path: Path):
    hours = 'hours = "mon-fri 09:00-18:00"\n'
    settings = load(tmp_path, ROTA + hours)
    [hole] = hole_findings(settings.telling, settings.app.timezone, NOW)
    assert "rota 'support' has a hole: nobody is on call from Wed 11 Nov 20:00" in hole.text
    assert "until Thu 12 Nov 09:00" in hole.text
    covered = ROTA.replace("[[oncall.layers]]", 'covers = "mon-fri 09:00-18:00"\n[[oncall.layers]]')
    settings = load(tmp_path, covered + hours)
    assert list(hole_findings(settings.telling, settings.app.timezone, NOW)) == []
    assert list(hole_findings(load(tmp_path, ROTA).telling, settings.app.timezone, NOW)) == []


def test_every_mistake_is_said_at_once(tmp_path: Path):
    with pytest.raises(SettingsError) as error:
        load(tmp_path, '[[routes]]\nmatch = "a=b"\nreceivers = "x"\nescalation = "y"')
    assert len(error.value.problems) == 3
