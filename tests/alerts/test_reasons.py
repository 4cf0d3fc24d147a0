"""Who is told of a change, and why."""

from __future__ import annotations

import pytest

from alerts.alert import Cause, Reason, Status, Transition
from alerts.reasons import decide, notifications
from tests.alerts.factories import PRESALE, START, alert, at


def change(old, new):
    return Transition(
        fingerprint="f",
        episode=1,
        rule="r",
        labels=PRESALE,
        severity=alert().severity,
        old=old,
        new=new,
        cause=Cause.BREACH,
        at=at(30),
        since=START,
        value=42,
        threshold=20,
    )


OK, PENDING, FIRING, RESOLVED = Status.OK, Status.PENDING, Status.FIRING, Status.RESOLVED


@pytest.mark.parametrize(
    ("old", "new", "told", "reason"),
    [
        (OK, PENDING, False, None),
        (PENDING, OK, False, None),
        (PENDING, FIRING, False, Reason.FIRST),
        (OK, FIRING, False, Reason.FIRST),
        (PENDING, FIRING, True, None),
        (FIRING, RESOLVED, True, Reason.RESOLVED),
        (FIRING, RESOLVED, False, None),  # who wasn't told that it fired isn't told that it ended
        (PENDING, RESOLVED, True, None),  # a second wait that came to nothing
    ],
)
def test_a_receiver_is_told_of_the_first_firing_and_of_its_end(old, new, told, reason):
    assert decide(change(old, new), told=told) is reason


def test_the_end_goes_to_those_told_even_if_the_rule_names_others_now():
    notes = notifications(
        alert(), change(FIRING, RESOLVED), receivers=["new"], told={"leads", "boss"}
    )
    assert [(one.receiver, one.reason) for one in notes] == [
        ("boss", Reason.RESOLVED),
        ("leads", Reason.RESOLVED),
    ]


def test_each_receiver_gets_a_message_with_a_key_of_its_own():
    notes = notifications(alert(), change(OK, FIRING), receivers=["leads", "boss"], told=())
    assert len({one.key for one in notes}) == 2
    assert {one.at for one in notes} == {at(30)}
