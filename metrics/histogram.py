"""Durations as histogram buckets that grow by 2 %: any percentile within 1 %, and mergeable.

A value's code is its bucket; sets of codes merge by putting them together. Used where exact values
would be too many to read; values.py chooses.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint16]
GROWTH = 1.02  # the middle of a bucket is within (GROWTH-1)/(GROWTH+1) = 0.99 % of all in it
SMALLEST_S = 0.001
CODES = 2 + math.ceil(math.log(3.2e8 / SMALLEST_S) / math.log(GROWTH))  # up to ten years


def codes_of(seconds: npt.NDArray[np.float64]) -> Codes:
    """The bucket of each duration; 0 is below a millisecond."""
    scaled = np.log(np.maximum(seconds, SMALLEST_S) / SMALLEST_S) / math.log(GROWTH)
    codes = np.where(seconds < SMALLEST_S, 0, 1 + np.floor(scaled))
    return np.minimum(codes, CODES - 1).astype(np.uint16)


def _middles() -> npt.NDArray[np.float64]:
    """The value that stands for each bucket: equally far, relatively, from both of its ends."""
    low = SMALLEST_S * GROWTH ** np.arange(-1, CODES - 1, dtype=np.float64)
    middles = low * 2 * GROWTH / (1 + GROWTH)
    middles[0] = 0.0
    return middles


MIDDLES = _middles()


def of_histograms(table: npt.NDArray[np.int64], share: float) -> npt.NDArray[np.float64]:
    """A percentile of each row of bucket counts, between the two values it lies between."""
    below = table.cumsum(axis=1)
    place = share * np.maximum(below[:, -1] - 1, 0)
    low = np.floor(place)
    first = MIDDLES[np.minimum((below <= low[:, None]).sum(axis=1), CODES - 1)]
    second = MIDDLES[np.minimum((below <= np.minimum(low + 1, below[:, -1] - 1)[:, None])
                                .sum(axis=1), CODES - 1)]  # fmt: skip
    found: npt.NDArray[np.float64] = first + (second - first) * (place - low)
    return found
