"""What tiles, sentence, frames and tables say of figures, and of those too thin to judge."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import pytest

from dashboard.history.tiles import Headline
from dashboard.satisfaction import frames, frames_shares, rated, tables
from dashboard.satisfaction.answer import Satisfaction, Scores, Step
from dashboard.satisfaction.list_parts import score_said
from dashboard.satisfaction.rated import Part, Rated, Split, Stretch
from dashboard.satisfaction.standout import sentence
from dashboard.satisfaction.sums import Sums
from dashboard.satisfaction.tickets import Ticket, Unanswered, overdue
from dashboard.satisfaction.tiles import tile_html, verdict_said
from dashboard.words import Words, words
from metrics import satisfaction
from metrics.satisfaction import Estimate, Scale, mean_score, net_promoter, share
from tests.dashboard.history.factories import KNOWN, kpi_of, make_row
from tests.dashboard.satisfaction.factories import NOW, ask

EN, ZH = words("en"), words("zh")


def figure(key: str, now: Estimate | None, before: Estimate | None = None) -> Rated:
    kpi = kpi_of(key)
    row = make_row(now.value if now else None, now.n if now else 0)
    head = Headline(kpi, row, None)
    found = rated.rated(head, None, None)
    better: Literal["higher", "lower"] = "lower" if kpi.better == "lower" else "higher"
    verdict = satisfaction.verdict(
        now,
        before,
        better=better,
        scale=rated.scale_of(kpi),
    )
    return replace(found, now=now, before=before, verdict=verdict)


def page(*figures: Rated, splits: tuple[Split, ...] = (), **changes: object) -> Satisfaction:
    values = {
        "answer": _Dated(), "figures": figures, "chosen": figures[0], "grain": "day", "course": (),
        "earlier": (), "splits": splits, "scores": None, "funnel": (), "lowest": None,
        "unanswered": None,
    }  # fmt: skip
    return Satisfaction(**(values | changes))  # type: ignore[arg-type]


class _Dated:
    as_of = NOW


def days(*estimates: Estimate | None) -> tuple[Stretch, ...]:
    start = datetime(2026, 11, 2, tzinfo=NOW.tzinfo)
    return tuple(
        Stretch(start + timedelta(days=at), start + timedelta(days=at + 1), one, True)
        for at, one in enumerate(estimates)
    )


def test_a_tile_has_value_interval_n_and_verdict() -> None:
    html = tile_html(figure("csat", share(700, 1_000), share(850, 1_000)), EN)
    assert 'data-value="70" data-n="1000" data-verdict="worse"' in html
    assert "67.1–72.8% (95%)" in html and "n 1,000" in html
    assert "▲ 15.0 pp worse than 85% before" in html and "var(--dp-watch)" in html


@pytest.mark.parametrize(("say", "said"), [(EN, "too few to judge"), (ZH, "样本太少，不作判断")])
def test_a_thin_tile_is_not_judged_nor_coloured(say: Words, said: str) -> None:
    html = tile_html(figure("csat", share(2, 9), share(850, 1_000)), say)
    assert said in html
    assert "▲" not in html and "var(--dp-watch)" not in html and "var(--dp-positive)" not in html


def test_fewer_bad_reviews_are_better() -> None:
    said = verdict_said(figure("negative_review_share", share(50, 1_000), share(150, 1_000)), EN)
    assert said == "10.0 pp better than 15% before"


def test_a_net_promoter_score_is_whole_points_with_its_sign() -> None:
    html = tile_html(
        figure("nps", net_promoter(100, 500, 1_000), net_promoter(500, 100, 1_000)), EN
    )
    assert "<b>−40</b>" in html and "80 worse than 40 before" in html
    assert "−44 to −36 (95%)" in html


def test_an_unknown_figure_says_so() -> None:
    assert "No data in this period" in tile_html(figure("csat", None), EN)


def test_a_response_rate_says_how_many_were_sent() -> None:
    assert "300 of 1,000 sent" in tile_html(figure("csat_response_rate", share(300, 1_000)), EN)


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (share(700, 1_000), share(850, 1_000), "CSAT is 70%, 15.0 pp worse than before."),
        (share(850, 1_000), share(700, 1_000), "CSAT is 85%, 15.0 pp better than before."),
        (share(8_500, 10_000), share(8_500, 10_000), "CSAT is 85% (84.3–85.7%), no clear change."),
        (share(85, 100), None, "CSAT is 85% (76.7–90.7%)."),
        (share(2, 4), share(850, 1_000), "CSAT is 50% of only 4 answers, too few to judge."),
        (None, None, "No data in this period."),
    ],
)
def test_the_sentence_says_what_surely_changed(
    now: Estimate | None, before: Estimate | None, said: str
) -> None:
    assert sentence(page(figure("csat", now, before)), EN) == said


def test_the_sentence_names_a_queue_only_when_it_is_surely_worse() -> None:
    whole = figure("csat", share(850, 1_000))
    bad, thin = Part("B", share(60, 100), None), Part("C", share(0, 9), None)
    fine = Part("A", share(780, 900), None)
    said = sentence(page(whole, splits=(Split("queue", (fine, bad, thin)),)), EN)
    assert "CSAT is worst for B with 60%" in said
    assert "worst" not in sentence(page(whole, splits=(Split("queue", (fine, thin)),)), EN)


def test_the_sentence_counts_reviews_past_the_promise() -> None:
    ticket = Ticket("s", "1", "", "", "", NOW - timedelta(hours=3), 1.0)
    young = replace(ticket, at=NOW - timedelta(minutes=119))
    found = Unanswered(kpi_of("negative_review_answered"), (young, ticket), more=False)
    assert overdue(found, NOW) == 1
    said = sentence(page(figure("csat", share(85, 100)), unanswered=found), EN)
    assert said.endswith("1 negative reviews have waited longer than 2 h for an answer.")


def test_a_thin_day_only_says_its_n() -> None:
    course = days(share(80, 100), share(1, 3), None, share(70, 100))
    answer = page(figure("csat", share(151, 203)), course=course)
    frame = frames.course_frame(answer, ask())
    assert frame["few"].fillna("").tolist() == ["", "n 3", "", ""]
    assert frame["line"].isna().tolist() == [False, True, True, False]
    assert frame["value"].isna().tolist() == [False, True, True, False]
    assert frame["n_said"].tolist() == ["100", "3, too few to judge", "0", "100"]
    assert frame["pick"].isna().tolist() == [False, False, True, False]


def test_where_all_days_are_thin_each_shows_its_interval() -> None:
    course = days(share(1, 3), share(2, 4))
    frame = frames.course_frame(page(figure("csat", share(3, 7)), course=course), ask())
    assert frame["line"].isna().all() and frame["alone"].all() and frame["low"].notna().all()


def test_whiskers_are_sorted_with_thin_ones_last_and_grey() -> None:
    kpi, whole = kpi_of("csat"), share(850, 1_000)
    parts = (Part("good", share(95, 100), None), Part("few", share(0, 5), None),
             Part("bad", share(60, 100), share(90, 100)))  # fmt: skip
    frame = frames.whiskers_frame(kpi, Split("queue", parts), whole, KNOWN, EN)
    assert frame["name"].tolist() == ["bad", "good", "few"]
    assert frame["state"].tolist() == ["worse", "calm", "thin"]
    assert frame["value_beside"].tolist() == ["▲ 60%", "95%", "0%"]
    assert frame["pick"].tolist()[0] == "csat~queue~bad"
    assert frame["value"].isna().tolist() == [False, False, True]  # beyond the picture


def test_a_negative_share_is_worst_where_it_is_high() -> None:
    parts = (Part("low", share(5, 100), None), Part("high", share(40, 100), None))
    kpi, split = kpi_of("negative_review_share"), Split("source", parts)
    frame = frames.whiskers_frame(kpi, split, share(45, 200), KNOWN, EN)
    assert frame["name"].tolist() == ["high", "low"] and frame["state"].tolist()[0] == "worse"


def test_scores_and_steps_lead_to_the_contacts_behind_them() -> None:
    stars = Scores(kpi_of("review_score"), (0.0, 1.5, 2.5, 3.5, 4.5), (1, 0, 2, 3, 4), None)
    frame = frames_shares.scores_frame(stars, EN)
    assert frame["name"].tolist() == ["5 ★", "4 ★", "3 ★", "2 ★", "1 ★"]
    assert frame["pick"].fillna("").tolist() == [
        "review_score~band~4.5-", "review_score~band~3.5-4.5", "review_score~band~2.5-3.5", "",
        "review_score~band~0-1.5",
    ]  # fmt: skip
    steps = (Step("sent", "csat_response_rate", 200, None), Step("answered", "csat_response_rate",
                                                                 50, None))  # fmt: skip
    funnel = frames_shares.funnel_frame(steps, EN)
    assert funnel["share"].tolist() == [100.0, 25.0] and funnel["value_said"].tolist()[1] == "25%"
    assert funnel["pick"].notna().all()


def test_files_hold_the_unrounded_numbers_of_the_screen() -> None:
    course = days(share(2, 3), None)
    answer = page(figure("csat", share(2, 3)), course=course)
    table = tables.course_table(answer, ask(compare="0"))
    assert len(table.columns) == len(table.rows[0]) == 7
    assert table.rows[0][2:6] == [200 / 3, share(2, 3).low, share(2, 3).high, 3]
    assert table.rows[1][2:6] == [None, None, None, 0]
    parts = (Part("a", share(1, 3), share(2, 3)), Part("b", share(50, 90), None))
    split = tables.split_table(kpi_of("csat"), Split("queue", parts), KNOWN, ask())
    assert [row[0] for row in split.rows] == ["b", "a"]
    assert split.rows[1][-1] == 3 and split.rows[0][-1] == 0
    assert all(len(row) == len(split.columns) for row in split.rows)


def test_a_score_is_said_on_the_scale_of_its_question() -> None:
    ticket = Ticket("s", "1", "", "", "", NOW, 1.5)
    assert score_said(kpi_of("review_score"), ticket, EN) == "1.5 of 5"
    assert score_said(kpi_of("nps"), ticket, EN) == "3 of 10"
    assert score_said(kpi_of("nps"), replace(ticket, score=None), EN) == "–"


def test_scores_below_one_of_five_widen_the_scale() -> None:
    kpi = kpi_of("review_score")
    assert rated.scale_of(kpi, 1.0).low == 1.0 and rated.scale_of(kpi, 0.5).low == 0.0
    found = rated.estimate(kpi, Sums(4, 2.0, 1.0), 0.5)
    assert found == mean_score(2.0, 1.0, 4, Scale(0.0, 5.0))
