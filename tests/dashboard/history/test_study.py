"""Answers and lists from a real store: the same numbers everywhere, filters, and reach."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.store import Store
from dashboard.data import Feed
from dashboard.history import behind, drill
from dashboard.history.asked import Asked, read_asked
from dashboard.history.study import Answer, answer
from dashboard.settings import load_settings
from tests.dashboard import shop

KPIS = ("first_response", "service_level", "csat", "orders_placed")


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feed]:
    folder = tmp_path_factory.mktemp("study")
    store: Store = shop.open_new(folder)
    shop.fill(store, datetime.now(UTC), days=30, per_day=30)
    store.close()
    made = Feed(load_settings(shop.write_config(folder)))
    yield made
    made.close()


def ask(feed: Feed, **query: str | list[str]) -> Asked:
    values = {k.removesuffix("_"): v if isinstance(v, list) else [v] for k, v in query.items()}
    now = datetime.now(UTC)
    return read_asked(
        "response",
        values,
        kpis=KPIS,
        known=feed.known(now).labels,
        language="en",
        now=now.astimezone(feed.zone),
    )


def answered(feed: Feed, asked: Asked) -> Answer:
    with feed.reading() as reader:
        return answer(reader, asked, KPIS)


def test_every_side_of_a_figure_counts_the_same_contacts(feed: Feed) -> None:
    study = answered(feed, ask(feed, period="28d")).study
    n = study.head.row.n
    assert n > 500
    assert sum(row.n for row in study.course) == n
    assert sum(cell.n for cell in study.week) == n
    assert sum(band.n for band in study.bands) == n
    assert {split.label for split in study.splits} >= {"queue", "channel", "agent"}
    for split in study.splits:
        assert sum(row.n for row in split.rows) == n


def test_a_filter_takes_part_of_all(feed: Feed) -> None:
    whole = answered(feed, ask(feed)).study
    [queues] = [split for split in whole.splits if split.label == "queue"]
    part = answered(feed, ask(feed, queue=queues.rows[0].labels[0][1])).study
    assert part.head.row.n == queues.rows[0].n
    assert part.head.row.value == pytest.approx(queues.rows[0].value)


def test_a_figure_that_knows_nothing_of_a_filter_is_unknown_and_says_so(feed: Feed) -> None:
    heads = answered(feed, ask(feed, queue="京东自营")).headlines
    orders = next(head for head in heads if head.kpi.key == "orders_placed")
    assert orders.filtered_out and orders.row.value is None
    assert next(head for head in heads if head.kpi.key == "csat").row.n > 0


def test_an_empty_period_tells_where_there_are_figures(feed: Feed) -> None:
    study = answered(feed, ask(feed, from_="2020-01-01", until="2020-01-31")).study
    assert study.head.row.value is None
    assert study.course == ()
    assert study.reach is not None
    first, last = study.reach
    assert timedelta(days=28) < last - first < timedelta(days=32)


def test_figures_that_the_configuration_lacks_are_left_out(feed: Feed) -> None:
    with feed.reading() as reader:
        found = answer(reader, ask(feed), (*KPIS, "nowhere"))
    assert [head.kpi.key for head in found.headlines] == list(KPIS)


@pytest.mark.parametrize("order", ["worst", "newest"])
@pytest.mark.parametrize("kind", ["at", "hour", "band", "queue", "all"])
def test_the_list_behind_a_mark_is_as_long_as_its_n(feed: Feed, kind: str, order: str) -> None:
    asked = ask(feed)
    study = answered(feed, asked).study
    key = study.head.kpi.key
    day = max(study.course, key=lambda row: row.n)
    cell = max(study.week, key=lambda one: one.n)
    band = max(study.bands, key=lambda one: one.n)
    queue = next(split for split in study.splits if split.label == "queue").rows[0]
    assert day.start is not None and day.end is not None
    picks = {
        "at": (drill.at(key, day.start, day.end), day.n),
        "hour": (drill.hour(key, cell.weekday, cell.hour), cell.n),
        "band": (drill.band(key, band.low, band.high), band.n),
        "queue": (drill.label(key, *queue.labels[0]), queue.n),
        "all": (drill.everything(key), study.head.row.n),
    }
    pick, n = picks[kind]
    with feed.reading() as reader:
        found = behind.listing(reader, asked, pick, order)  # type: ignore[arg-type]
    assert found.total == n
    assert len(found.rows) == min(n, behind.SHOWN)
    worth = [row.value or 0.0 if order == "worst" else row.at.timestamp() for row in found.rows]
    assert worth == sorted(worth, reverse=True)
