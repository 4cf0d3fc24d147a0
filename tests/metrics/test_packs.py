"""The shipped packs load, say what they count in both languages, and the docs say the same."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from docs.kpi_reference import PAGE, TEMPLATE, render
from metrics.kpi import Kpi, Registry
from metrics.packs import DEFAULT, KEYS, available, load_registry, outdated
from metrics.vocabulary import AGENT_TIME_NUMBERS, UNITS

TEXT = PAGE.read_text(encoding="utf-8")
ALL = load_registry(available())
LISTED = [kpi for kpi in ALL.values() if not kpi.internal]
MARKETPLACES = ("taobao", "jd", "pdd", "douyin", "kuaishou")
MARKED = [kpi for kpi in ALL.values() if kpi.pack.name in MARKETPLACES]
HAN = re.compile(r"[\u4e00-\u9fff]")

# Keys that scripts and rules already use; their shape and unit never change.
LASTING = {
    "first_response": ("duration", "s"), "first_response_share": ("percent", "%"),
    "service_level": ("percent", "%"), "abandonment": ("percent", "%"),
    "reply_time": ("duration", "s"), "resolution": ("duration", "s"),
    "volume": ("count", "contacts"), "csat": ("percent", "%"),
    "csat_response_rate": ("percent", "%"), "review_score": ("mean", "score"),
    "negative_reviews": ("hits", "reviews"), "orders_placed": ("count", "orders"),
    "orders_paid": ("count", "orders"), "paid_amount": ("sum", "money"),
    "pay_to_ship": ("duration", "s"), "shipped_late": ("hits", "orders"),
    "cases_opened": ("count", "cases"), "refunded_amount": ("sum", "money"),
    "orders_awaiting_payment": ("state", "orders"), "orders_awaiting_shipment": ("state", "orders"),
    "overdue_shipments": ("state", "orders"), "cases_open": ("state", "cases"),
    "cases_overdue": ("state", "cases"),
}  # fmt: skip
CHATWOOT = {
    "first_response", "reply_time", "resolution_time", "resolutions", "csat",
    "csat_response_rate", "conversations", "incoming_messages",
}  # fmt: skip


def by_key(kpi: Kpi) -> str:
    return kpi.key


@pytest.mark.parametrize("name", available())
def test_a_pack_loads_by_itself(name: str) -> None:
    found = load_registry([name])
    assert {kpi.pack.name for kpi in found.values()} == {name}


def test_no_pack_redefines_a_key_of_another() -> None:
    alone = [key for name in available() for key in load_registry([name])]
    assert len(alone) == len(set(alone)) == len(ALL)


def test_marketplaces_are_only_there_by_name() -> None:
    assert set(DEFAULT) == set(available()) - set(MARKETPLACES)


@pytest.mark.parametrize(("key", "shape_and_unit"), LASTING.items())
def test_a_lasting_key_keeps_shape_and_unit(key: str, shape_and_unit: tuple[str, str]) -> None:
    kpi = ALL.find(key)
    assert (kpi.shape, kpi.unit) == shape_and_unit


def test_the_numbers_that_chatwoot_reports_are_all_there() -> None:
    listed = {kpi.key for kpi in LISTED if kpi.pack.name == "chatwoot"}
    assert listed == {f"chatwoot.{name}" for name in CHATWOOT}


def test_chatwoots_durations_are_means_of_its_own_events() -> None:
    durations = [ALL.find(f"chatwoot.{n}") for n in ("first_response", "reply_time")]
    durations.append(ALL.find("chatwoot.resolution_time"))
    assert {(k.of_unit, k.number, k.headline, k.date) for k in durations} == {
        ("event", "value", "mean", "at")
    }


def test_the_three_service_levels_differ_in_denominator_or_short_abandons() -> None:
    rivals = [ALL.find(f"service_level{end}") for end in ("", "_answered", "_offered")]
    assert {kpi.threshold for kpi in rivals} == {timedelta(seconds=30)}
    assert len({(kpi.denominator, kpi.short_abandon) for kpi in rivals}) == 3


@pytest.mark.parametrize("kpi", ALL.values(), ids=by_key)
def test_a_kpi_is_named_and_explained_in_both_languages(kpi: Kpi) -> None:
    for zh, en in ((kpi.title("zh"), kpi.title("en")), (kpi.about("zh"), kpi.about("en"))):
        assert HAN.search(zh)
        assert en
        assert not HAN.search(en)
    assert kpi.source


@pytest.mark.parametrize("kpi", LISTED, ids=by_key)
def test_a_listed_kpi_says_how_it_is_misread(kpi: Kpi) -> None:
    assert HAN.search(kpi.trap("zh"))
    assert kpi.trap("en")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_two_kpis_share_a_title(language: str) -> None:
    titles = [kpi.title(language) for kpi in ALL.values()]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("kpi", ALL.values(), ids=by_key)
def test_the_unit_fits_the_shape(kpi: Kpi) -> None:
    if kpi.shape == "percent":
        assert kpi.unit == "%"
    if kpi.shape == "duration":
        assert kpi.unit == "s"
    if kpi.unit == "%":
        assert kpi.shape in ("percent", "ratio")
        assert kpi.shape == "percent" or kpi.factor == 100


@pytest.mark.parametrize("kpi", [k for k in ALL.values() if k.internal], ids=by_key)
def test_a_hidden_kpi_is_part_of_a_ratio(kpi: Kpi) -> None:
    assert kpi.key in {part for one in LISTED for part in (one.of, one.per)}


@pytest.mark.parametrize("kpi", [k for k in ALL.values() if k.end and not k.is_state], ids=by_key)
def test_what_is_dated_before_its_end_waits_for_the_threshold(kpi: Kpi) -> None:
    """Else a contact of ten seconds ago counts as missed."""
    if kpi.threshold and kpi.denominator in ("all", "offered") and kpi.date != kpi.end:
        assert kpi.matures is not None
        assert kpi.matures >= kpi.threshold


def test_late_counts_only_what_had_a_promise() -> None:
    """A row without a start is neither in time nor late; one without an end is late only when it
    is dated by its start."""
    for kpi in ALL.values():
        if kpi.hit == "late" and not kpi.is_state:
            assert kpi.start is not None and kpi.end is not None


@pytest.mark.parametrize("name", MARKETPLACES)
def test_a_marketplace_pack_is_dated_and_to_be_verified(name: str) -> None:
    pack = next(iter(load_registry([name]).values())).pack
    assert pack.verify
    assert pack.version
    assert pack.zone == "Asia/Shanghai"
    assert pack.checked is not None
    assert pack.good_until is not None
    assert pack.checked < pack.good_until <= pack.checked + timedelta(days=366)
    assert re.search(r"20\d\d", pack.source)


@pytest.mark.parametrize("kpi", MARKED, ids=by_key)
def test_an_index_of_a_marketplace_is_marked_in_its_title(kpi: Kpi) -> None:
    assert kpi.key.startswith(f"{kpi.pack.name}.")
    assert "待核实" in kpi.title("zh")
    assert kpi.title("en").endswith("(to verify)")


@pytest.mark.parametrize("kpi", MARKED, ids=by_key)
def test_an_index_of_a_marketplace_says_where_its_rule_is_from_and_when(kpi: Kpi) -> None:
    assert re.search(r"20\d\d|undated", kpi.source)


def test_a_pack_past_its_date_is_named_with_its_file() -> None:
    registry = load_registry(["general", "jd"])
    last = registry.find("jd.mean_response").pack.good_until
    assert last is not None
    assert outdated(registry, last) == []
    [sentence] = outdated(registry, last + timedelta(days=1))
    assert "'jd'" in sentence
    assert "jd.toml" in sentence
    assert str(last) in sentence


def test_the_spring_festival_of_2024_is_left_out_to_its_last_day() -> None:
    [(first, after)] = ALL.find("jd.mean_response").suspended
    assert (first, after) == (date(2024, 2, 4), date(2024, 2, 18))


@pytest.mark.parametrize("kpi", ALL.values(), ids=by_key)
def test_the_docs_say_of_a_kpi_what_its_pack_says(kpi: Kpi) -> None:
    [section] = re.findall(
        rf"^### `{re.escape(kpi.key)}`\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL
    )
    for text in (kpi.title("zh"), kpi.title("en"), kpi.about("en"), kpi.trap("en"), kpi.source):
        assert text in section
    words = [kpi.start, kpi.end, None if kpi.is_state else kpi.date, kpi.of, kpi.per]
    words += [*kpi.where, *kpi.needs, kpi.number]
    for word in words:
        assert word is None or f"`{word}`" in section


def test_the_page_is_what_its_template_and_the_packs_make() -> None:
    """After a change of either: make docs."""
    assert render(TEMPLATE.read_text(encoding="utf-8"), ALL) == TEXT


def test_the_docs_describe_no_kpi_that_is_not_there() -> None:
    assert set(re.findall(r"^### `([\w.]+)`$", TEXT, re.MULTILINE)) == set(ALL)


def test_the_docs_name_every_setting_and_every_word() -> None:
    own = TEXT.split("\n# Writing your own\n")[1].split("\n# ")[0]
    missing = [key for key in KEYS if f"`{key}`" not in own and f"`{key} =" not in own]
    assert missing == []
    table = own.split("## The words of each unit\n")[1]
    words = {word for unit in UNITS.values()
             for word in (*unit.events, *unit.conditions, *unit.numbers)}  # fmt: skip
    known = set(re.findall(r"\w+", table))
    assert words | set(AGENT_TIME_NUMBERS) <= known


def test_the_worked_example_of_the_docs_loads(tmp_path: Path) -> None:
    [block] = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    file = tmp_path / "ours.toml"
    file.write_text(block, encoding="utf-8")
    registry: Registry = load_registry(["general", file])
    kpi = registry.find("answered_4h")
    assert (kpi.clock, kpi.threshold, kpi.pack.file) == ("service", timedelta(hours=4), "ours.toml")
