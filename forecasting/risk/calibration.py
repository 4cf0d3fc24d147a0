"""From log-odds to probabilities that mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.risk.features.asof import Flags, Floats

SLOPES = (0.6, 1.4)  # what a later period may ask for; beyond lies chance
STEPS = 25


@dataclass(frozen=True, slots=True)
class Calibration:
    """Log-odds times slope plus offset (Platt 1999)."""

    slope: float = 1.0
    offset: float = 0.0

    def margin(self, margin: Floats) -> Floats:
        return self.slope * margin + self.offset

    def probability(self, margin: Floats) -> Floats:
        """Strictly between 0 and 1."""
        return probability(self.margin(margin))


def probability(margin: Floats) -> Floats:
    made: Floats = 1 / (1 + np.exp(-np.clip(margin, -30, 30)))
    return made


def log_odds(share: Floats | float) -> Floats:
    kept = np.clip(share, 1e-6, 1 - 1e-6)
    made: Floats = np.log(kept / (1 - kept))
    return made


def fit_calibration(margin: Floats, bad: Flags) -> Calibration:
    """Half of the turn that a later period asks for, about its mean: one period's slope is a guess
    at the next one's. The level is kept: it moves with the shop's own recent rates, which are
    features."""
    slope, offset = 1.0, 0.0
    for _ in range(STEPS):  # Newton's; two unknowns, so it is there long before
        p = probability(slope * margin + offset)
        weight, miss = p * (1 - p) + 1e-9, bad - p
        a, b, c = weight.sum(), (weight * margin).sum(), (weight * margin**2).sum()
        u, v = miss.sum(), (miss * margin).sum()
        turn = max(a * c - b * b, 1e-9)
        offset, slope = offset + (c * u - b * v) / turn, slope + (a * v - b * u) / turn
    kept = (1 + float(np.clip(slope, *SLOPES))) / 2
    return Calibration(kept, float(margin.mean()) * (1 - kept))
