"""When a message that wasn't taken is tried again, and when we give up. Pure."""

from __future__ import annotations

from datetime import timedelta

from alerts.errors import SendError

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(minutes=5)
# A receiver that asks for more than this is asked again all the same.
LONGEST_RETRY_AFTER = timedelta(minutes=30)
# The wait grows with the message's age, so what an outage delayed is at most 1.6 % later still:
# one second during the first minute, two after two minutes, five minutes after five hours.
SHARE = 64
# A refusal (401, 404, 422 …) is somebody's mistake: a token being renewed, a receiver being
# deployed. The same bytes may be taken once it is mended, so it is tried a few times, slowly.
REFUSED_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30))


# How long a receiver that can't be reached may hold a message back from its fall-back.
FALL_BACK_AFTER = timedelta(minutes=5)


def falls_back(error: SendError, *, age: timedelta) -> bool:
    """Whether a message goes to the fall-back receiver instead of being tried again here."""
    asked = error.retry_after or timedelta(0)
    return error.permanent or age + asked >= FALL_BACK_AFTER


def next_try(
    error: SendError,
    *,
    age: timedelta,
    refusals: int,
    give_up_after: timedelta,
    spread: float,
) -> timedelta | None:
    """How long to wait; None = give up.

    `refusals` counts those before this one; `spread` in [0, 1) keeps many messages apart.
    """
    if age >= give_up_after:
        return None
    if error.permanent:
        if refusals >= len(REFUSED_WAITS):
            return None
        return REFUSED_WAITS[refusals]
    wait = min(max(age / SHARE, SHORTEST), LONGEST) * (0.75 + 0.25 * spread)
    asked = min(error.retry_after or timedelta(0), LONGEST_RETRY_AFTER)
    return max(wait, asked)
