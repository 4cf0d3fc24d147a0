"""What the page loads equals what a slow reader counts in the ratings themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.delivered import save_columns
from connectors.store import Store, open_store
from dashboard.history.asked import Asked
from dashboard.satisfaction.answer import KPIS, Satisfaction, load
from dashboard.satisfaction.tickets import overdue
from metrics.kpi import Registry
from metrics.reading import Reader
from metrics.satisfaction import Verdict, share
from tests.dashboard.satisfaction.factories import (
    ZONE,
    Rating,
    ask,
    dated,
    fill,
    local_day,
    registry_of,
)

QUERIES: tuple[dict[str, Any], ...] = (
    {"period": "28d"},
    {"period": "90d"},
    {"from_": "2026-10-20", "until": "2026-10-30"},  # over the night when clocks go back
    {"period": "28d", "queue": "B"},
    {"period": "28d", "queue": ["A", "tiny"], "channel": "mail"},
)


class World:
    def __init__(self, store: Store, registry: Registry, ratings: list[Rating]) -> None:
        self.store, self.registry, self.ratings = store, registry, ratings

    def load(self, asked: Asked) -> Satisfaction:
        with self.store.read() as connection:
            return load(self.reader(connection), asked)

    def reader(self, connection: sa.Connection) -> Reader:
        return Reader(connection, ZONE, self.registry, ("desk",))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("satisfaction")
    store = open_store(f"sqlite:///{folder / 's.db'}", migrate=True)
    registry = registry_of(folder)
    yield World(store, registry, fill(store, registry))
    store.close()


def good(one: Rating) -> bool:
    return bool(one["score"] is not None and one["score"] >= 0.8 * one["scale"])


@pytest.mark.parametrize("query", QUERIES)
def test_figures_are_those_of_the_ratings(world: World, query: dict[str, Any]) -> None:
    asked = ask(**query)
    found = {one.head.kpi.key: one.now for one in world.load(asked).figures}
    csat = dated(world.ratings, asked, kind="csat")
    assert found["csat"] == share(sum(map(good, csat)), len(csat))
    sent = dated(world.ratings, asked, kind="csat", by="asked_at")
    assert found["csat_response_rate"] == share(
        sum(one["score"] is not None for one in sent), len(sent))  # fmt: skip
    nps = [10 * one["score"] / one["scale"] for one in dated(world.ratings, asked, kind="nps")]
    points = 100 * (sum(s >= 9 for s in nps) - sum(s <= 6 for s in nps)) / len(nps)
    assert found["nps"] is not None and found["nps"].value == pytest.approx(points)


def test_reviews_are_counted_and_cannot_be_filtered_by_queue(world: World) -> None:
    asked = ask(period="28d", kpi="review_score")
    reviews = dated(world.ratings, asked, kind="review")
    bad = [one for one in reviews if one["score"] <= 2]
    found = {one.head.kpi.key: one for one in world.load(asked).figures}
    score, negative = found["review_score"].now, found["negative_review_share"].now
    assert score is not None and score.value == pytest.approx(
        sum(one["score"] for one in reviews) / len(reviews))  # fmt: skip
    assert negative == share(len(bad), len(reviews))
    narrowed = world.load(ask(period="28d", kpi="review_score", queue="A"))
    assert narrowed.chosen.head.filtered_out and narrowed.chosen.now is None
    assert not (narrowed.course or narrowed.splits or narrowed.funnel)


@pytest.mark.parametrize("query", QUERIES)
def test_the_course_adds_up_to_the_figure(world: World, query: dict[str, Any]) -> None:
    answer = world.load(ask(**query))
    assert answer.chosen.now is not None
    whole = sum(one.estimate.n for one in answer.course if one.estimate)
    hits = sum(one.estimate.n * one.estimate.value for one in answer.course if one.estimate)
    assert whole == answer.chosen.now.n
    assert hits / whole == pytest.approx(answer.chosen.now.value)


def test_each_day_holds_the_ratings_of_its_local_day(world: World) -> None:
    asked = ask(from_="2026-10-20", until="2026-10-30")
    days = Counter(local_day(one["rated_at"]) for one in dated(world.ratings, asked, kind="csat"))
    course = world.load(asked).course
    assert {one.start: one.estimate.n for one in course if one.estimate} == days
    hours = [(b.astimezone(UTC) - a.astimezone(UTC)) / timedelta(hours=1)
             for a, b in ((one.start, one.end) for one in course)]  # fmt: skip
    assert hours == [25 if one.start.day == 25 else 24 for one in course]


def test_weeks_begin_on_mondays_and_months_on_their_first(world: World) -> None:
    weeks = world.load(ask(period="90d"))
    assert weeks.grain == "week"
    assert all(one.start.weekday() == 0 for one in weeks.course[1:])
    assert [one.whole for one in weeks.course][1:-1] == [True] * (len(weeks.course) - 2)
    months = world.load(ask(period="365d"))
    assert months.grain == "month" and months.earlier == ()
    assert all(one.start.day == 1 for one in months.course[1:])
    assert not months.course[-1].whole


@pytest.mark.parametrize("query", QUERIES)
def test_splits_add_up_and_are_those_of_the_labels(world: World, query: dict[str, Any]) -> None:
    asked = ask(**query)
    answer = world.load(asked)
    csat = dated(world.ratings, asked, kind="csat")
    for split in answer.splits:
        name = {"agent": "agent_id"}.get(split.label, split.label)
        wanted = Counter(one[name] for one in csat)
        assert {part.name: part.now.n for part in split.parts if part.now} == wanted
    assert {split.label for split in answer.splits} >= {"agent"}


def test_scores_are_those_of_the_survey_whatever_its_scale(world: World) -> None:
    asked = ask(period="90d")
    scores = world.load(asked).scores
    wanted = Counter(
        min(4, max(0, int(5 * one["score"] / one["scale"] - 0.5)))
        for one in dated(world.ratings, asked, kind="csat")
    )
    assert scores is not None and list(scores.now) == [wanted[at] for at in range(5)]


def test_promoters_and_detractors_are_the_scores_of_the_nps(world: World) -> None:
    asked = ask(period="90d", kpi="nps")
    scores = world.load(asked).scores
    nps = [10 * one["score"] / one["scale"] for one in dated(world.ratings, asked, kind="nps")]
    low, high = sum(s <= 6 for s in nps), sum(s >= 9 for s in nps)
    assert scores is not None and scores.now == (low, len(nps) - low - high, high)


def test_the_funnel_begins_with_what_was_sent(world: World) -> None:
    asked = ask(period="28d")
    sent = dated(world.ratings, asked, kind="csat", by="asked_at")
    steps = world.load(asked).funnel
    assert [(step.name, step.now) for step in steps] == [
        ("sent", len(sent)), ("answered", sum(one["score"] is not None for one in sent))
    ]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_the_lowest_scores_come_first_and_the_newest_of_them(
    world: World, query: dict[str, Any]
) -> None:
    asked = ask(**query)
    csat = dated(world.ratings, asked, kind="csat")
    low = [(5 * one["score"] / one["scale"], -one["rated_at"], one["contact_id"])
           for one in csat if not good(one)]  # fmt: skip
    found = world.load(asked).lowest
    assert found is not None and found.total == len(low)
    assert [(one.score, one.ref) for one in found.rows] == [
        (score, ref) for score, _, ref in sorted(low)[: len(found.rows)]
    ]
    assert len(found.rows) == min(20, len(low))


def test_negative_reviews_without_an_answer_are_listed_newest_first(world: World) -> None:
    asked = ask(period="28d", kpi="review_score")
    wanted = sorted(
        (one for one in dated(world.ratings, asked, kind="review")
         if one["score"] <= 2 and one["answered_at"] is None),
        key=lambda one: -one["rated_at"],
    )  # fmt: skip
    found = world.load(asked).unanswered
    assert found is not None and found.promise == timedelta(hours=2)
    assert [one.ref for one in found.rows] == [one["order_ref"] for one in wanted[:20]]
    assert found.more == (len(wanted) > 20)


def test_a_review_younger_than_the_promise_waits_already(world: World) -> None:
    answer = world.load(ask(period="28d", kpi="review_score"))
    found = answer.unanswered
    assert found is not None and found.rows[0].ref == "young"
    assert overdue(found, answer.as_of) < len(found.rows)


def test_a_source_that_never_tells_of_answers_has_no_unanswered_reviews(world: World) -> None:
    columns = frozenset({"ratings", "ratings.kind", "ratings.score", "ratings.rated_at"})
    with world.store.begin() as connection:
        save_columns(connection, "desk", columns)
        reader = world.reader(connection)
        answer = load(reader, ask(period="28d", kpi="review_score"))
        connection.rollback()
    assert answer.unanswered is None
    found = {one.head.kpi.key: one for one in answer.figures}
    assert found["negative_review_answered"].now is None
    assert found["negative_review_answered"].head.lacks
    assert found["review_score"].now is not None


def test_without_comparison_nothing_is_judged(world: World) -> None:
    answer = world.load(ask(period="28d", compare="0"))
    assert all(one.before is None for one in answer.figures)
    assert {one.verdict for one in answer.figures} == {Verdict.TOO_FEW}
    assert answer.earlier == () and answer.scores is not None and answer.scores.before is None


def test_a_pack_without_the_scores_leaves_only_them_out(world: World) -> None:
    kept = {key: kpi for key, kpi in world.registry.kpis.items() if key != "csat_score"}
    with world.store.read() as connection:
        reader = replace(world.reader(connection), registry=Registry(kept, zone=ZONE.key))
        answer = load(reader, ask(period="28d"))
    assert answer.scores is None
    assert answer.lowest is not None and answer.lowest.rows
    assert answer.chosen.now is not None


def test_a_period_without_ratings_knows_nothing_and_where_there_are_some(world: World) -> None:
    answer = world.load(ask(from_="2024-01-01", until="2024-01-31"))
    assert [one.now for one in answer.figures] == [None] * len(KPIS)
    assert not (answer.course or answer.splits or answer.funnel or answer.scores)
    assert answer.answer.study.reach is not None
