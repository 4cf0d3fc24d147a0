"""What happens when somebody acts on an order: the true effect, known because it is made here.

Acting prevents a complaint with a set chance, drawn per order from the shop's seed. An order that
would not have complained is the same either way. Nobody else knows the chance or the draw.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from connectors.simulator.records import Case, Order, Rating

_BAD = 2  # stars of a review that is a complaint
_STEPS = 2**64


@dataclass(frozen=True, slots=True)
class Acting:
    """`prevents`: the chance that acting keeps an order from complaining (0 to 1)."""

    seed: int
    prevents: float

    def works(self, order_ref: str) -> bool:
        """Whether acting on this order prevents its complaint."""
        text = f"{self.seed}\0acting\0{order_ref}".encode()
        drawn = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())
        return drawn < self.prevents * _STEPS


def complaints_after(order: Order, kinds: tuple[str, ...], at: int) -> list[Case | Rating]:
    """What the order complains with after an instant, if nobody acts: cases of these kinds, a bad
    review."""
    found: list[Case | Rating] = [
        case for case in order.cases if case.kind in kinds and case.opened_at > at
    ]
    review = order.review
    if review is not None and (review.rated_at or 0) > at and (review.score or 0) <= _BAD:
        found.append(review)
    return found
