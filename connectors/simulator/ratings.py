"""What customers think: surveys after a conversation, reviews of orders, in scores and words."""

from __future__ import annotations

from bisect import bisect_right

from connectors.simulator.dice import Dice
from connectors.simulator.instants import DAY, HOUR, MINUTE, SECOND
from connectors.simulator.records import Contact, Rating
from connectors.simulator.words import WORDS

_ASKED = 0.88
_ANSWERED = 0.30
_COMMENTED = 0.45
_CHANGED_MIND = 0.03
_LONGEST_WAIT_FOR_ANSWER = 2 * DAY
_ASKED_TO_RECOMMEND = 0.08
_RECOMMENDATION_GIVEN = 0.28
# cumulated shares of 0 to 9
_RECOMMENDS = (0.005, 0.01, 0.015, 0.02, 0.03, 0.07, 0.12, 0.24, 0.44, 0.66)
_WARNS = (0.20, 0.28, 0.36, 0.45, 0.53, 0.67, 0.78, 0.88, 0.94, 0.97)
_ANSWERED_AT_ONCE = 0.45


def survey(contact: Contact, dice: Dice, at: int) -> Rating | None:
    """The survey sent at a contact's first close, with the answer it will get, if any."""
    if not dice.chance(_ASKED):
        return None
    rating = Rating("csat", None, at, None)
    rating.customer, rating.agent = contact.customer, contact.steps[-1].agent
    if not dice.chance(_ANSWERED):
        return rating
    rating.score, mood = _verdict(contact, dice)
    rated_at = at + 4 * SECOND + min(dice.span(90 * SECOND), _LONGEST_WAIT_FOR_ANSWER)
    rating.rated_at = rated_at
    if dice.chance(_COMMENTED):
        rating.text = dice.pick(WORDS[contact.queue.language].csat[mood])
    if dice.chance(_CHANGED_MIND):
        rating.revised_at = rated_at + dice.span(2 * HOUR)
        rating.revised = 1 + int(dice.unit() * 5)
    return rating


def recommendation(contact: Contact, dice: Dice, at: int) -> Rating | None:
    """0 to 10, asked of few a day after the first close; who was content recommends the shop."""
    if dice.aside(0) >= _ASKED_TO_RECOMMEND:
        return None
    asked_at = at + 18 * HOUR + int(dice.aside(1) * 6 * HOUR)
    rating = Rating("nps", None, asked_at, None, scale=10)
    rating.customer, rating.agent = contact.customer, contact.steps[-1].agent
    if dice.aside(2) < _RECOMMENDATION_GIVEN:
        rating.rated_at = asked_at + MINUTE + int(dice.aside(3) ** 2 * 20 * HOUR)
        content = contact.rating.score if contact.rating and contact.rating.score else 4
        up_to = _RECOMMENDS if content > 3 else _WARNS
        rating.score = bisect_right(up_to, dice.aside(4))
    return rating


def _verdict(contact: Contact, dice: Dice) -> tuple[int, str]:
    """Waiting, trouble with the order and being passed around are what spoils a score."""
    asked = contact.queued_at or contact.opened_at
    waited_s = ((contact.first_reply_at or asked) - asked) / SECOND / contact.queue.pace
    upset = contact.wish is not None and contact.wish.upset
    trouble = 0.05 + 0.10 * (waited_s > 60) + 0.20 * (waited_s > 240)
    trouble += 0.22 * upset + 0.06 * bool(contact.transfers)
    if not dice.chance(trouble):
        return _score(dice, (0.0, 0.0, 0.03, 0.13)), "good"
    score = _score(dice, (0.45, 0.62, 0.92, 0.97))
    if score >= 3:
        return score, "fair"
    if upset:
        return score, "late"
    return score, "waited" if waited_s > 60 else "bad"


def _score(dice: Dice, up_to: tuple[float, float, float, float]) -> int:
    """1 to 5 by cumulated shares of 1, 2, 3 and 4."""
    unit = dice.unit()
    return 1 + sum(unit >= share for share in up_to)


def review(dice: Dice, *, order_ref: str, product_ref: str, late: bool, at: int) -> Rating:
    """A review of an order, and the shop's public answer to it."""
    words = WORDS["zh"].review
    score = _score(dice, (0.26, 0.38, 0.54, 0.70) if late else (0.035, 0.055, 0.12, 0.26))
    mood = "good" if score > 3 else "fair" if score == 3 else "late" if late else "bad"
    rating = Rating("review", score, None, at, order_ref=order_ref, product_ref=product_ref)
    rating.text = dice.pick(words[mood])
    if dice.chance(0.75 if score <= 2 else 0.15):
        usual = 5 * HOUR if score <= 2 else 20 * HOUR
        at_once = dice.aside(0) < _ANSWERED_AT_ONCE
        rating.answered_at = at + dice.span(usual // 8 if at_once else usual)
    return rating
