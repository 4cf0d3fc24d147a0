"""Kinds whose numbers come from the store, on a real one: forecasts, staff, lists, failures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.alert import Rule, Threshold
from alerts.conditions.naming import series_name
from alerts.numbers import Numbers
from alerts.rule import Signal
from connectors import schema
from connectors.store import Store, open_store
from forecasting.published.series import CONTACTS, HANDED, SeriesKey
from forecasting.settings import StaffingSettings
from metrics.live import LiveSettings
from metrics.measurement import labels_of
from metrics.packs import default_registry
from tests.alerts.factories import SHANGHAI, rule, seconds
from tests.forecasting.published.factories import MIDNIGHT, forecast_of, publish

KPIS = default_registry()
NOW = MIDNIGHT + timedelta(minutes=35)  # the first half-hour of the forecast is over
HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 's.db'}", migrate=True)
    with made.begin() as connection:
        connection.execute(
            schema.sources.insert().values(source="s", status="ok", poll_s=1, rows=0, as_of=NOW)
        )
        queues = [forecast_of(SeriesKey(CONTACTS, name), mean) for name, mean in (("a", 10.0),
                  ("b", 40.0))]  # fmt: skip
        handed = [forecast_of(SeriesKey(HANDED, name), mean) for name, mean in (("a", 10.0),
                  ("b", 40.0))]  # fmt: skip
        publish(connection, forecast_of(SeriesKey(CONTACTS), 50.0), *queues, *handed)
    yield made
    made.close()


def read(store: Store, of: Rule, **more: Any) -> Mapping[tuple[tuple[str, str], ...], Any]:
    """What the rule compares, by labels."""
    numbers = Numbers(LiveSettings(), [of], SHANGHAI, ["s"], KPIS, **more)
    found = numbers.read(store, NOW)
    assert numbers.failures == {}
    return {one.labels: one.value for one in found if one.metric == series_name(of)}


def contacts(store: Store, queue: str, count: int) -> None:
    """That many in the first half-hour."""
    rows = [
        {"source": "s", "contact_id": f"{queue}{n}", "channel": "web", "queue": queue,
         "status": "open", "opened_at": MIDNIGHT + seconds(n)}
        for n in range(count)
    ]  # fmt: skip
    with store.begin() as connection:
        connection.execute(schema.contacts.insert(), rows)


def test_a_forecast_is_the_highest_step_within_the_lead_time(store: Store):
    of = rule(kind="forecast", metric=CONTACTS, signal=Signal(lead=HOUR))
    assert read(store, of) == {labels_of(queue="a"): 10, labels_of(queue="b"): 40}
    whole = rule(kind="forecast", metric=CONTACTS, by=(), signal=Signal(lead=HOUR))
    assert read(store, whole) == {(): 50}
    one = rule(
        kind="forecast", metric=CONTACTS, where=labels_of(queue="b"), signal=Signal(lead=HOUR)
    )
    assert read(store, one) == {labels_of(queue="b"): 40}


@pytest.mark.parametrize(
    ("side", "level", "wanted"),
    [
        ("both", 95, {"a": 100 * 12 / 18, "b": 100 * 5 / 8}),  # bands 2 to 18, 8 to 72
        ("above", 95, {"a": 100 * 12 / 18, "b": 0}),
        ("below", 95, {"a": 0, "b": 100 * 5 / 8}),
        ("both", 80, {"a": 100, "b": 100 * 17 / 20}),
    ],
)
def test_the_last_whole_step_is_held_against_the_band(store: Store, side, level, wanted):
    contacts(store, "a", 30)
    contacts(store, "b", 3)
    of = rule(kind="outside_band", metric=CONTACTS, signal=Signal(side=side, level=level))
    found = read(store, of)
    assert {dict(labels)["queue"]: value for labels, value in found.items()} == pytest.approx(
        wanted
    )


def test_the_staffing_gap_is_what_the_roster_lacks_at_worst(store: Store):
    of = rule(kind="staffing_gap", metric="staffing", signal=Signal(lead=HOUR))
    whole = rule(kind="staffing_gap", metric="staffing", by=(), signal=Signal(lead=HOUR))
    staffing = StaffingSettings.model_validate({"aht": "5m"})
    assert read(store, of, staffing=staffing) == {}  # no shifts at all
    assert read(store, whole, staffing=staffing) == {(): None}
    rows = [
        {"source": "s", "shift_id": str(n), "agent_id": f"x{n}", "queue": "a",
         "starts_at": MIDNIGHT, "ends_at": MIDNIGHT + timedelta(hours=8 if n else 1)}
        for n in range(3)
    ]  # fmt: skip
    with store.begin() as connection:
        connection.execute(schema.shifts.insert(), rows)
    found = read(store, of, staffing=staffing)
    # 10 contacts of 5 min in half an hour are 1.7 Erlang: 4 on seat for 80 % within 30 s, 6 on
    # the roster with 30 % away; after an hour only two are left.
    assert found[labels_of(queue="a")] == 4
    assert found[labels_of(queue="b")] > 4
    assert read(store, whole, staffing=staffing) == {(): sum(found.values())}


def test_overdue_lists_count_what_nobody_did(store: Store):
    day = timedelta(days=1)
    reviews = [
        {"source": "s", "rating_id": name, "kind": "review", "score": score, "scale": 5.0,
         "rated_at": NOW - age, "answered_at": answered}
        for name, score, age, answered in (
            ("late", 1.0, 3 * HOUR, None), ("young", 1.0, HOUR, None),
            ("good", 5.0, 3 * HOUR, None), ("told", 2.0, 3 * HOUR, NOW),
            ("old", 1.0, 90 * day, None),
        )
    ]  # fmt: skip
    orders = [
        {"source": "s", "order_id": name, "placed_at": NOW - 9 * day, "paid_at": paid,
         "promised_ship_at": ship, "promised_at": NOW - day, "status": status}
        for name, paid, ship, status in (
            ("late", NOW - 3 * day, None, "paid"), ("promised", NOW - 3 * day, NOW + day, "paid"),
            ("sent", NOW - 8 * day, None, "shipped"), ("done", NOW - 8 * day, None, "received"),
        )
    ]  # fmt: skip
    with store.begin() as connection:
        connection.execute(schema.ratings.insert(), reviews)
        connection.execute(schema.orders.insert(), orders)

    def late(metric: str, after: timedelta) -> float:
        of = rule(kind="overdue", metric=metric, by=(), signal=Signal(after=after))
        [value] = read(store, of).values()
        assert isinstance(value, float)
        return value

    assert late("negative_reviews", 2 * HOUR) == 1
    assert late("shipments", timedelta(0)) == 1
    assert late("deliveries", timedelta(0)) == 3
    assert late("risky_orders", timedelta(0)) == 0


def test_a_number_that_cannot_be_read_fails_alone(store: Store):
    broken = rule(name="broken", kind="pace", metric="csat", by=())  # csat has no pace
    fine = rule(kind="forecast", metric=CONTACTS, signal=Signal(lead=HOUR))
    numbers = Numbers(LiveSettings(), [broken, fine], SHANGHAI, ["s"], KPIS)
    found = {one.metric for one in numbers.read(store, NOW)}
    assert series_name(fine) in found
    [(metric, why)] = numbers.failures.items()
    assert metric == (series_name(broken), None)
    assert "has no pace" in why
    numbers.follow([fine])
    assert numbers.failures == {}


def test_live_numbers_are_those_that_rules_and_their_parts_name(store: Store):
    contacts(store, "a", 2)
    plain = rule(metric="open", by=("queue",))
    both = rule(name="both", kind="all", parts=(rule(metric="bot"), rule(metric="snoozed")))
    numbers = Numbers(LiveSettings(), [plain, both], SHANGHAI, ["s"], KPIS)
    found = numbers.read(store, NOW)
    assert {one.metric for one in found} == {"open", "bot", "snoozed"}
    assert {one.value for one in found if one.metric == "open"} == {2}
    numbers.follow([rule(metric="source_lag")])
    assert [one.metric for one in numbers.read(store, NOW)] == ["source_lag"]


def test_the_burn_rate_reads_both_windows(store: Store):
    of = rule(
        kind="burn_rate", metric="csat", by=(), window=HOUR, when=Threshold(">", 2),
        signal=Signal(target=90, short_window=timedelta(minutes=5)),
    )  # fmt: skip
    rows = [
        {"source": "s", "rating_id": str(n), "kind": "csat", "score": score, "scale": 5.0,
         "rated_at": NOW - timedelta(minutes=n), "asked_at": NOW - timedelta(minutes=n)}
        for n, score in enumerate((1.0, 5.0, 1.0, 5.0, 5.0))
    ]  # fmt: skip
    with store.begin() as connection:
        connection.execute(schema.ratings.insert(), rows)
    assert read(store, of) == {(): pytest.approx(4)}  # 40 % are bad, 10 % may be
