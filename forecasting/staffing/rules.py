"""What staff is computed for: target, handling, limits; and how people write a target."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from connectors.durations import parse_duration
from forecasting.staffing.errors import BadRules

NO_SHRINKAGE = Fraction(0)


@dataclass(frozen=True, slots=True)
class StaffingRules:
    """How contacts of a queue are handled and what they must meet.

    share, within_s: service level, at least `share` of all offered contacts answered in `within_s`
    seconds. aht_s: mean handle time in seconds, wall-clock at this concurrency. concurrency:
    contacts an agent serves at once. patience_s: mean of exponential patience; None: nobody leaves
    (Erlang C). most_occupancy: cap on the busy share of seats, None for none. minimum: least agents
    on seat in slots with contacts, and where `minimum_always` also in the others. shrinkage: share
    of paid time off the queue, exact. BadRules when one of them is impossible.
    """

    share: float
    within_s: float
    aht_s: float
    concurrency: int = 1
    patience_s: float | None = None
    shrinkage: Fraction = NO_SHRINKAGE
    most_occupancy: float | None = None
    minimum: int = 0
    minimum_always: bool = False

    def __post_init__(self) -> None:
        _require(0 < self.share < 1, f"the target share {self.share:g} can't be reached or asks "
                 "for nothing; write a share between 0 and 1, for example 0.8/30s")  # fmt: skip
        _require(0 <= self.within_s < math.inf, f"a wait of {self.within_s:g} s is impossible; "
                 "write 0 s or more")  # fmt: skip
        _require(0 < self.aht_s < math.inf, f"a handle time of {self.aht_s:g} s is impossible; "
                 "give the mean handle time in seconds, above 0")  # fmt: skip
        _require(self.concurrency >= 1 and self.concurrency == int(self.concurrency),
                 f"a concurrency of {self.concurrency:g} is impossible; "
                 "give a whole number of contacts at once, 1 or more")  # fmt: skip
        _require(self.patience_s is None or 0 < self.patience_s < math.inf,
                 "the patience must exceed 0 s; leave it out when nobody gives up")  # fmt: skip
        _require(0 <= self.shrinkage < 1, f"a shrinkage of {float(self.shrinkage):g} leaves nobody "
                 "on seat; give a share from 0 up to, not including, 1")  # fmt: skip
        _require(self.most_occupancy is None or 0 < self.most_occupancy <= 1,
                 "an occupancy cap lies above 0 and at most at 1, for example 0.85")  # fmt: skip
        _require(self.minimum >= 0, "the minimum of agents can't be negative; give 0 or more")


def parse_target(text: str) -> tuple[float, float]:
    """`0.8/30s` → (0.8, 30.0); BadRules in one sentence for any other form."""
    match = re.fullmatch(r"\s*(\d*\.?\d+)\s*/\s*(\d.*?)\s*", text, re.ASCII)
    if not match:
        raise BadRules(
            f"the target '{text[:40]}' isn't SHARE/TIME; write the share as a fraction and the "
            "time with its unit, for example 0.8/30s"
        )
    share = float(match[1])
    if not 0 < share < 1:
        raise BadRules(
            f"the target share {match[1][:20]} can't be reached or asks for nothing; "
            "write a share between 0 and 1, for example 0.8/30s"
        )
    return share, parse_seconds(match[2], what="the target's time")


def parse_seconds(text: str, *, what: str) -> float:
    """`240` and `240s` and `4m` → 240.0; BadRules names `what`."""
    try:
        return float(text) if re.fullmatch(r"\s*\d*\.?\d+\s*", text, re.ASCII) else (
            parse_duration(text).total_seconds()
        )  # fmt: skip
    except ValueError:
        raise BadRules(
            f"{what} '{text[:40]}' isn't a span of time; write for example 30s, 4m or 240"
        ) from None


def exact_share(text: str | float, *, what: str = "the shrinkage") -> Fraction:
    """A share as written: 0.3 is 3/10, not the nearest float."""
    try:
        value = Decimal(str(text).strip())
    except InvalidOperation:
        raise BadRules(f"{what} '{str(text)[:40]}' isn't a number; write for example 0.3") from None
    if not value.is_finite() or not 0 <= value < 1:
        raise BadRules(f"{what} {str(text)[:40]} isn't a share; give 0 up to, not including, 1")
    if value.adjusted() < -30:
        return NO_SHRINKAGE
    return Fraction(value)


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise BadRules(sentence)
