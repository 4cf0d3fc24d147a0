"""Champion and challenger: whether a newly fitted model may take the place of the one in use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from connectors.columns import to_micros
from forecasting.risk.evaluation import log_loss
from forecasting.risk.facts import Facts
from forecasting.risk.model import RiskModel
from forecasting.risk.moments import labelled
from forecasting.risk.score import Scorer
from forecasting.risk.training import FEWEST

MARGIN = 0.002  # of the log loss: what a champion must be better by to stay


@dataclass(frozen=True, slots=True)
class Contest:
    """How both did on the orders that neither was fitted on; None where those are too few."""

    moment: str
    orders: int
    champion: float | None
    challenger: float | None

    @property
    def champion_stays(self) -> bool:
        if self.champion is None or self.challenger is None:
            return False
        return self.champion < self.challenger * (1 - MARGIN)


def contest(
    champion: RiskModel, challenger: RiskModel, facts: Facts, moment: str, *, now: datetime
) -> Contest:
    """Log loss of both on orders placed since the later of their as-ofs, with a verdict by `now`.

    To judge a retraining, fit the challenger as of some weeks ago; once it has won, fit it again as
    of now and publish that.
    """
    since = to_micros(max(champion.as_of, challenger.as_of))
    scorers = [Scorer(model, facts) for model in (champion, challenger)]
    rows, _ = labelled(facts, scorers[0].told, moment, by=to_micros(now))
    rows = rows[facts.instants("placed_at")[rows] > since]
    bad = scorers[0].told.bad[rows]
    if len(rows) < FEWEST or not 0 < np.count_nonzero(bad) < len(rows):
        return Contest(moment, len(rows), None, None)
    losses = [log_loss(bad, scorer.probabilities(rows, moment)[0]) for scorer in scorers]
    return Contest(moment, len(rows), *losses)
