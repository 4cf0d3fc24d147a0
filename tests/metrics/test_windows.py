"""Windows, borders and states on facts written by hand: each number can be counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors import write
from connectors.columns import to_micros
from connectors.dirty import save_dirty
from connectors.rounds import Round
from connectors.store import Store
from metrics.errors import BadPack, BadWindow, UnknownKpi, UnknownLabel
from metrics.packs import load_registry
from metrics.query import kpi
from metrics.reading import Reader, Where
from metrics.refresh import refresh
from tests.metrics.chance import SPRING, Chance, put
from tests.metrics.handmade import BERLIN, DAY, HOUR, NOON, REGISTRY, contact, read_at, values


def test_what_is_not_known_yet_is_no_data_and_not_0(small: Store) -> None:
    with small.begin() as connection:
        for hours in (1, 30):
            contact(connection, f"c{hours}", NOON, closed_at=NOON + hours * HOUR, customer_key="K")
        contact(connection, "late", NOON + 9 * DAY, closed_at=NOON + 9 * DAY, customer_key="L")
    refresh(small, REGISTRY)
    midnight = datetime(2026, 11, 11, tzinfo=BERLIN)
    read_at(small, midnight + 8 * DAY)
    days = values(small, "fcr", midnight, midnight + 4 * DAY, step=DAY)
    assert days == [100.0, None, None, None]  # seven days after the 12th is not over
    read_at(small, midnight + 30 * DAY)
    assert values(small, "fcr", midnight, midnight + 3 * DAY, step=DAY) == [100.0, 100.0, None]


def test_a_count_that_is_not_known_yet_is_no_data_and_before_that_0(small: Store) -> None:
    own = {"mine": {"date": "opened", "shape": "count", "matures": "1h", "unit_of_value": "x"}}
    registry = load_registry(["general"], own=own, zone="Europe/Berlin")
    with small.begin() as connection:
        contact(connection, "1", NOON)
    refresh(small, registry)
    read_at(small, NOON + 2 * HOUR)
    found = values(small, "mine", NOON - HOUR, NOON + 3 * HOUR, step=HOUR, registry=registry)
    assert found == [0.0, 1.0, None, None]
    with small.read() as connection:
        window = Reader(connection, BERLIN, registry).values("mine", NOON, NOON + 3 * HOUR)
        assert (window.known_until, window.total().value) == (NOON + HOUR, 1.0)


def test_an_empty_window_is_unknown_for_a_mean_and_0_for_a_count(small: Store) -> None:
    read_at(small, NOON)
    expected = {"csat": None, "first_response": None, "asa": None, "nps": None, "volume": 0.0,
                "paid_amount": 0.0, "negative_reviews": 0.0, "aht": None, "busy_time": 0.0,
                "chatwoot.resolutions": 0.0, "complaint_rate": None}  # fmt: skip
    for key, value in expected.items():
        assert values(small, key, NOON - HOUR, NOON, step=HOUR / 2) == [value, value]


def test_a_ratio_with_nothing_to_divide_by_is_unknown_and_with_nothing_to_divide_0(
    small: Store,
) -> None:
    with small.begin() as connection:
        contact(connection, "1", NOON)
        put(connection, "orders", order_id="1", placed_at=to_micros(NOON + HOUR), status="paid")
    refresh(small, REGISTRY)
    read_at(small, NOON + DAY)
    assert values(small, "contacts_per_order", NOON, NOON + 3 * HOUR, step=HOUR) == [
        None, 0.0, None]  # fmt: skip
    with small.read() as connection:
        [row] = Reader(connection, BERLIN, REGISTRY).rows(
            "contacts_per_order", NOON, NOON + 3 * HOUR)  # fmt: skip
    assert (row.n, row.value) == (1, 1.0)


def test_the_hour_that_comes_twice_is_two_hours_of_a_ratio(small: Store) -> None:
    first = datetime(2026, 10, 25, 0, tzinfo=UTC)  # 2:00 of summer, then 2:00 of winter
    with small.begin() as connection:
        for hour, count in ((0, 1), (1, 3)):
            put(connection, "orders", order_id=f"o{hour}", placed_at=to_micros(first + hour * HOUR),
                status="paid")  # fmt: skip
            for number in range(count):
                contact(connection, f"{hour}-{number}", first + hour * HOUR)
    refresh(small, REGISTRY)
    read_at(small, first + DAY)
    found = values(small, "contacts_per_order", first, first + 2 * HOUR, step=HOUR)
    assert found == [1.0, 3.0]


def test_half_hours_add_up_to_days_of_23_and_25_hours(small: Store) -> None:
    chance = Chance(small, 7, SPRING)
    chance.some(150, at_once=150)
    refresh(small, REGISTRY)
    chance.read_now()
    since = datetime(2026, 3, 29, tzinfo=BERLIN)
    halves = values(small, "volume", since, since + 2 * DAY, step=HOUR / 2)
    days = values(small, "volume", since, since + 2 * DAY, step=DAY)
    assert len(halves) == 46 + 48
    assert [sum(v or 0 for v in halves[:46]), sum(v or 0 for v in halves[46:])] == days
    autumn = datetime(2026, 10, 25, tzinfo=BERLIN)
    assert len(values(small, "volume", autumn, autumn + DAY, step=HOUR / 2)) == 50


def test_a_resolution_counts_once_in_a_window_and_once_on_each_of_its_days(small: Store) -> None:
    with small.begin() as connection:
        contact(connection, "1", NOON)
        for day, agent in enumerate("xxy"):
            put(connection, "events", event_id=str(day), contact_id="1", kind="closed",
                at=to_micros(NOON + day * DAY), agent_id=agent)  # fmt: skip
    refresh(small, REGISTRY)
    read_at(small, NOON + 9 * DAY)
    key, since = "chatwoot.resolutions", datetime(2026, 11, 11, tzinfo=BERLIN)
    assert values(small, key, since, since + 4 * DAY, step=DAY) == [1.0, 1.0, 1.0, 0.0]
    assert values(small, key, since, since + 4 * DAY, step=2 * DAY) == [1.0, 1.0]
    with small.read() as connection:
        reader = Reader(connection, BERLIN, REGISTRY)
        found = reader.values(key, since, since + 4 * DAY)
        assert found.total().n == 1
        assert [(row.labels, row.n) for row in found.by("agent")] == [
            ((("agent", "x"),), 1), ((("agent", "y"),), 1)]  # fmt: skip
        mine = reader.values(key, since, since + 4 * DAY, Where(agent=("x",)))
        assert mine.total().n == 1


def test_what_reaches_its_limit_this_very_moment_is_not_over_it(small: Store) -> None:
    with small.begin() as connection:
        put(connection, "orders", order_id="1", placed_at=to_micros(NOON), status="paid",
            promised_ship_at=to_micros(NOON + DAY))  # fmt: skip
        put(connection, "cases", case_id="1", opened_at=to_micros(NOON), status="pending")
        contact(connection, "1", NOON, status="open")
    for moment, count in ((NOON + DAY, 0), (NOON + DAY + timedelta(microseconds=1), 1)):
        read_at(small, moment)
        with small.read() as connection:
            for key in ("overdue_shipments", "cases_overdue", "backlog_aged"):
                assert kpi(connection, key, zone=BERLIN).rows[0].n == count


def test_messages_of_a_run_count_each_and_a_round_once(small: Store) -> None:
    with small.begin() as connection:
        contact(connection, "1", NOON)
        asked = [to_micros(NOON + timedelta(minutes=m)) for m in (0, 1, 4)]
        made = [Round(asked[0], asked[2], "human", "x", asked[2], tuple(asked[1:]))]
        save_dirty(connection, write.replace_rounds(connection, "src", {"1": made}))
    refresh(small, REGISTRY)
    read_at(small, NOON + DAY)
    with small.read() as connection:
        reader = Reader(connection, BERLIN, REGISTRY)
        totals = {
            key: reader.values(key, NOON, NOON + HOUR).total()
            for key in ("chatwoot.incoming_messages", "douyin.reply_3min", "taobao.reply_3min")
        }
    assert totals["chatwoot.incoming_messages"].value == 3
    assert (totals["douyin.reply_3min"].n, totals["taobao.reply_3min"].n) == (3, 1)
    assert totals["douyin.reply_3min"].value == pytest.approx(200 / 3)
    assert totals["taobao.reply_3min"].value == 0.0


def test_a_state_has_no_window_and_unknown_words_are_said(small: Store) -> None:
    read_at(small, NOON)
    with small.read() as connection:
        assert kpi(connection, "backlog", zone=BERLIN).rows[0].value == 0.0
        with pytest.raises(BadWindow, match="backlog is a state and takes no window"):
            kpi(connection, "backlog", since=NOON, zone=BERLIN)
        with pytest.raises(BadWindow, match="the window is empty"):
            kpi(connection, "volume", since=NOON, until=NOON, zone=BERLIN)
        with pytest.raises(UnknownKpi, match="there is no KPI 'volumes'"):
            kpi(connection, "volumes", zone=BERLIN)
        with pytest.raises(UnknownLabel, match="review_score cannot be split by 'queue'"):
            kpi(connection, "review_score", by="queue", zone=BERLIN)
        with pytest.raises(UnknownLabel, match="cannot be filtered by 'queue'"):
            kpi(connection, "orders_paid", where=Where(queue=("A",)), zone=BERLIN)
        with pytest.raises(BadWindow, match="multiple of 15 min"):
            kpi(connection, "volume", every=timedelta(minutes=10), zone=BERLIN)


def test_a_pack_scoped_to_queues_counts_those_only() -> None:
    registry = load_registry(("general", "taobao"), only={"taobao": {"queue": ["天猫店"]}})
    scoped = registry["taobao.reply_3min"]
    assert scoped.only == (("queue", ("天猫店",)),)
    assert registry["reply_time"].only == ()
    plain = load_registry(("general", "taobao"))
    assert registry.fingerprint(scoped) != plain.fingerprint(plain["taobao.reply_3min"])


def test_a_scope_that_cannot_be_is_refused_by_name() -> None:
    with pytest.raises(BadPack) as wrong:
        load_registry(("general", "taobao"), only={"taobao": {"seller": ["x"]}, "jd": {}})
    assert "[kpis] only: no KPI of the pack 'taobao' has 'seller'" in wrong.value.problems[0]
    assert "[kpis] only: the pack 'jd' is not loaded" in wrong.value.problems[1]


def test_what_is_out_of_a_packs_scope_is_not_counted(small: Store, tmp_path: Path) -> None:
    pack = tmp_path / "mine.toml"
    pack.write_text(
        '[kpi.mine]\nunit = "contact"\ndate = "opened"\nshape = "count"\n'
        'unit_of_value = "contacts"\n',
        encoding="utf-8",
    )
    registry = load_registry([pack], only={"mine": {"queue": ["A"]}}, zone="Europe/Berlin")
    with small.begin() as connection:
        for number, queue in enumerate("AAB"):
            contact(connection, f"c{number}", NOON, queue=queue)
    refresh(small, registry)
    read_at(small, datetime(2026, 11, 20, tzinfo=BERLIN))
    with small.read() as connection:
        reader = Reader(connection, BERLIN, registry)
        midnight = datetime(2026, 11, 11, tzinfo=BERLIN)
        assert reader.rows("mine", midnight, midnight + DAY)[0].value == 2.0
