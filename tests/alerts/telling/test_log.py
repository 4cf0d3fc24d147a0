"""The notification log, silences and overrides on real stores; ticks that go through them."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

import pytest
import sqlalchemy as sa

from alerts.actions import act
from alerts.alert import Action, ActionKind, Reason
from alerts.book import AlertBook, SourceWatch, rule_book
from alerts.errors import AlertsError
from alerts.pipeline import Reading, TickResult, evaluate_and_record
from alerts.retention import prune
from alerts.store import load_alerts
from alerts.telling.batches import DIGEST_LANE
from alerts.telling.book import Standing, TellingBook
from alerts.telling.known import Episode, Knows, Told
from alerts.telling.log import load_episodes, load_open, load_recents, save_episodes
from alerts.telling.matchers import parse_matcher
from alerts.telling.muting import Mute, MuteKind, Silence
from alerts.telling.plan import PLAIN, Storm, TellingPlan
from alerts.telling.rota import Override
from alerts.telling.routes import Node
from alerts.telling.standing_store import (
    add_override,
    add_silence,
    end_override,
    end_silence,
    load_standing,
)
from connectors import alert_tables
from connectors.store import Store
from tests.alerts.factories import START, at, queues, rule, seconds, source


class Desk:
    """One leader's ticks with a plan for telling."""

    def __init__(self, store: Store, plan: TellingPlan = PLAIN) -> None:
        self.store = store
        self.rules = rule_book([rule()], SourceWatch(on=False))
        self.book = AlertBook(telling=TellingBook(plan))

    def tick(self, second: float, **values: float) -> TickResult:
        reading = Reading(at(second), queues(values), [source(at(second))])
        return evaluate_and_record(self.store, self.book, self.rules, reading)

    def messages(self) -> list[str]:
        box = alert_tables.outbox.c
        with self.store.read() as connection:
            return list(connection.execute(sa.select(box.reason).order_by(box.id)).scalars())


def of_queue(name: str, **changes: object) -> Silence:
    values = {"since": START, "until": at(3600), "by": "Wang", "made_at": START} | changes
    return Silence(matchers=(parse_matcher(f"queue={name}"),), **values)  # type: ignore[arg-type]


def test_what_is_known_comes_back_as_it_was(store: Store):
    told = Told(receiver="leads", lane="f1", knows=Knows.FIRING, reason=Reason.FIRST, at=START,
                times=1)  # fmt: skip
    mute = Mute(MuteKind.SILENCED, "Wang", at(60), "deploy")
    kept = Episode(fingerprint="f1", episode=2, told=(told,), mute=mute, muted_since=START,
                   since=START, steps=1)  # fmt: skip
    with store.begin() as connection:
        save_episodes(connection, [kept])
        assert load_open(connection) == {"f1": Episode(fingerprint="f1", episode=2, told=(told,))}
        save_episodes(connection, [Episode(fingerprint="f1", episode=2, told=(told,))])


def test_recent_messages_are_counted_for_people_only(store: Store):
    storm = Storm(people=frozenset({"leads"}))
    told = [
        Told(receiver=name, lane=lane, knows=Knows.FIRING, reason=reason, at=at(second), times=1)
        for name, lane, reason, second in (
            ("leads", "f1", Reason.FIRST, 0),
            ("hook", "f1", Reason.FIRST, 0),
            ("late", DIGEST_LANE, Reason.DIGEST, 0),
        )
    ]
    with store.begin() as connection:
        save_episodes(connection, [Episode(fingerprint="f1", episode=1, told=tuple(told))])
        assert load_recents(connection, storm, at(10)).keys() == {"leads"}
        assert load_recents(connection, storm, at(400)) == {}


def test_silences_are_made_listed_and_ended_but_never_deleted(store: Store):
    with store.begin() as connection:
        number = add_silence(connection, of_queue("q1"))
        add_silence(connection, of_queue("q2", until=at(5)))
        assert len(load_standing(connection, START).silences) == 2
        assert [one.id for one in load_standing(connection, at(10)).silences] == [number]
        end_silence(connection, number, by="Li", now=at(20))
        assert load_standing(connection, at(20)) == Standing()
        with pytest.raises(AlertsError, match="no silence 1 that still holds"):
            end_silence(connection, number, by="Li", now=at(21))


def test_a_shift_is_taken_over_and_given_back(store: Store):
    taken = Override(rota="support", person="Li", since=START, until=at(3600), by="Wang",
                     reason="cinema", made_at=START)  # fmt: skip
    with store.begin() as connection:
        number = add_override(connection, taken)
        (kept,) = load_standing(connection, START).overrides
        assert (kept.person, kept.reason, kept.id) == ("Li", "cinema", number)
        end_override(connection, number, by="Li", now=at(60))
        assert load_standing(connection, at(60)) == Standing()


def test_a_silenced_alert_is_told_when_its_silence_ends_even_by_another_leader(store: Store):
    with store.begin() as connection:
        number = add_silence(connection, of_queue("q1"))
    desk = Desk(store)
    assert desk.tick(0, q1=42).queued == 0
    with store.read() as connection:
        [episode] = load_episodes(connection, load_alerts(connection).values()).values()
    assert episode.mute is not None
    assert (episode.mute.by, episode.mute.until) == ("Wang", at(3600))
    assert not desk.tick(1, q1=42).wrote
    other = Desk(store)
    assert other.tick(2, q1=42).queued == 0
    with store.begin() as connection:
        end_silence(connection, number, by="Li", now=at(3))
    assert other.tick(4, q1=42).queued == 1
    assert other.tick(5, q1=3).queued == 1
    assert other.messages() == ["first", "resolved"]


def test_an_acknowledgement_is_told_once_and_stops_the_repeats(store: Store):
    plan = TellingPlan((Node(name="all", repeat=timedelta(minutes=5)),))
    desk = Desk(store, plan)
    desk.tick(0, q1=42)
    [(key, alert)] = desk.book.alerts.items()
    taken = Action(fingerprint=key, episode=alert.episode, kind=ActionKind.ACKNOWLEDGE, who="Li",
                   at=at(310), until=at(900))  # fmt: skip
    for second in range(10, 1200, 10):
        if second == 310:
            with store.begin() as connection:
                act(connection, taken)
        desk.tick(second, q1=42)
        if second % 100 == 0:
            desk = Desk(store, plan)  # a new leader each time changes nothing
    assert desk.messages() == ["first", "repeat", "acknowledged", "repeat"]
    desk.tick(1200, q1=3)
    assert desk.messages()[-1] == "resolved"


def test_a_message_that_waits_for_a_digest_survives_the_worker(store: Store):
    plan = TellingPlan(storm=Storm(after=1, every=seconds(60), people=frozenset({"leads"})))
    desk = Desk(store, plan)
    desk.tick(0, q1=42, q2=42)
    desk.tick(5, q1=42, q2=42, q3=42)
    desk = Desk(store, plan)
    desk.tick(10, q1=42, q2=42, q3=3)  # q3 came and went
    assert desk.messages() == ["digest"]
    for second in range(11, 70):
        desk.tick(second, q1=42, q2=42, q3=3)
    assert desk.messages() == ["digest", "digest"]
    with store.read() as connection:
        assert load_open(connection).keys() == desk.book.telling.episodes.keys()


def test_who_was_told_of_what_is_over_is_forgotten_after_a_long_time(store: Store):
    desk = Desk(store)
    desk.tick(0, q1=42, q2=42)
    desk.tick(10, q1=3, q2=42)
    keep = timedelta(days=400)
    prune(store, now=at(5) + keep, keep=keep, stop=Event())
    known = {one.labels: one.fingerprint for one in desk.book.alerts.values()}
    with store.read() as connection:
        assert len(load_episodes(connection, desk.book.alerts.values())) == 2
    prune(store, now=at(20) + keep, keep=keep, stop=Event())
    with store.read() as connection:
        left = load_episodes(connection, desk.book.alerts.values())
    assert left.keys() == {key for labels, key in known.items() if ("queue", "q2") in labels}
