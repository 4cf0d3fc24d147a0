"""The route tree: which receivers an alert goes to, and how. Pure.

The first node that matches wins, unless it says `continue`; within a node its children go first in
the same way. A node takes over from its parent what it does not say itself; the topmost take over
the receivers of the alert's rule. Where no node matches, the rule's receivers are told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.alert import Alert
from alerts.telling.matchers import Matchers, facets_of, match_all
from alerts.telling.muting import QuietHours
from alerts.telling.rota import Override, Rota, receivers_on_call

NO_WAIT = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """None = as the parent. `repeat` and `group_wait` 0 = not at all."""

    name: str
    matchers: Matchers = ()
    receivers: tuple[str, ...] | None = None
    rotas: tuple[str, ...] | None = None
    goes_on: bool = False
    group_by: tuple[str, ...] | None = None
    group_wait: timedelta | None = None
    repeat: timedelta | None = None
    quiet: QuietHours | None = None
    escalation: str | None = None
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """A node that matched, with all it took over from those above. `path` are their names."""

    path: tuple[str, ...]
    node: Node


@dataclass(frozen=True, slots=True)
class Destination:
    """One receiver of one alert. `group` "" = a message of its own. `via`: the person on call."""

    receiver: str
    path: tuple[str, ...]
    group: str
    group_wait: timedelta
    repeat: timedelta
    quiet: QuietHours | None
    escalation: str | None
    via: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who can be told at a moment: rotas, overrides and everybody there is."""

    rotas: Mapping[str, Rota]
    overrides: Sequence[Override] = ()

    def on_call(self, rota: str, at: datetime) -> tuple[str | None, tuple[str, ...]]:
        found = self.rotas.get(rota)
        return (None, ()) if found is None else receivers_on_call(found, self.overrides, at)


def ways(tree: Sequence[Node], facets: Mapping[str, str]) -> list[Way]:
    """The nodes that an alert ends up in, in the order of the tree."""
    root = Node(name="")
    return list(_walk(tree, facets, Way((), root)))


def destinations(
    tree: Sequence[Node], alert: Alert, usual: Sequence[str], desk: Desk, at: datetime
) -> list[Destination]:
    """Each receiver once, by the first way that leads there. `usual`: those of the alert's rule.

    Where a rota has a hole, the usual receivers are told: an alert never goes to nobody unless its
    rule or route says so.
    """
    facets = facets_of(alert)
    found: dict[str, Destination] = {}
    for way in ways(tree, facets) or [Way((), Node(name=""))]:
        for receiver, via in _receivers(way.node, usual, desk, at):
            found.setdefault(receiver, _destination(receiver, via, way, facets))
    return list(found.values())


def _receivers(
    node: Node, usual: Sequence[str], desk: Desk, at: datetime
) -> Iterator[tuple[str, str]]:
    if node.receivers is None and node.rotas is None:
        yield from ((one, "") for one in usual)
        return
    yield from ((one, "") for one in node.receivers or ())
    for rota in node.rotas or ():
        person, receivers = desk.on_call(rota, at)
        if person is None and not node.receivers:
            yield from ((one, "") for one in usual)
        yield from ((one, person or "") for one in receivers)


def _destination(receiver: str, via: str, way: Way, facets: Mapping[str, str]) -> Destination:
    node = way.node
    return Destination(
        receiver=receiver,
        path=way.path,
        group=_group(way, facets) if node.group_by is not None else "",
        group_wait=node.group_wait or NO_WAIT,
        repeat=node.repeat or NO_WAIT,
        quiet=node.quiet,
        escalation=node.escalation,
        via=via,
    )


def _group(way: Way, facets: Mapping[str, str]) -> str:
    names = way.node.group_by or ()
    text = json.dumps([way.path, [[name, facets.get(name, "")] for name in names]])
    return "g" + hashlib.sha256(text.encode()).hexdigest()[:19]


def _walk(nodes: Sequence[Node], facets: Mapping[str, str], above: Way) -> Iterator[Way]:
    for node in nodes:
        if not match_all(node.matchers, facets):
            continue
        here = Way((*above.path, node.name), _taken_over(node, above.node))
        below = list(_walk(node.children, facets, here))
        yield from below or [here]
        if not node.goes_on:
            return


def _taken_over(node: Node, above: Node) -> Node:
    own_people = node.receivers is not None or node.rotas is not None
    return replace(
        node,
        receivers=node.receivers if own_people else above.receivers,
        rotas=node.rotas if own_people else above.rotas,
        group_by=above.group_by if node.group_by is None else node.group_by,
        group_wait=above.group_wait if node.group_wait is None else node.group_wait,
        repeat=above.repeat if node.repeat is None else node.repeat,
        quiet=above.quiet if node.quiet is None else node.quiet,
        escalation=above.escalation if node.escalation is None else node.escalation,
    )
