"""Which queues, channels, teams, agents and sources count: URL → Where. Pure.

A filter may hold several values (`?queue=A&queue=B`: either of them); none means all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from dashboard.history.period import Problem
from metrics.reading import EVERYTHING, Where

LABELS: Final = ("queue", "channel", "team", "agent", "source")
_MOST = 50  # values of one filter: a URL holds no more


def read_filters(
    query: Mapping[str, Sequence[str]], known: Mapping[str, Sequence[str]]
) -> tuple[Where, list[Problem]]:
    """The filters of a URL. A value that no fact carries stays (nothing is found then, which is
    true) and is said: a queue may have been renamed in its source."""
    where = EVERYTHING
    problems: list[Problem] = []
    for name in LABELS:
        values = tuple(dict.fromkeys(one for one in query.get(name, ()) if one))[:_MOST]
        where = only(where, name, values)
        problems += [
            Problem(f"filter.unknown_{name}", (("value", value),))
            for value in values
            if value not in known.get(name, ())
        ]
    return where, problems


def only(where: Where, name: str, values: tuple[str, ...]) -> Where:
    """The filters with one of them set, whatever it was before."""
    if name not in LABELS:
        return replace(where, more=(*where.more, (name, values)))
    named = {one: values if one == name else getattr(where, one) for one in LABELS}
    return Where(
        queue=named["queue"],
        channel=named["channel"],
        source=named["source"],
        team=named["team"],
        agent=named["agent"],
        more=where.more,
    )


def written(where: Where) -> dict[str, list[str]]:
    """The filters as they stand in a URL."""
    return {name: list(values) for name, values in chosen_labels(where)}


def chosen_labels(where: Where) -> list[tuple[str, tuple[str, ...]]]:
    """The filters that are set."""
    found = [(name, tuple(getattr(where, name))) for name in LABELS]
    return [(name, values) for name, values in found if values]
