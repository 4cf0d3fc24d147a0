"""A fitted model of one moment: boosted trees or a scorecard, or the rule and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from forecasting.risk import boosting
from forecasting.risk.calibration import Calibration
from forecasting.risk.capacity import Capacity
from forecasting.risk.complaint import Complaint
from forecasting.risk.encoding import Encoding
from forecasting.risk.evaluation import Bin, Evaluation
from forecasting.risk.features.asof import Floats
from forecasting.risk.level import Waits
from forecasting.risk.rules import Rule
from forecasting.risk.scorecard import Scorecard


@dataclass(frozen=True, slots=True)
class Fit:
    """What was fitted: boosted trees (LightGBM's text), or a scorecard where that is missing."""

    encoding: Encoding
    calibration: Calibration
    trees: str | None = None
    scorecard: Scorecard | None = None

    @property
    def kind(self) -> str:
        return "logistic" if self.trees is None else "lightgbm"

    def ready(self, *, threads: int) -> Ready:
        if self.trees is not None:
            return Ready(self, boosting.Boosting(self.trees, threads=threads))
        if self.scorecard is None:
            raise ValueError("a fit has trees or a scorecard")
        return Ready(self, self.scorecard)


class Ready:
    """A fit that can answer: its trees are loaded."""

    def __init__(self, fit: Fit, scores: boosting.Boosting | Scorecard) -> None:
        self.fit, self._scores = fit, scores

    def contributions(self, features: pd.DataFrame, groups: Floats) -> tuple[Floats, Floats]:
        """(rows, groups) of log-odds against the usual order, and the log-odds per row, both after
        calibration: a row's contributions and the usual order's log-odds add up to its own. Every
        column of the encoding is in one group (columns, groups of 0 and 1)."""
        made = self._scores.contributions(self.fit.encoding.matrix(features), groups)
        made *= self.fit.calibration.slope
        usual = self.fit.calibration.margin(np.array([self._scores.expected]))
        return made, made.sum(axis=1) + usual[0]

    def margin(self, features: pd.DataFrame) -> Floats:
        """Log-odds per row before calibration."""
        return self._scores.margin(self.fit.encoding.matrix(features))


@dataclass(frozen=True, slots=True)
class MomentModel:
    """What scores the orders at one moment. Without a fit the rule does, for the reason `why` (a
    key of the catalogue)."""

    moment: str
    orders: int  # labelled orders that it was fitted on
    bad: int
    rule: Rule
    fit: Fit | None = None
    why: str | None = None
    constant: tuple[str, ...] = ()  # columns left out
    usual: tuple[tuple[str, float], ...] = ()  # the median of each number
    proof: tuple[Evaluation, ...] = ()  # model and rule on the last orders before as_of
    bins: tuple[Bin, ...] = ()  # said and seen of the model there
    waits: Waits | None = None  # for verdicts after this moment; None: not known


@dataclass(frozen=True, slots=True)
class RiskModel:
    """The models of all moments, fitted on what was known at `as_of`."""

    as_of: datetime
    zone: ZoneInfo
    complaint: Complaint
    moments: tuple[MomentModel, ...] = field(default=())
    capacity: Capacity | None = None
    every: int = 1  # one in so many orders is looked at to follow the level (level.py)

    def at(self, moment: str) -> MomentModel:
        return next(one for one in self.moments if one.moment == moment)

    @property
    def stamp(self) -> str:
        return f"{self.as_of.astimezone(self.zone):%Y-%m-%d}"
