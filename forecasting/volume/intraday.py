"""The rest of today from what has come so far.

How far the rest of a day follows its beginning is learned from this series' own past days, cut
at the same slot: a shrunk regression of the rest's ratio to plan on the ratio so far (Shen &
Huang 2008, MSOM 10, in its simplest form) and on how the same hours of the days before lay. Early
in a day the regression has little to say and the plan stands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.volume.grid import DayGrid
from forecasting.volume.history import Floats

BELIEF = 0.6  # of a deviation beyond chance that goes on, before the days have taught
RIDGE = (3.0, 3.0, 6.0)  # days' worth of that belief, and that the others tell nothing
LATELY = 0.6  # weight of a day in what the days lately were like, to the one after it
FADE = 0.99  # per day back: habits of last month count more than of last year
HUBER = 1.5  # robust deviations from which an error counts less
LEVERAGE = 2.5  # times the usual start of a day from which an odd start counts less
NOTABLE = 0.1  # a day this far from its plan (log ratio) counts half as much as a far one
FARTHEST = 1.5  # log ratio beyond which today is not extrapolated
FEWEST = 10  # days that the regression needs
LEARN = 0.15  # weight of the newest week in the plan of a past day


@dataclass(frozen=True, slots=True)
class Update:
    """What today's rest is to be multiplied by, and how much narrower its band is."""

    factor: float
    narrowed: float


def update_rest(past: Floats, plans: Floats, today: Floats, plan: Floats, *, cut: int) -> Update:
    """From (days, slots) of past counts and their plans, today's counts before slot `cut`.

    `today` and `plan` are (slots,); slots from `cut` on are still to come.
    """
    now = _ratios(today[None], plan[None], cut)[0]
    if not np.isfinite(now).all() or cut == 0:
        return Update(1.0, 1.0)
    seen = _ratios(past, plans, cut)
    rest = np.clip(_log_ratio(past[:, cut:], plans[:, cut:]), -FARTHEST, FARTHEST)
    usable = np.isfinite(seen).all(1) & np.isfinite(rest)
    if usable.sum() < FEWEST:
        # Too few days to learn from: believe half of what has shown, the more the surer it is.
        sure = float(np.nansum(plan[:cut])) / (float(np.nansum(plan[:cut])) + 50.0)
        return Update(float(np.exp(np.clip(0.5 * sure * now[0], -FARTHEST, FARTHEST))), 1.0)
    weight = np.power(FADE, np.arange(len(past), dtype=np.float64)[::-1])[usable]
    apart = np.abs(_log_ratio(past, plans)[usable])
    # The update is for days that leave their plan: those teach, ordinary ones mostly show noise.
    weight = weight * apart / (apart + NOTABLE)
    lately = _lately(rest)
    x = np.column_stack([np.clip(seen, -FARTHEST, FARTHEST), lately[:-1]])[usable]
    y = rest[usable]
    solved, weight = _robust_ridge(x, y, weight, chance=1 / max(float(np.nansum(plan[:cut])), 1.0))
    # Narrower by what today has shown alone: the night before knew the other days.
    open_then, open_now = y - x[:, -1] * solved[-1], y - x @ solved
    narrowed = np.sqrt((weight * open_now**2).sum() / max((weight * open_then**2).sum(), 1e-12))
    told = float(np.append(np.clip(now, -FARTHEST, FARTHEST), lately[-1]) @ solved)
    return Update(float(np.exp(told)), float(np.clip(narrowed, 0.35, 1.0)))


def _lately(rest: Floats) -> Floats:
    """(days + 1,): a fading mean of the rest's log ratios of the days before each, and before
    today; 0 before any is known."""
    found = np.zeros(len(rest) + 1)
    summed = weight = 0.0
    for day, ratio in enumerate(rest.tolist()):
        known = bool(np.isfinite(ratio))
        summed = LATELY * summed + (ratio if known else 0.0)
        weight = LATELY * weight + known
        found[day + 1] = summed / weight if weight > 0 else 0.0
    return found


def plans_then(past: DayGrid, uplift: Floats) -> Floats:
    """(days, slots): what each past day looked like from the weeks before it, NaN at first.

    Fitted values won't do: they have seen the day's end, and so hide how it follows the start.
    """
    summed = np.zeros((7, past.slots))
    weight = np.zeros((7, past.slots))
    plans = np.full(past.counts.shape, np.nan)
    plain = past.counts / uplift[: past.days, None]
    special = past.calendar_special()
    for day, weekday in enumerate(past.weekdays[: past.days]):
        there = weight[weekday] > 0
        plans[day, there] = summed[weekday, there] / weight[weekday, there] * uplift[day]
        if special[day]:
            plans[day] = np.nan
            continue
        known = np.isfinite(plain[day])
        summed[weekday] = (1 - LEARN) * summed[weekday] + np.where(known, plain[day], 0)
        weight[weekday] = (1 - LEARN) * weight[weekday] + known
    return plans


def _robust_ridge(x: Floats, y: Floats, weight: Floats, *, chance: float) -> tuple[Floats, Floats]:
    """Coefficients and final weights: days far out, in cause or effect, teach little.

    `chance` is the variance that single contacts alone give the first column.
    """
    size = np.sqrt((x[:, :-1] ** 2).sum(1))  # of the day's start
    typical = float(np.median(size)) + 1e-9
    start = weight * np.minimum(1.0, LEVERAGE * typical / np.maximum(size, 1e-9))
    now = start
    belief = np.zeros(x.shape[1])
    solved = belief
    for _ in range(4):
        spread = max(float(np.average(x[:, 0] ** 2, weights=now)), 1e-6)
        belief[0] = BELIEF * max(0.0, 1 - chance / spread)
        square = (x * now[:, None]).T @ x + spread * np.diag(RIDGE)
        solved = belief + np.linalg.solve(square, (x * now[:, None]).T @ (y - x @ belief))
        left = np.abs(y - x @ solved)
        usual = 1.4826 * float(np.median(left)) + 1e-9
        now = start * np.minimum(1.0, HUBER * usual / np.maximum(left, 1e-9))
        now = np.where(left > 5 * usual, 0.0, now)
    return solved, now


def _ratios(counts: Floats, plans: Floats, cut: int) -> Floats:
    """(days, 2): log ratio to plan of the day so far, and of its last two hours."""
    whole = _log_ratio(counts[:, :cut], plans[:, :cut])
    first = max(0, cut - max(1, counts.shape[1] // 12))
    recent = _log_ratio(counts[:, first:cut], plans[:, first:cut])
    return np.column_stack([whole, np.where(np.isfinite(recent), recent, whole)])


def _log_ratio(counts: Floats, plans: Floats) -> Floats:
    """Of known slots; a pinch of plan on both sides keeps nearly empty hours quiet."""
    known = np.isfinite(counts) & np.isfinite(plans)
    came = np.where(known, counts, 0).sum(1)
    due = np.where(known, plans, 0).sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(due > 0, np.log((came + 2.0) / (due + 2.0)), np.nan))
