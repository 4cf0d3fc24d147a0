"""What is wrong about telling between sections of the configuration: one sentence each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.telling.making import TellingSettings, rota
from alerts.telling.matchers import FACETS, Matcher, parse_matcher
from alerts.telling.rota import holes
from alerts.telling.settings import OncallSettings, RouteSettings
from alerts.telling.weekly import Spans, begins_after, ends_at, parse_spans
from metrics.text import format_moment

# A rota is looked at this far ahead: through every turn of eight people, and a change of the clock.
AHEAD = timedelta(days=56)


@dataclass(frozen=True, slots=True)
class _Around:
    """What the other sections have. `labels`: those that some rule's alerts carry."""

    receivers: Sequence[str]
    labels: Collection[str]


def telling_problems(
    sections: TellingSettings, receivers: Sequence[str], labels: Collection[str]
) -> list[str]:
    """What is wrong whenever it is read. `labels`: those that some rule's alerts carry."""
    around = _Around(receivers, labels)
    rotas = [one.name for one in sections.oncall]
    policies = [one.name for one in sections.escalations]
    found = [f"two rotas are named {one!r}; rename one" for one in _twice(rotas)]
    found += [f"two escalations are named {one!r}; rename one" for one in _twice(policies)]
    for route in sections.routes:
        found += _route(route, rotas, policies, around)
    for policy in sections.escalations:
        for step in policy.steps:
            where = f"escalation {policy.name!r}"
            found += _receivers(where, step.receivers, around)
            found += _rotas(where, step.oncall, rotas)
    for one in sections.oncall:
        for person, names in one.people.items():
            found += _receivers(f"rota {one.name!r}: {person}", names, around)
    for where, texts in _matchers(sections):
        found += _labels(where, (parse_matcher(text) for text in texts), around)
    return list(dict.fromkeys(found))


def rota_problems(one: OncallSettings, zone: ZoneInfo, now: datetime) -> Iterator[str]:
    """The first hole in the weeks to come, within the hours that need somebody."""
    made = rota(one, zone)
    covered = parse_spans(one.covers) if one.covers else None
    for hole in holes(made, (), now, now + AHEAD):
        begin = hole.since
        if covered is not None:
            begin = _first_within(covered, hole.since, hole.until, made.zone) or hole.until
        if begin < hole.until:
            far = hole.since - AHEAD  # so that the day is said too
            said = format_moment(begin, "en", zone=made.zone, now=far)
            ends = format_moment(hole.until, "en", zone=made.zone, now=far)
            yield (
                f"rota {one.name!r} has a hole: nobody is on call from {said} until {ends}; add a "
                "layer that covers it, or say with covers which hours need somebody"
            )
            return


def _route(
    route: RouteSettings, rotas: Sequence[str], policies: Sequence[str], around: _Around
) -> Iterator[str]:
    where = route.label
    yield from _receivers(where, route.receivers or (), around)
    yield from _rotas(where, route.oncall or (), rotas)
    yield from _labels(where, route.matchers, around)
    if route.escalation and route.escalation not in policies:
        yield (
            f"{where}: there is no escalation {route.escalation!r}; "
            f"known: {', '.join(policies) or 'none, add [[escalations]]'}"
        )
    for name in route.group_by or ():
        if name not in around.labels and name not in FACETS:
            yield f"{where}: group_by: no rule has the label {name!r}"
    for child in route.routes:
        yield from _route(child, rotas, policies, around)


def _receivers(where: str, names: Iterable[str], around: _Around) -> Iterator[str]:
    known = ", ".join(around.receivers) or "none, add [[receivers]]"
    for name in names:
        if name not in around.receivers:
            yield f"{where}: there is no receiver {name!r}; known: {known}"


def _rotas(where: str, names: Iterable[str], rotas: Sequence[str]) -> Iterator[str]:
    for name in names:
        if name not in rotas:
            yield (
                f"{where}: there is no rota {name!r}; "
                f"known: {', '.join(rotas) or 'none, add [[oncall]]'}"
            )


def _first_within(
    spans: Spans, since: datetime, until: datetime, zone: ZoneInfo
) -> datetime | None:
    """The first moment of the hours that a hole touches."""
    if ends_at(spans, since, zone) is not None:
        return since
    begin = begins_after(spans, since, zone)
    return begin if begin is not None and begin < until else None


def _labels(where: str, matchers: Iterable[Matcher], around: _Around) -> Iterator[str]:
    for one in matchers:
        if one.label not in around.labels and one.label not in FACETS:
            known = ", ".join(sorted({*around.labels, *FACETS}))
            yield f"{where}: no rule has the label {one.label!r}; rules have {known}"


def _matchers(sections: TellingSettings) -> Iterator[tuple[str, Sequence[str]]]:
    for silence in sections.silences:
        yield f"the silence on {', '.join(silence.match)}", silence.match
    for window in sections.maintenance:
        yield f"maintenance {window.name!r}", window.match
    for rule in sections.inhibit:
        yield f"[[inhibit]] of {', '.join(rule.target)}", (*rule.source, *rule.target)


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
