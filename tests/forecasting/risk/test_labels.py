"""What counts as a complaint, and since when it is known."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from connectors.columns import to_micros
from forecasting.risk.complaint import Complaint
from forecasting.risk.features.asof import NEVER
from forecasting.risk.labels import settled, verdicts
from forecasting.risk.moments import MOMENTS, labelled, latest
from forecasting.risk.settings import RiskSettings
from tests.forecasting.risk.shop import START, Shop

DAY = timedelta(days=1)
WHEN = START + 10 * DAY


def verdict(shop: Shop, tmp_path: Path, complaint: Complaint | None = None) -> tuple[int, bool]:
    facts = shop.facts(tmp_path / f"{len(list(tmp_path.iterdir()))}.db")
    found = verdicts(facts, complaint or Complaint())
    return int(found.at[0]), bool(found.bad[0])


def one_order(**more: object) -> Shop:
    shop = Shop()
    shop.order("a", START, **more)
    return shop


def test_a_rating_of_two_of_five_is_a_complaint_and_three_is_not(tmp_path: Path) -> None:
    for score, bad in ((1, True), (2, True), (3, False), (5, False)):
        shop = one_order()
        shop.rate("a", WHEN, score)
        assert verdict(shop, tmp_path) == (to_micros(WHEN), bad)


def test_of_two_ratings_the_first_answer_counts(tmp_path: Path) -> None:
    shop = one_order()
    shop.rate("a", WHEN + DAY, 1)
    shop.rate("a", WHEN, 4, asked_at=WHEN - DAY)
    assert verdict(shop, tmp_path) == (to_micros(WHEN), False)


def test_of_two_ratings_at_one_instant_the_worse_counts(tmp_path: Path) -> None:
    for scores in ((1, 5), (5, 1)):
        shop = one_order()
        for score in scores:
            shop.rate("a", WHEN, score)
        assert verdict(shop, tmp_path) == (to_micros(WHEN), True)


def test_a_complaint_case_before_the_rating_decides(tmp_path: Path) -> None:
    shop = one_order()
    shop.case("a", WHEN - DAY)
    shop.rate("a", WHEN, 5)
    assert verdict(shop, tmp_path) == (to_micros(WHEN - DAY), True)


def test_a_contact_with_a_complaint_topic_is_one(tmp_path: Path) -> None:
    shop = one_order()
    shop.contact("a", WHEN, topic="complaint")
    shop.contact("a", WHEN - DAY, topic="invoice")
    assert verdict(shop, tmp_path) == (to_micros(WHEN), True)


def test_an_unrated_order_has_no_verdict(tmp_path: Path) -> None:
    shop = one_order()
    shop.rate("a", WHEN, None, rated_at=None)
    assert verdict(shop, tmp_path) == (NEVER, False)


def test_where_nobody_rates_silence_means_content_after_a_while(tmp_path: Path) -> None:
    shop = one_order()
    shop.order("b", START + DAY)
    shop.case("b", WHEN)
    facts = shop.facts(tmp_path / "store.db")
    found = verdicts(facts, settled(Complaint(), facts))
    quiet = START + 8 * DAY + 30 * DAY
    assert found.at.tolist() == [to_micros(quiet), to_micros(WHEN)]
    assert found.bad.tolist() == [False, True]


def test_where_nothing_tells_of_complaints_silence_says_nothing(tmp_path: Path) -> None:
    facts = one_order().facts(tmp_path / "store.db")
    assert not verdicts(facts, settled(Complaint(), facts)).told.any()


def test_the_definition_can_be_changed(tmp_path: Path) -> None:
    shop = one_order()
    shop.rate("a", WHEN, 3)
    shop.case("a", WHEN - DAY, kind="exchange")
    assert verdict(shop, tmp_path, Complaint(share=0.6))[1]
    found = verdict(shop, tmp_path, Complaint(cases=("exchange",)))
    assert found == (to_micros(WHEN - DAY), True)


def test_each_moment_has_an_instant_of_its_own(tmp_path: Path) -> None:
    shop = one_order(shipped_at=START + 3 * DAY, delivered_at=START + 12 * DAY)
    for days in (4, 6):
        shop.contact("a", START + days * DAY)
    desk = shop.contacts[0]
    shop.rate("a", START + 5 * DAY, 5, kind="csat", contact_id=desk["contact_id"], sentiment=-0.8)
    shop.rate("a", START + 7 * DAY, 1)  # the review's own word is no moment of that kind
    facts = shop.facts(tmp_path / "store.db")
    found = {name: (int(at(facts)[0]) - to_micros(START)) // 86_400_000_000
             for name, at in MOMENTS.items()}  # fmt: skip
    assert found == {"order": 0, "late_shipping": 2, "shipping": 3, "contact": 4,
                     "second_contact": 6, "negative_text": 5, "promise": 8}  # fmt: skip


def test_the_latest_moment_is_the_last_that_has_come(tmp_path: Path) -> None:
    shop = one_order()
    shop.contact("a", START + 3 * DAY)
    facts = shop.facts(tmp_path / "store.db")

    def at(moment: datetime) -> str:
        return str(latest(facts, to_micros(moment))[0][0])

    assert at(START) == "order"
    assert at(START + 1 * DAY) == "shipping"
    assert at(START + 4 * DAY) == "contact"
    assert at(START + 9 * DAY) == "promise"


def test_the_configuration_makes_the_definition() -> None:
    assert RiskSettings().complaint() == Complaint()
    given = RiskSettings.model_validate({"rating": 0.6, "case_kinds": ["exchange"], "quiet": "14d"})
    assert given.complaint() == Complaint(share=0.6, cases=("exchange",), quiet_days=14)


def test_a_complaint_is_counted_no_earlier_than_the_silence_of_its_order(tmp_path: Path) -> None:
    shop = one_order()
    shop.order("b", START)
    shop.case("b", WHEN)
    found = verdicts(shop.facts(tmp_path / "store.db"), Complaint(quiet_days=10))
    assert found.at.tolist() == [to_micros(START + 18 * DAY), to_micros(WHEN)]
    assert found.counted.tolist() == [to_micros(START + 18 * DAY)] * 2


def test_what_arrives_after_the_silence_counted_changes_nothing(tmp_path: Path) -> None:
    shop = one_order(delivered_at=None)
    shop.order("b", START, delivered_at=START + 19 * DAY)
    shop.order("c", START, delivered_at=START + 12 * DAY)
    found = verdicts(shop.facts(tmp_path / "store.db"), Complaint(quiet_days=10))
    assert found.at.tolist() == [to_micros(START + n * DAY) for n in (18, 18, 22)]


def test_a_complaint_right_after_a_contact_is_that_contact(tmp_path: Path) -> None:
    shop = Shop()
    for ref, hours in (("at once", 1), ("later", 5)):
        shop.order(ref, START)
        shop.contact(ref, WHEN - timedelta(hours=hours))
        shop.case(ref, WHEN)
    facts = shop.facts(tmp_path / "store.db")
    told = verdicts(facts, Complaint())
    refs = facts.orders["order_ref"].astype(object).to_numpy()
    assert refs[labelled(facts, told, "contact")[0]].tolist() == ["later"]
    assert len(labelled(facts, told, "promise")[0]) == 2
