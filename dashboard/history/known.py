"""What figures can be filtered by: the label values of the store, and the names of agents."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from connectors.schema import agents, label_sets
from dashboard.history.filters import LABELS
from dashboard.words import UNKNOWN, Words


@dataclass(frozen=True, slots=True)
class Known:
    """`labels`: the values of each label, sorted. `agents`: names by id."""

    labels: Mapping[str, tuple[str, ...]]
    agents: Mapping[str, str]

    def shown(self, label: str, value: str, say: Words | None = None) -> str:
        """How a label value is called on a page; in the viewer's words where there are any."""
        if not value:
            return UNKNOWN
        if label == "kind" and say is not None and say.has(f"case.kind_{value}"):
            return say(f"case.kind_{value}")
        return self.agents.get(value, value) if label == "agent" else value

    def agents_called(self, name: str) -> tuple[str, ...]:
        """The ids of those with a name."""
        return tuple(
            sorted(key for key, shown in self.agents.items() if shown in (name, f"{name} ({key})"))
        )


def known_of(connection: sa.Connection, sources: Sequence[str]) -> Known:
    """Values that any stored figure carries; sources are those of the configuration."""
    found: dict[str, set[str]] = {name: set() for name in LABELS}
    for text in connection.execute(sa.select(label_sets.c.labels)).scalars():
        labels = json.loads(text)
        for name in LABELS:
            if labels.get(name):
                found[name].add(labels[name])
    found["source"] &= set(sources)
    called = connection.execute(sa.select(agents.c.agent_id, agents.c.name)).all()
    names = {row.agent_id: row.name for row in called if row.name}
    times = Counter(names.values())
    return Known(
        {name: tuple(sorted(values)) for name, values in found.items()},
        # Two people of one name must not become one bar.
        {key: name if times[name] == 1 else f"{name} ({key})" for key, name in names.items()},
    )
