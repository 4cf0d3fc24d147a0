"""The route tree, matchers, and who would be told."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.alert import Severity
from alerts.telling.book import Standing
from alerts.telling.escalation import Policy, Step
from alerts.telling.matchers import facets_of, parse_matcher
from alerts.telling.muting import Maintenance, MuteKind, QuietHours
from alerts.telling.plan import TellingPlan
from alerts.telling.rota import Layer, Rota
from alerts.telling.routes import Desk, Node, destinations
from alerts.telling.weekly import parse_spans
from alerts.telling.who import imagined, who
from metrics.measurement import labels_of
from tests.alerts.factories import START, alert, rule

ZONE = ZoneInfo("Asia/Shanghai")
ROTA = Rota("support", ZONE, (Layer(("Li",), 7, date(2026, 11, 1), time(9)),), {"Li": ("li",)})


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("queue=天猫售前", True),
        ("queue!=天猫售前", False),
        ("queue=~天猫.*", True),
        ("queue=~天猫", False),  # a pattern matches the whole value
        ("queue!~京东.*", True),
        ("team=", True),  # a label it lacks is empty
        ('severity = "critical"', True),
        ("rule=queue-too-long", True),
    ],
)
def test_a_matcher_matches(text: str, matches: bool):
    assert parse_matcher(text).matches(facets_of(alert())) is matches


@pytest.mark.parametrize("text", ["queue", "=x", "queue=~(", ""])
def test_what_is_no_matcher_is_said(text: str):
    with pytest.raises(ValueError, match=r"matcher|pattern"):
        parse_matcher(text)


def node(name: str, *matchers: str, **changes: object) -> Node:
    parsed = tuple(parse_matcher(one) for one in matchers)
    return Node(name=name, matchers=parsed, **changes)  # type: ignore[arg-type]


def told(*tree: Node, **changes: object) -> list[tuple[str, tuple[str, ...]]]:
    about = alert(labels=labels_of(queue="q1", source="s"), **changes)
    found = destinations(tree, about, ("usual",), Desk({"support": ROTA}), START)
    return [(one.receiver, one.path) for one in found]


def test_the_first_route_that_matches_wins_unless_it_goes_on():
    first, second = node("a", "queue=q1", receivers=("x",)), node("b", receivers=("y",))
    assert told(first, second) == [("x", ("a",))]
    on = node("a", "queue=q1", receivers=("x",), goes_on=True)
    assert told(on, second) == [("x", ("a",)), ("y", ("b",))]
    assert told(node("other", "queue=q9", receivers=("x",))) == [("usual", ())]


def test_a_route_takes_over_what_it_does_not_say():
    tree = node("all", receivers=("x",), repeat=timedelta(minutes=5),
                children=(node("mine", "queue=q1"), node("rest", "queue=q2")))  # fmt: skip
    about = alert(labels=labels_of(queue="q1"))
    [found] = destinations((tree,), about, ("usual",), Desk({}), START)
    assert (found.receiver, found.path, found.repeat) == (
        "x", ("all", "mine"), timedelta(minutes=5))  # fmt: skip


def test_a_rota_leads_to_whoever_is_on_call_and_a_hole_to_the_rules_receivers():
    assert told(node("a", rotas=("support",))) == [("li", ("a",))]
    early = Rota("support", ZONE, (Layer(("Li",), 7, date(2027, 1, 1), time(9)),), {"Li": ("li",)})
    about = alert(labels=labels_of(queue="q1"))
    found = destinations((node("a", rotas=("support",)),), about, ("usual",),
                         Desk({"support": early}), START)  # fmt: skip
    assert [one.receiver for one in found] == ["usual"]


def test_a_receiver_hears_of_an_alert_by_the_first_way_only():
    on = node("a", receivers=("x",), goes_on=True)
    assert told(on, node("b", receivers=("x", "y"))) == [("x", ("a",)), ("y", ("b",))]


def test_who_would_be_told_on_sunday_at_three():
    sunday = datetime(2026, 11, 15, 3, tzinfo=ZONE)
    quiet = QuietHours({Severity.WARNING: parse_spans("22:00-08:00")}, ZONE)
    plan = TellingPlan(
        (node("night", receivers=("leads",), rotas=("support",), quiet=quiet, escalation="up"),),
        windows=(Maintenance("works", (parse_matcher("queue=q9"),), ZONE,
                             parse_spans("sun 02:00-04:00")),),
        rotas={"support": ROTA},
        policies={"up": Policy("up", (Step(timedelta(minutes=5), rotas=("support",)),), rounds=2)},
    )  # fmt: skip

    def ask(queue: str, severity: Severity):
        about = imagined(rule(), labels_of(queue=queue), severity, sunday)
        return who(about, sunday, plan=plan, standing=Standing(), usual=lambda _: ("usual",))

    answer = ask("q1", Severity.CRITICAL)
    assert answer.ways == (("night",),)
    assert [(one.to.receiver, one.to.via, one.mute, one.at) for one in answer.reached] == [
        ("leads", "", None, sunday), ("li", "Li", None, sunday),
    ]  # fmt: skip
    assert [(one.number, one.at - sunday, one.receivers) for one in answer.reminders] == [
        (1, timedelta(minutes=5), ("li",)), (2, timedelta(minutes=10), ("li",)),
    ]  # fmt: skip
    [asleep, _] = ask("q1", Severity.WARNING).reached
    assert asleep.mute is not None
    assert (asleep.mute.kind, asleep.at) == (MuteKind.QUIET_HOURS, sunday.replace(hour=8))
    [busy, _] = ask("q9", Severity.CRITICAL).reached
    assert busy.mute is not None
    assert (busy.mute.kind, busy.mute.by, busy.at) == (
        MuteKind.MAINTENANCE, "works", sunday.replace(hour=4))  # fmt: skip
