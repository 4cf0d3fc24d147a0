"""The sentence under the title: how many differ clearly, never who. Pure."""

from __future__ import annotations

from dashboard.agents.scorecard import Scorecard
from dashboard.words import Words
from metrics.fairness import ENOUGH, Standing

_CLEAR = (Standing.BETTER, Standing.WORSE)
_JUDGED = (*_CLEAR, Standing.CHANCE)


def sentence(card: Scorecard, say: Words) -> str:
    """Of everything first, then of the figure chosen."""
    if not card.agents:
        return say("stands.nothing")
    judged = {one.id for one in card.agents if _any(card, one.id, _JUDGED)}
    if not judged:
        return say("agents.none_judged", agents=say.count(len(card.agents)), n=ENOUGH)
    clear = [name for name in judged if _any(card, name, _CLEAR)]
    if not clear:
        return say("agents.none_clear", n=say.count(len(judged)))
    found = say("agents.some_clear", n=say.count(len(judged)), clear=say.count(len(clear)))
    standings = card.standings(card.chosen)
    better, worse = (standings.count(one) for one in _CLEAR)
    name = card.chosen.head.kpi.title(say.language)
    if not better + worse:
        return found + say("agents.not_here", name=name)
    return found + say("agents.here", name=name, better=better, worse=worse)


def _any(card: Scorecard, agent: str, wanted: tuple[Standing, ...]) -> bool:
    return any(
        column.fair[agent].standing in wanted for column in card.columns if agent in column.fair
    )
