"""All about telling that the configuration says, made ready. No behaviour but looking up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from alerts.telling.escalation import Policy
from alerts.telling.muting import Inhibition, Maintenance, Silence
from alerts.telling.rota import Rota
from alerts.telling.routes import Node


@dataclass(frozen=True, slots=True)
class Storm:
    """More than `after` first messages `within` a span to one of `people` turn into digests, one
    `every` span at most. Programs (web hooks) are told alert by alert whatever happens."""

    after: int = 20
    within: timedelta = timedelta(minutes=5)
    every: timedelta = timedelta(minutes=1)
    people: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TellingPlan:
    tree: tuple[Node, ...] = ()
    inhibitions: tuple[Inhibition, ...] = ()
    windows: tuple[Maintenance, ...] = ()
    silences: tuple[Silence, ...] = ()  # of the configuration
    rotas: Mapping[str, Rota] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    storm: Storm = Storm()


PLAIN = TellingPlan()
