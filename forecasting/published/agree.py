"""Sums that agree: queues sum to the whole, channels to their queue.

Both sides give way in proportion to their error variance (Wickramasuriya et al. 2019, JASA 114,
with a diagonal covariance), so the surer forecast moves less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forecasting.published.series import ALL, BAND_COLUMNS, MEAN, SILENT, Published, SeriesKey
from forecasting.volume.history import Floats

WIDE, DEEP = "hi-95", "lo-95"


def agreed(found: Sequence[Published]) -> tuple[Published, ...]:
    """All series of a measure with sums that agree, in the order given.

    Where a part has no forecast its share is unknown, and the sums above it stand for themselves.
    """
    made = {one.key: one for one in found if one.model}
    missing = [one.key for one in found if not one.model and one.why != SILENT]
    whole = next((key for key in made if key.queue == ALL and key.channel == ALL), None)
    leaves = [key for key in made if not any(key.holds(o) for o in made if o != key)]
    if whole is not None and leaves != [whole] and not missing:
        made |= _with_whole(made[whole], [made[key] for key in leaves])
    for key in made:
        parts = [made[leaf] for leaf in leaves if key.holds(leaf) and leaf != key]
        lost = any(key.holds(other) for other in missing)
        if parts and not lost and _same_slots([made[key], *parts]):
            made[key] = moved_to(made[key], np.sum([one.values[MEAN] for one in parts], axis=0))
    return tuple(made.get(one.key, one) for one in found)


def _with_whole(whole: Published, leaves: Sequence[Published]) -> dict[SeriesKey, Published]:
    """The leaves moved towards the whole's own forecast, each by its share of the variance."""
    if not _same_slots([whole, *leaves]):
        return {}
    variance = np.stack([_variance(one) for one in leaves])
    gap = whole.values[MEAN] - np.sum([one.values[MEAN] for one in leaves], axis=0)
    share = variance / (variance.sum(0) + _variance(whole) + 1e-9)
    return {
        one.key: moved_to(one, np.clip(one.values[MEAN] + gap * part, 0, None))
        for one, part in zip(leaves, share, strict=True)
    }


def _variance(one: Published) -> Floats:
    return np.asarray((one.values[WIDE] - one.values[DEEP]) ** 2)


def _same_slots(found: Sequence[Published]) -> bool:
    return all(np.array_equal(one.slots, found[0].slots) for one in found[1:])


def moved_to(one: Published, mean: Floats) -> Published:
    """With that mean, its bands moved along and never below 0."""
    shift = mean - one.values[MEAN]
    values = dict(one.values) | {MEAN: mean}
    for name in BAND_COLUMNS:
        values[name] = np.clip(one.values[name] + shift, 0, None)
    return replace(one, values=values)
