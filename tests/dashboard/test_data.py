"""What the pages load: a real store with facts, read through a real configuration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors import alert_tables, schema
from connectors.errors import StoreNotReady
from connectors.store import Store, open_store
from dashboard import data
from dashboard.board import State
from dashboard.data import Feed
from dashboard.processes import CONFIG_VARIABLE
from dashboard.settings import load_settings
from tests.dashboard import shop

# Late in the shop's day, so that today has a past.
NOW = datetime(2026, 11, 21, 18, 10, tzinfo=shop.ZONE).astimezone(UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = shop.open_new(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def filled(store: Store) -> Store:
    shop.fill(store, NOW)
    return store


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[Feed]:
    made = Feed(load_settings(shop.write_config(tmp_path)))
    yield made
    if made._store is not None:
        made._store.close()


def test_a_board_shows_what_is_in_the_store(filled: Store, feed: Feed) -> None:
    board = feed.board(NOW)
    tiles = {tile.key: tile for tile in board.tiles}
    assert board.name == "示例旗舰店"
    assert tiles["waiting"].value == 8
    assert tiles["longest_wait"].value == pytest.approx(7_300)
    assert (tiles["longest_wait"].target, tiles["first_response"].target) == (600.0, 60.0)
    assert tiles["volume"].value and tiles["volume"].usual
    assert tiles["csat"].n and tiles["service_level"].n
    rows = {row.queue: row for row in board.rows}
    assert (rows["天猫旗舰店"].waiting, rows["天猫旗舰店"].state) == (5, State.BREACH)
    assert rows["售前 Pre-sales"].waiting == 0
    assert [alert.rule for alert in board.alerts] == ["queue-too-long"]
    assert board.as_of == NOW and board.synced
    assert {tile.key: tile.value for tile in board.shop} == {
        "orders_placed": 0, "orders_awaiting_payment": 1, "orders_awaiting_shipment": 2,
        "overdue_shipments": 1, "cases_open": 0, "cases_overdue": 0,
    }  # fmt: skip


def test_trends_have_today_its_usual_course_and_fourteen_days(filled: Store, feed: Feed) -> None:
    trends = feed.trends(NOW)
    assert sum(point.today or 0 for point in trends.volume) > 20
    assert sum(point.usual or 0 for point in trends.volume) > 20
    assert any(point.partial for point in trends.volume)
    assert len(trends.satisfaction) == 14
    assert trends.response and trends.response_target_s == 60.0


def test_figures_are_the_same_on_both_kinds_of_store(
    store_url: str, tmp_path: Path, filled: Store, feed: Feed
) -> None:
    other = open_store(store_url, migrate=True)
    shop.fill(other, NOW)
    other.close()
    config = tmp_path / "other.toml"
    text = shop.write_config(tmp_path).read_text(encoding="utf-8")
    here = f"sqlite:///{tmp_path / 'store.db'}"
    config.write_text(text.replace(f'"{here}"', f'"{store_url}"', 1), encoding="utf-8")
    there = Feed(load_settings(config))
    assert there.board(NOW) == feed.board(NOW)
    assert there.trends(NOW) == feed.trends(NOW)
    assert there._store is not None
    there._store.close()


def test_many_viewers_cost_as_many_queries_as_one(filled: Store, feed: Feed) -> None:
    asked: list[str] = []
    feed.board(NOW)
    assert feed._store is not None
    store = feed._store
    read = store.read

    def counted() -> object:
        asked.append("read")
        return read()

    store.read = counted  # type: ignore[method-assign, assignment]
    for viewer in range(50):
        feed.board(NOW + timedelta(milliseconds=10 * viewer))
        feed.pulse(NOW + timedelta(milliseconds=10 * viewer))
    assert asked == []
    feed.board(NOW + timedelta(seconds=1))
    assert asked == ["read"]


def test_the_pulse_grows_older_between_two_reads(filled: Store, feed: Feed) -> None:
    feed.board(NOW)
    [source] = feed.pulse(NOW + timedelta(seconds=0.5)).sources
    assert source.age_s == pytest.approx(0.5)
    later = feed.pulse(NOW + timedelta(seconds=60))
    assert later.age_s == pytest.approx(60)
    assert (later.store_ok, later.tick_s) == (True, 2.0)


def test_a_store_that_was_never_made_is_an_error_and_found_when_it_is_there(
    tmp_path: Path, feed: Feed
) -> None:
    with pytest.raises(StoreNotReady):
        feed.board(NOW)
    assert not feed.pulse(NOW).store_ok
    made = shop.open_new(tmp_path)
    shop.fill(made, NOW, days=1)
    made.close()
    assert feed.board(NOW + timedelta(seconds=5)).tiles


def test_a_store_that_was_never_filled_gives_a_board_without_figures(
    store: Store, feed: Feed
) -> None:
    board = feed.board(NOW)
    assert (board.tiles, board.rows, board.synced) == ((), (), False)
    assert feed.trends(NOW).volume == ()
    assert feed.waiting(NOW) == ()


def test_the_last_board_stays_while_the_store_is_gone(filled: Store, feed: Feed) -> None:
    before = feed.board(NOW)
    assert feed._store is not None
    feed._store.close()
    with filled.begin() as connection:
        schema.contacts.drop(connection)
    later = NOW + timedelta(seconds=30)
    assert feed.board(later) == before
    assert not feed.pulse(later).store_ok
    assert feed.pulse(later).age_s == pytest.approx(30)


def test_a_source_that_is_down_keeps_its_last_figures_with_their_age(
    filled: Store, feed: Feed
) -> None:
    later = NOW + timedelta(minutes=3)
    with filled.begin() as connection:
        shop.heard(connection, NOW, status="down", tried_at=later, error="no answer within 10 s")
    board = feed.board(later)
    assert {tile.key: tile.value for tile in board.tiles}["waiting"] == 8
    assert not any(row.reachable for row in board.rows)
    [source] = feed.pulse(later).sources
    assert source.status == "down"
    assert source.age_s == pytest.approx(180)


def test_the_heartbeat_is_watched_where_the_poll_is_slow(
    tmp_path: Path, filled: Store, feed: Feed
) -> None:
    with filled.begin() as connection:
        connection.execute(
            alert_tables.workers.insert().values(
                worker_id="w", pid=1, host="h", started_at=NOW, beat_at=NOW, leader=True
            )
        )
    later = NOW + timedelta(seconds=40)
    assert feed.pulse(later).beat_age_s is None
    config = shop.write_config(tmp_path)
    config.write_text(config.read_text(encoding="utf-8").replace('"2s"', '"1m"'), encoding="utf-8")
    slow = Feed(load_settings(config))
    assert slow.pulse(later).beat_age_s == pytest.approx(40)
    assert slow._store is not None
    slow._store.close()


def test_waiting_contacts_come_longest_first_with_queue_and_time(filled: Store, feed: Feed) -> None:
    found = feed.waiting(NOW)
    assert [round(one.wait_s) for one in found] == [7_300, 2_400, 900, 400, 95, 60, 35, 20]
    assert found[0].queue == "拼多多售后"
    assert found[0].since == NOW - timedelta(seconds=7_300)


def test_a_source_report_tells_marks_and_rejected_rows_with_their_reason(
    filled: Store, feed: Feed
) -> None:
    [report] = feed.reports(NOW)
    assert [(mark.statement, mark.read_up_to) for mark in report.marks] == [("contacts", "2135")]
    assert report.rejected_total == 1
    assert (report.rejected[0].reason, report.rejected[0].times) == ("closed before opened", 2)


def test_the_language_is_the_browsers_unless_the_config_names_one(tmp_path: Path) -> None:
    config = shop.write_config(tmp_path)
    assert Feed(load_settings(config)).language == "zh"
    text = config.read_text(encoding="utf-8").replace('language = "zh"\n', "")
    config.write_text(text, encoding="utf-8")
    assert Feed(load_settings(config)).language is None


def test_there_is_one_feed_per_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONFIG_VARIABLE, str(shop.write_config(tmp_path)))
    data.feed.cache_clear()
    assert data.feed() is data.feed()
    data.feed.cache_clear()
