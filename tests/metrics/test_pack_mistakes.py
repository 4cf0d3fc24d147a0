"""Packs with mistakes: each is a sentence that names the file, the KPI and the setting."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from metrics.errors import BadPack, UnknownKpi
from metrics.explain import explain
from metrics.packs import KEYS, load_registry

GOOD: dict[str, Any] = {
    "shape": "percent", "unit": "contact", "unit_of_value": "%", "start": "waiting",
    "end": "first_reply", "threshold": "30s", "date": "waiting", "denominator": "offered",
    "where": ["incoming"], "title": "Mine", "about": "What counts.",
}  # fmt: skip
ODD: list[Any] = [7, 7.5, True, "x", "", [], ["x"], [7], {}, {"zh": 7}, date(2026, 1, 1), -3,
                  [["2026-01-01"]], [["2026-01-02", "2026-01-01"]], "-5s", "25:00-26:00",
                  float("nan")]  # fmt: skip


def sentence_about(**settings: Any) -> str:
    with pytest.raises(BadPack) as caught:
        load_registry(["general"], own={"mine": {**GOOD, **settings}})
    [sentence] = caught.value.problems
    assert sentence.startswith("deskpulse.toml: kpi 'mine': ")
    return sentence


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_any_value_of_any_setting_is_taken_or_refused_by_name(key: str, value: Any) -> None:
    try:
        registry = load_registry(["general"], own={"mine": {**GOOD, key: value}})
    except BadPack as error:
        assert any(key in sentence for sentence in error.problems)
    else:
        kpi = registry.find("mine")
        assert explain(kpi, "zh").settings
        assert registry.fingerprint(kpi)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"treshold": "30s"}, "unknown setting 'treshold'"),
        ({"start": "begun"}, "start: a contact has no 'begun'; it has opened, queued"),
        ({"where": ["incomming"]}, "where: a contact has no 'incomming'"),
        ({"threshold": 30}, 'threshold: write a span of time such as "30s" or "7d", not 30'),
        ({"shape": "median"}, "shape 'median' is not one of"),
        ({"counts": ["robot"]}, "counts: 'robot' is not one of human, bot, assisted"),
        ({"hit": "answered"}, "'threshold' and hit 'answered' contradict each other"),
        ({"shape": "duration", "unit_of_value": "s"},
         "a threshold means nothing for shape 'duration'"),
        ({"short_abandon": "5s"}, "'short_abandon' belongs to denominator 'removed'"),
        ({"denominator": "removed", "unit": "round", "end": "answered", "date": "asked"},
         "needs abandonment"),
        ({"of": "csat"}, "'of', 'per' and 'factor' belong to shape 'ratio'"),
        ({"needs": ["contacts.mood"]}, "needs: there is no fact column 'contacts.mood'"),
        ({"hours": "23:00-08:00"}, "hours: the end must lie after the start"),
        ({"dedup": "customer_day", "unit": "case", "start": "opened", "end": "closed",
          "date": "opened", "where": []}, "customers, which a case does not have"),
    ],
)  # fmt: skip
def test_what_contradicts_or_is_not_known_is_said(settings: dict[str, Any], words: str) -> None:
    assert words in sentence_about(**settings)


def test_a_ratio_of_a_key_that_is_not_loaded_names_it() -> None:
    ratio = {"shape": "ratio", "of": "complaints", "per": "orders_paid", "unit_of_value": "%"}
    with pytest.raises(BadPack, match="no windowed KPI 'complaints' to divide"):
        load_registry(["general"], own={"mine": ratio})


def test_a_key_with_a_dot_must_be_in_quotes() -> None:
    own = tomllib.loads('[kpi.ours.fast]\nshape = "count"')["kpi"]
    with pytest.raises(BadPack, match=r'in quotes: \[kpi."ours.fast"\]'):
        load_registry(["general"], own=own)


def test_all_mistakes_of_a_pack_are_said_with_its_file(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text('[kpi.a]\nshape = "count"\n[kpi.b]\nunit = "tea"\n', encoding="utf-8")
    with pytest.raises(BadPack) as caught:
        load_registry([file])
    assert caught.value.problems == (
        "ours.toml: kpi 'a': 'unit_of_value' is missing",
        "ours.toml: kpi 'b': 'shape' is missing",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pack = 7", "ours.toml: write [pack] as a table"),
        ("[pack]\nzone = 'Mars/Olympus'", "zone: write a zone such as"),
        ("[pack]\ngood_until = 'soon'", "good_until: write a date"),
        ("[pack]\nnme = 'x'", "unknown setting 'nme'"),
        ("[kpis.volume]", "unknown table [kpis]; use [pack] and [kpi.KEY]"),
        ("[pack", "'ours.toml' is not valid TOML"),
    ],
)
def test_a_pack_with_a_bad_head_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "ours.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadPack) as caught:
        load_registry([file])
    assert words in str(caught.value)


def test_a_pack_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(BadPack, match="there is no KPI pack 'tabao'; did you mean 'taobao'"):
        load_registry(["tabao"])
    with pytest.raises(BadPack, match="there is no KPI pack 'xyz'; there are chatwoot, douyin"):
        load_registry(["xyz"])
    with pytest.raises(BadPack, match=r"there is no file 'none.toml' beside the configuration"):
        load_registry([tmp_path / "none.toml"])
    file = tmp_path / "latin.toml"
    file.write_bytes(b"[pack]\nname = '\xe9'")
    with pytest.raises(BadPack, match="check that it is UTF-8"):
        load_registry([file])


def test_an_unknown_key_names_those_that_are_called_alike() -> None:
    with pytest.raises(UnknownKpi, match="did you mean first_response or"):
        load_registry().find("first_respons")
    with pytest.raises(UnknownKpi) as caught:
        load_registry().find("x" * 500)
    assert len(str(caught.value)) < 200
