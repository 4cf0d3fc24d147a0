"""What people do about alerts, done to values and through the store by a leader's tick."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.acknowledging import Outcome, apply, expire
from alerts.actions import act, actions_on, waiting
from alerts.alert import Action, ActionKind, Alert, Cause, Status, Verdict
from alerts.lifecycle import advance
from alerts.store import load_alerts, load_transitions
from connectors.store import Store
from tests.alerts.factories import START, alert, at, observation, rule
from tests.alerts.test_pipeline import Desk


def action(kind: ActionKind = ActionKind.ACKNOWLEDGE, **changes: Any) -> Action:
    usual: dict[str, Any] = {"episode": 1, "who": "小王", "at": at(5), "note": "在看了"}
    return Action(**({"fingerprint": alert().fingerprint, "kind": kind} | usual | changes))


def test_an_acknowledged_alert_says_who_is_on_it_until_when():
    (taken, change), outcome = apply(alert(), action(until=at(900)), now=at(6))
    assert taken and taken.acknowledgement and change
    assert (taken.status, taken.up, outcome) == (Status.ACKNOWLEDGED, True, Outcome.DONE)
    said = taken.acknowledgement
    assert (said.by, said.at, said.until, said.note) == ("小王", at(5), at(900), "在看了")
    assert (change.old, change.new, change.who) == (Status.FIRING, Status.ACKNOWLEDGED, "小王")
    assert change.is_history and not change.begins and not change.ends


def test_it_fires_again_when_the_acknowledgement_runs_out():
    (taken, _), _ = apply(alert(), action(until=at(900)), now=at(6))
    assert taken
    assert expire(taken, now=at(899)) == (taken, None)
    back, change = expire(taken, now=at(900))
    assert back and change
    assert (back.status, back.acknowledgement, change.cause) == (
        Status.FIRING,
        None,
        Cause.EXPIRED,
    )


def test_it_can_be_taken_back():
    (taken, _), _ = apply(alert(), action(), now=at(6))
    (back, change), _ = apply(taken, action(ActionKind.UNACKNOWLEDGE, who="李雷"), now=at(7))
    assert back and change
    assert (back.status, change.cause, change.who) == (
        Status.FIRING,
        Cause.UNACKNOWLEDGED,
        "李雷",
    )


@pytest.mark.parametrize(
    "over",
    [
        None,
        alert(status=Status.RESOLVED),
        alert(status=Status.PENDING),
        alert(episode=2),  # it ended and fires anew: nobody has seen this one
    ],
)
def test_what_is_over_cannot_be_acknowledged(over: Alert | None):
    assert apply(over, action(), now=at(6)) == ((over, None), Outcome.TOO_LATE)
    assert apply(over, action(ActionKind.COMMENT), now=at(6))[1] is Outcome.DONE


def test_an_acknowledgement_that_is_over_before_it_arrives_is_none():
    assert apply(alert(), action(until=at(6)), now=at(6)) == ((alert(), None), Outcome.TOO_LATE)


def test_somebody_is_put_on_it_and_taken_off_again():
    (held, change), _ = apply(alert(), action(ActionKind.ASSIGN, assignee="李雷"), now=at(6))
    assert held and change is None
    assert (held.assignee, held.status) == ("李雷", Status.FIRING)
    (free, _), _ = apply(held, action(ActionKind.ASSIGN), now=at(7))
    assert free and free.assignee is None


def test_a_new_episode_is_nobodys_yet_and_the_old_one_keeps_its_record():
    (taken, _), _ = apply(alert(), action(), now=at(6))
    ended, change = advance(taken, observation(Verdict.CLEAR), now=at(7))
    assert ended and change and change.ends
    assert ended.acknowledgement is not None
    fresh, _ = advance(ended, observation(Verdict.BREACH), now=at(8))
    assert fresh and (fresh.status, fresh.acknowledgement) == (Status.FIRING, None)


ticks = st.lists(
    st.tuples(
        st.integers(1, 90),
        st.sampled_from([*Verdict, *ActionKind]),
        st.none() | st.integers(1, 120),
    ),
    max_size=40,
)


@given(ticks, st.integers(0, 60), st.integers(0, 60))
def test_acknowledging_never_loses_a_firing_or_a_resolve(story, wait, keep):
    """With and without what people do, the alert begins and ends at the same moments."""
    of = rule(wait=timedelta(seconds=wait), keep_firing_for=timedelta(seconds=keep))
    left: Alert | None = None
    taken: Alert | None = None
    ends: list[tuple[list[Any], list[Any]]] = [([], []), ([], [])]
    second = 0
    for gap, what, span in story:
        second += gap
        now = at(second)
        if taken is not None:
            taken, _ = expire(taken, now=now)
        if isinstance(what, ActionKind):
            until = None if span is None else at(second + span)
            asked = action(what, at=now, until=until, episode=taken.episode if taken else 0)
            (taken, _), _ = apply(taken, asked, now=now)
            continue
        seen = observation(what, of=of)
        left, one = advance(left, seen, now=now)
        taken, two = advance(taken, seen, now=now)
        for kept, change in zip(ends, (one, two), strict=True):
            if change is not None and (change.begins or change.ends):
                kept[change.ends].append((change.at, change.episode, change.cause))
    assert ends[0] == ends[1]


# --- through the store ---------------------------------------------------------------------------


def test_a_tick_applies_what_was_written_down_elsewhere_once(store: Store):
    desk = Desk(store)
    desk.tick(0, {"q1": 42})
    (key,) = desk.book.alerts
    with store.begin() as connection:
        act(connection, action(fingerprint=key, until=at(60)))
        act(connection, action(ActionKind.ASSIGN, fingerprint=key, assignee="李雷"))
        act(connection, action(ActionKind.COMMENT, fingerprint=key, note="快递仓爆仓"))
    assert desk.tick(1, {"q1": 42}).wrote
    assert not desk.tick(2, {"q1": 42}).wrote
    with store.read() as connection:
        assert waiting(connection) == []
        assert [one.outcome for one in actions_on(connection, key, 1)] == [Outcome.DONE] * 3
        kept = load_alerts(connection)[key]
    assert (kept.status, kept.assignee) == (Status.ACKNOWLEDGED, "李雷")
    assert kept.acknowledgement and kept.acknowledgement.by == "小王"

    restarted = Desk(store)
    restarted.tick(59, {"q1": 42})
    assert restarted.book.alerts[key].status is Status.ACKNOWLEDGED
    restarted.tick(60, {"q1": 42})
    assert restarted.book.alerts[key].status is Status.FIRING
    restarted.tick(61, {"q1": 3})
    assert [one.split(" ")[1] for one in restarted.history()] == [
        "ok→firing",
        "firing→acknowledged",
        "acknowledged→firing",
        "firing→resolved",
    ]
    assert [reason for _, reason in restarted.messages()] == [
        "first", "acknowledged", "repeat", "resolved",
    ]  # fmt: skip


def test_an_alert_acknowledged_in_the_tick_that_ends_it_is_told_as_over(store: Store):
    desk = Desk(store)
    desk.tick(0, {"q1": 42})
    (key,) = desk.book.alerts
    with store.begin() as connection:
        act(connection, action(fingerprint=key))
    desk.tick(1, {"q1": 3})
    with store.read() as connection:
        changes = load_transitions(connection, since=START)
    assert [str(one.new) for one in changes] == ["firing", "acknowledged", "resolved"]
    assert desk.messages()[-1] == ("leads", "resolved")


def test_what_comes_after_the_end_is_noted_as_too_late(store: Store):
    desk = Desk(store)
    desk.tick(0, {"q1": 42})
    (key,) = desk.book.alerts
    desk.tick(1, {"q1": 3})
    with store.begin() as connection:
        act(connection, action(fingerprint=key))
    desk.tick(2, {"q1": 3})
    with store.read() as connection:
        (done,) = actions_on(connection, key)
    assert (done.outcome, done.applied_at) == (Outcome.TOO_LATE, at(2))
