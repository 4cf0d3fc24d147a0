"""Ticks of telling: what is said to whom, when, and that muting and storms lose nothing."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import Reason, Severity
from alerts.settings import SOURCE_DOWN
from alerts.telling.book import Standing
from alerts.telling.escalation import Policy, Step
from alerts.telling.known import Knows
from alerts.telling.matchers import parse_matcher
from alerts.telling.muting import Inhibition, MuteKind, QuietHours, Silence
from alerts.telling.plan import Storm, TellingPlan
from alerts.telling.rota import Layer, Rota
from alerts.telling.routes import Node
from alerts.telling.weekly import parse_spans
from metrics.measurement import labels_of
from tests.alerts.factories import START, at, seconds
from tests.alerts.telling.teller import Teller

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)


def silence(*matchers: str, since: float = 0, until: float, by: str = "Wang") -> Silence:
    return Silence(
        matchers=tuple(parse_matcher(one) for one in matchers),
        since=at(since),
        until=at(until),
        by=by,
        made_at=at(since),
    )


def grouped(**changes: object) -> TellingPlan:
    return TellingPlan((Node(name="all", group_by=("rule",), **changes),))  # type: ignore[arg-type]


def test_alerts_of_one_tick_share_a_message_and_a_later_one_goes_at_once():
    desk = Teller(grouped())
    desk.fire("q1")
    desk.fire("q2")
    desk.tick(START)
    desk.fire("q3", at(1))
    desk.tick(at(1))
    assert desk.said() == [
        ("leads", Reason.FIRST, ("q1", "q2")),
        ("leads", Reason.NEW, ("q3",)),
    ]


def test_a_group_may_collect_its_first_alerts_and_never_the_later_ones():
    desk = Teller(grouped(group_wait=seconds(10)))
    desk.fire("q1")
    assert desk.tick(START) == []
    desk.fire("q2", at(4))
    assert desk.tick(at(4)) == []
    desk.tick(at(10))
    desk.fire("q3", at(11))
    desk.tick(at(11))
    assert desk.said() == [
        ("leads", Reason.FIRST, ("q1", "q2")),
        ("leads", Reason.NEW, ("q3",)),
    ]


def test_it_is_repeated_until_somebody_is_on_it():
    desk = Teller(TellingPlan((Node(name="all", repeat=10 * MINUTE),)))
    key = desk.fire("q1")
    for minute in range(25):
        desk.tick(START + minute * MINUTE)
    assert [one.reason for one in desk.sent] == [Reason.FIRST, Reason.REPEAT, Reason.REPEAT]
    desk.acknowledge(key, START + 25 * MINUTE)
    for minute in range(25, 60):
        desk.tick(START + minute * MINUTE)
    desk.resolve(key, START + 60 * MINUTE)
    desk.tick(START + 60 * MINUTE)
    assert [one.reason for one in desk.sent[3:]] == [Reason.ACKNOWLEDGED, Reason.RESOLVED]
    assert len({one.key for one in desk.sent}) == 5


def test_an_alert_that_outlives_its_silence_is_told():
    desk = Teller()
    desk.standing = Standing((silence("queue=q1", until=600),))
    key = desk.fire("q1")
    desk.fire("q2")
    desk.tick(START)
    assert desk.said() == [("leads", Reason.FIRST, ("q2",))]
    held = desk.book.episodes[key].mute
    assert held is not None and (held.kind, held.by) == (MuteKind.SILENCED, "Wang")
    for second in range(1, 700, 50):
        desk.tick(at(second))
    assert desk.said()[1:] == [("leads", Reason.FIRST, ("q1",))]
    assert desk.book.episodes[key].mute is None


def test_what_ended_within_its_silence_is_not_told():
    desk = Teller()
    desk.standing = Standing((silence("queue=q1", until=600),))
    key = desk.fire("q1")
    desk.tick(START)
    desk.resolve(key, at(300))
    desk.tick(at(300))
    desk.standing = Standing()
    desk.tick(at(700))
    assert desk.sent == []
    assert desk.book.episodes == {}


def test_a_silence_that_is_ended_early_lets_through_what_still_fires():
    desk = Teller()
    desk.standing = Standing((silence("rule=~queue.*", until=3600),))
    desk.fire("q1")
    desk.tick(START)
    desk.standing = Standing()
    desk.tick(at(60))
    assert desk.said() == [("leads", Reason.FIRST, ("q1",))]


def test_a_source_that_is_down_explains_the_alerts_on_its_numbers():
    desk = Teller()
    down = desk.fire("", rule=SOURCE_DOWN, labels=labels_of(source="helpdesk"))
    desk.fire("q1")
    desk.fire("q2", labels=labels_of(queue="q2", source="other"))
    desk.tick(START)
    assert [said[2] for said in desk.said()] == [(SOURCE_DOWN,), ("q2",)]
    desk.resolve(down, at(60))
    desk.tick(at(60))
    assert desk.said()[2:] == [
        ("leads", Reason.RESOLVED, (SOURCE_DOWN,)),
        ("leads", Reason.FIRST, ("q1",)),
    ]


def test_an_inhibition_needs_equal_labels():
    plan = TellingPlan(
        inhibitions=(
            Inhibition(
                (parse_matcher("severity=critical"),), (parse_matcher("severity=info"),), ("queue",)
            ),
        )
    )
    desk = Teller(plan)
    desk.fire("q1")
    desk.fire("q1", rule="waits", severity=Severity.INFO)
    desk.fire("q2", rule="waits", severity=Severity.INFO)
    desk.tick(START)
    assert [said[2] for said in desk.said()] == [("q1",), ("q2",)]


def test_warnings_wait_for_the_morning_and_come_as_one():
    quiet = QuietHours({Severity.WARNING: parse_spans("22:00-08:00")}, ZONE)
    plan = TellingPlan((Node(name="all", quiet=quiet),), storm=Storm(people=frozenset({"leads"})))
    desk = Teller(plan)
    night = datetime(2026, 11, 11, 23, 0, tzinfo=ZONE)
    ended = desk.fire("q0", night, severity=Severity.WARNING)
    desk.fire("q1", night, severity=Severity.WARNING)
    desk.fire("q2", night, severity=Severity.WARNING)
    desk.fire("q3", night, severity=Severity.CRITICAL)
    desk.tick(night)
    assert desk.said() == [("leads", Reason.FIRST, ("q3",))]
    desk.resolve(ended, night + timedelta(hours=1))
    for hour in range(1, 10):
        desk.tick(night + timedelta(hours=hour))
    assert desk.said()[1:] == [("leads", Reason.DIGEST, ("q1", "q2"))]
    assert desk.sent[-1].at == datetime(2026, 11, 12, 8, tzinfo=ZONE)
    assert desk.sent[-1].firing == 3


def escalating(**changes: int) -> TellingPlan:
    rota = Rota(
        "support",
        ZONE,
        (Layer(("Li", "Wang"), 1, date(2026, 11, 11), time(9)),),
        {"Li": ("li",), "Wang": ("wang",)},
    )
    policy = Policy(
        "up", (Step(5 * MINUTE, rotas=("support",)), Step(15 * MINUTE, ("boss",))), **changes
    )
    return TellingPlan(
        (Node(name="all", escalation="up"),), rotas={"support": rota}, policies={"up": policy}
    )


def test_what_nobody_acknowledges_goes_up_step_by_step():
    desk = Teller(escalating(rounds=2))
    key = desk.fire("q1")
    for second in range(0, 3600, 20):
        desk.tick(at(second))
    assert [(one.receiver, one.reason, (one.at - START) // MINUTE) for one in desk.sent] == [
        ("leads", Reason.FIRST, 0),
        ("li", Reason.ESCALATED, 5),
        ("boss", Reason.ESCALATED, 15),
        ("li", Reason.ESCALATED, 20),
        ("boss", Reason.ESCALATED, 30),
    ]
    assert (desk.sent[0].next_at, desk.sent[0].next_to) == (at(300), ("li",))
    desk.resolve(key, at(3600))
    desk.tick(at(3600))
    assert {one.receiver for one in desk.sent[5:]} == {"leads", "li", "boss"}


def test_an_acknowledgement_stops_the_escalation_and_its_end_starts_it_anew():
    desk = Teller(escalating())
    key = desk.fire("q1")
    desk.tick(START)
    desk.acknowledge(key, at(240))
    for second in range(240, 1800, 60):
        desk.tick(at(second))
    assert [one.reason for one in desk.sent] == [Reason.FIRST, Reason.ACKNOWLEDGED]
    desk.expire(key)
    for second in range(1800, 1800 + 400, 20):
        desk.tick(at(second))
    assert [(one.receiver, one.reason) for one in desk.sent[2:]] == [
        ("leads", Reason.REPEAT),
        ("li", Reason.ESCALATED),
    ]


def test_who_takes_over_is_told_of_what_fires():
    rota = escalating().rotas
    desk = Teller(TellingPlan((Node(name="all", rotas=("support",)),), rotas=rota))
    begun = datetime(2026, 11, 12, 8, 30, tzinfo=ZONE)
    desk.fire("q1", begun)
    for minute in range(0, 60, 5):
        desk.tick(begun + minute * MINUTE)
    assert [(one.receiver, one.reason) for one in desk.sent] == [
        ("li", Reason.FIRST),
        ("wang", Reason.FIRST),
    ]
    assert desk.sent[1].at == datetime(2026, 11, 12, 9, tzinfo=ZONE)


def storming(after: int = 3) -> TellingPlan:
    return TellingPlan(storm=Storm(after=after, people=frozenset({"leads"})))


def test_in_a_storm_a_digest_takes_over_and_loses_nothing():
    desk = Teller(storming(), usual=("leads", "hook"))
    keys = []
    for number in range(12):
        keys.append(desk.fire(f"q{number:02}", at(number)))
        desk.tick(at(number))
    short = keys[11]
    desk.resolve(short, at(20))  # came and went before the next digest
    for second in range(12, 130):
        desk.tick(at(second))
    to_leads = [one for one in desk.sent if one.receiver == "leads"]
    assert [(one.reason, len(one.alerts)) for one in to_leads] == [
        (Reason.FIRST, 1),
        (Reason.FIRST, 1),
        (Reason.FIRST, 1),
        (Reason.DIGEST, 1),
        (Reason.DIGEST, 8),
    ]
    assert to_leads[-1].at - to_leads[-2].at == timedelta(minutes=1)
    assert to_leads[-1].firing == 11
    # A program is told one by one whatever happens.
    assert sum(one.receiver == "hook" and one.reason is Reason.FIRST for one in desk.sent) == 12
    for key in keys[:11]:
        desk.resolve(key, at(200))
    desk.tick(at(200))
    ends = [one for one in desk.sent if one.receiver == "leads" and one.at == at(200)]
    assert Counter(one.reason for one in ends) == {Reason.RESOLVED: 3, Reason.DIGEST: 1}


def test_an_end_that_waits_for_a_digest_goes_out_when_its_alert_comes_up_again():
    desk = Teller(storming(after=1))
    keys = [desk.fire(f"q{number}") for number in range(3)]
    desk.tick(START)
    desk.resolve(keys[0], at(10))
    desk.tick(at(10))
    assert len(desk.sent) == 1
    desk.fire("q0", at(20))
    desk.tick(at(20))
    desk.tick(at(60))
    episodes = [(one.episode, one.up) for note in desk.sent for one in note.alerts
                if one.labels == desk.alerts[keys[0]].labels]  # fmt: skip
    assert episodes == [(1, True), (2, True), (1, False)]  # one digest of both


# --- laws ---------------------------------------------------------------------------------------

events = st.lists(
    st.tuples(
        st.sampled_from(["fire", "resolve", "acknowledge", "expire", "silence", "lift", "restart"]),
        st.integers(0, 3),
        st.integers(1, 90),
    ),
    max_size=40,
)
plans = st.sampled_from(
    [TellingPlan(), grouped(), grouped(repeat=2 * MINUTE), storming(1), escalating(rounds=2)]
)


class Crowd:
    """What may happen to a few queues; what makes no sense just now does nothing."""

    def __init__(self, desk: Teller) -> None:
        self._desk = desk
        self.up: dict[int, str] = {}
        self._taken: set[int] = set()

    def fire(self, queue: int, now: datetime) -> None:
        if queue not in self.up:
            self.up[queue] = self._desk.fire(f"q{queue}", now)

    def resolve(self, queue: int, now: datetime) -> None:
        if queue in self.up:
            self._desk.resolve(self.up.pop(queue), now)
            self._taken.discard(queue)

    def acknowledge(self, queue: int, now: datetime) -> None:
        if queue in self.up and queue not in self._taken:
            self._desk.acknowledge(self.up[queue], now)
            self._taken.add(queue)

    def expire(self, queue: int, now: datetime) -> None:
        if queue in self._taken:
            self._desk.expire(self.up[queue])
            self._taken.discard(queue)

    def silence(self, queue: int, now: datetime) -> None:
        of = silence(f"queue=q{queue}", until=1e6)
        self._desk.standing = Standing((*self._desk.standing.silences, of))

    def lift(self, queue: int, now: datetime) -> None:
        self._desk.standing = Standing()

    def restart(self, queue: int, now: datetime) -> None:
        self._desk.restart()


@settings(max_examples=150, deadline=None)
@given(events=events, plan=plans)
def test_whoever_was_told_of_a_beginning_is_told_of_its_end_once(events, plan):
    desk = Teller(plan, usual=("leads", "hook"))
    crowd, now = Crowd(desk), START
    for kind, queue, pause in events:
        now += pause * seconds(1)
        getattr(crowd, kind)(queue, now)
        desk.tick(now)
    for queue in list(crowd.up):
        crowd.resolve(queue, now)
    for _ in range(5):
        now += 2 * MINUTE
        desk.tick(now)
    beginnings: Counter[tuple[str, str, int]] = Counter()
    ends: Counter[tuple[str, str, int]] = Counter()
    for note in desk.sent:
        for one in note.alerts:
            place = note.receiver, one.fingerprint, one.episode
            (beginnings if one.up else ends)[place] += 1
    assert ends.keys() >= beginnings.keys()
    assert set(ends.values()) <= {1}
    assert len({one.key for one in desk.sent}) == len(desk.sent)
    assert desk.book.episodes == {}


@settings(max_examples=60, deadline=None)
@given(order=st.permutations(range(5)), pauses=st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_each_alert_reaches_each_routed_receiver_once_whatever_the_order(order, pauses):
    tree = (
        Node(
            name="odd", matchers=(parse_matcher("queue=~q[13]"),), receivers=("odd",), goes_on=True
        ),
        Node(name="all", receivers=("leads", "boss")),
    )
    desk = Teller(TellingPlan(tree))
    now = START
    for number, pause in zip(order, pauses, strict=True):
        now += pause * seconds(1)
        desk.fire(f"q{number}", now)
        if pause:
            desk.tick(now)
    desk.tick(now)
    got = Counter((receiver, queues[0]) for receiver, _, queues in desk.said())
    wanted = {(receiver, f"q{n}") for n in range(5) for receiver in ("leads", "boss")}
    assert got == Counter({*wanted, ("odd", "q1"), ("odd", "q3")})


def test_a_tick_in_which_nothing_is_due_looks_at_nothing():
    desk = Teller(escalating())
    for number in range(50):
        desk.fire(f"q{number}")
    desk.tick(START)
    assert desk.book.due(at(1)) == []
    assert desk.tick(at(1)) == []
    told = [one for episode in desk.book.episodes.values() for one in episode.told]
    assert {one.knows for one in told} == {Knows.FIRING}
