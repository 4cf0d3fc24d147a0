"""The open items of a digest in words: reviews, cases, outages, alerts."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.alert import Severity
from alerts.digest.content import AlertCount, OpenCase, OpenReview, Outage
from alerts.digest.words import Speaker
from alerts.render import SYMBOLS, catalogue
from metrics.text import format_duration, format_moment, format_number


@dataclass(frozen=True, slots=True)
class Line:
    """One item: what it is, and how old or long, which stands apart."""

    text: str
    age: str


@dataclass(frozen=True, slots=True)
class Block:
    """A heading with its count, and the items that are shown."""

    title: str
    lines: tuple[Line, ...]


def blocks(speaker: Speaker) -> list[Block]:
    """What waits for somebody; parts without anything say so, parts not known are left out."""
    items, say = speaker.digest.items, speaker.say
    found = []
    if items.reviews_open is not None:
        found.append(
            Block(
                say("items.reviews", n=format_number(items.reviews_open)),
                tuple(_review(one, speaker) for one in items.reviews),
            )
        )
    if items.cases_open is not None:
        found.append(
            Block(
                say("items.cases", n=format_number(items.cases_open)),
                tuple(_case(one, speaker) for one in items.cases),
            )
        )
    if items.outages:
        title = say("items.outages", n=len(items.outages))
        found.append(Block(title, tuple(_outage(one, speaker) for one in items.outages)))
    if items.alerts:
        lines = tuple(_alert(one, speaker) for one in items.alerts)
        count = len(items.alerts) + items.alerts_more
        found.append(Block(say("items.alerts", n=count), lines))
    return found


def _review(one: OpenReview, speaker: Speaker) -> Line:
    stars = format_number(one.stars)
    age = (speaker.digest.due_at - one.rated_at).total_seconds()
    return Line(
        speaker.say("items.review", ref=one.ref, stars=stars),
        format_duration(max(age, 0.0), speaker.lang),
    )


def _case(one: OpenCase, speaker: Speaker) -> Line:
    kind = ""
    if one.kind:
        key = f"digest.case.{one.kind}"
        kind = catalogue().t(key, speaker.lang) if catalogue().has(key) else one.kind
    parts = [kind, one.reason or ""]
    if one.amount:
        parts.append(format_number(one.amount, decimals=2))
    what = " · ".join(part for part in parts if part)
    age = (speaker.digest.due_at - one.opened_at).total_seconds()
    text = speaker.say("items.case", ref=one.ref, what=what).strip(" ·")
    return Line(text, format_duration(max(age, 0.0), speaker.lang))


def _outage(one: Outage, speaker: Speaker) -> Line:
    zone, at = speaker.wording.zone, speaker.digest.due_at
    since = format_moment(one.since, speaker.lang, zone=zone, now=at)
    if one.until is None:
        lasted = format_duration(max((at - one.since).total_seconds(), 0.0), speaker.lang)
        return Line(speaker.say("items.outage_open", source=one.source, since=since), lasted)
    until = format_moment(one.until, speaker.lang, zone=zone, now=at)
    lasted = format_duration((one.until - one.since).total_seconds(), speaker.lang)
    return Line(speaker.say("items.outage", source=one.source, since=since, until=until), lasted)


def _alert(one: AlertCount, speaker: Speaker) -> Line:
    symbol = SYMBOLS[Severity(one.severity)]
    where = one.where or catalogue().t("alert.everywhere", speaker.lang)
    key = "items.alert_firing" if one.firing else "items.alert"
    text = speaker.say(
        key, symbol=symbol, where=where, rule=one.rule, times=format_number(one.times)
    )
    return Line(text, format_duration(one.seconds, speaker.lang))
