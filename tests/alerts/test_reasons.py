"""Every row is one case: what a receiver knows and how the alert stands, and what is said."""

from __future__ import annotations

import pytest

from alerts.alert import Reason, Status
from alerts.reasons import MUTED, decide
from alerts.telling.known import Knows
from tests.alerts.factories import alert

FIRING, TAKEN, OVER = Status.FIRING, Status.ACKNOWLEDGED, Status.RESOLVED


@pytest.mark.parametrize(
    ("knows", "status", "again", "step", "reason"),
    [
        (None, FIRING, False, False, Reason.FIRST),
        (None, TAKEN, False, False, None),  # somebody is on it: nobody else need be woken
        (None, OVER, False, False, None),  # who was not told of a beginning hears of no end
        (None, FIRING, False, True, Reason.ESCALATED),
        (Knows.FIRING, FIRING, False, False, None),
        (Knows.FIRING, FIRING, True, False, Reason.REPEAT),
        (Knows.FIRING, FIRING, True, True, Reason.ESCALATED),
        (Knows.FIRING, TAKEN, True, False, Reason.ACKNOWLEDGED),
        (Knows.FIRING, OVER, True, True, Reason.RESOLVED),
        (Knows.ACKNOWLEDGED, TAKEN, True, False, None),
        (Knows.ACKNOWLEDGED, FIRING, False, False, Reason.REPEAT),  # nobody is on it any more
        (Knows.ACKNOWLEDGED, OVER, False, False, Reason.RESOLVED),
        (Knows.WAITING, FIRING, False, False, Reason.DIGEST),
        (Knows.WAITING, OVER, False, False, Reason.DIGEST),  # it came and went, and is told
        (Knows.RESOLVED, OVER, False, False, None),
    ],
)
def test_what_a_receiver_is_told(
    knows: Knows | None, status: Status, again: bool, step: bool, reason: Reason | None
) -> None:
    assert decide(knows, alert(status=status), again=again, step=step) is reason


def test_ends_and_acknowledgements_pass_every_mute():
    assert not {Reason.RESOLVED, Reason.ACKNOWLEDGED} & MUTED
