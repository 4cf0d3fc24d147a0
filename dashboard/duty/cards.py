"""An alert as a card, its state in one line each, and its time line. Values → HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.alert import Alert, Status
from alerts.render import SYMBOLS, Wording, amount, title
from alerts.telling.looking import Seen
from alerts.telling.muting import Mute
from dashboard.duty.trail import Entry
from dashboard.markup import tag, text
from dashboard.words import Words
from metrics.kpi import Registry
from metrics.text import format_moment

_CHIPS = {
    Status.FIRING: "dp-breach",
    Status.ACKNOWLEDGED: "dp-accent",
    Status.RECOVERING: "dp-positive",
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How cards speak."""

    say: Words
    zone: ZoneInfo
    now: datetime
    kpis: Registry

    @property
    def wording(self) -> Wording:
        return Wording(self.say.language, self.zone, kpis=self.kpis)

    def moment(self, at: datetime) -> str:
        return format_moment(at, self.say.language, zone=self.zone, now=self.now)

    def amount(self, alert: Alert, value: float | None) -> str:
        return amount(alert.metric, value, self.say.language, self.kpis)


def card_html(one: Seen, manner: Manner) -> str:
    alert = one.alert
    said = title(alert, manner.wording)
    symbol = SYMBOLS[alert.severity]
    bare = said.removeprefix(symbol).strip()
    word = manner.say(f"duty.severity.{alert.severity}")
    head = tag("h2", tag("span", text(symbol), title=word, aria_label=word) + " " + text(bare))
    lines = [_state_line(alert, manner), *_people_lines(one, manner)]
    if one.mute is not None and alert.up:
        lines.append(tag("p", text(muted_said(one.mute, manner)), class_="dp-quiet-line"))
    stage = "dp-waits" if not alert.up else "dp-taken" if alert.acknowledgement else ""
    return tag(
        "article",
        head + "".join(lines),
        class_=f"dp-card-alert dp-{alert.severity} {stage}".strip(),
        data_alert=alert.fingerprint,
        data_status=alert.status,
    )


def muted_said(mute: Mute, manner: Manner) -> str:
    say = manner.say
    said = say(f"duty.mute.{mute.kind}", by=mute.by)
    if mute.until is not None:
        said = say("duty.mute.until", why=said, time=manner.moment(mute.until))
    return say("duty.mute.because", why=said, reason=mute.reason) if mute.reason else said


def trail_html(entries: Sequence[Entry], manner: Manner) -> str:
    items = "".join(
        tag("li", tag("time", text(manner.moment(one.at))) + text(one.said)) for one in entries
    )
    return tag("ol", items, class_="dp-trail")


def section_html(title_said: str) -> str:
    return tag("h2", text(title_said), class_="dp-section")


def sentence(seen: Sequence[Seen], say: Words) -> str:
    """What stands out: how much fires, and how much of it nobody is on."""
    up = [one for one in seen if one.alert.up]
    if not up:
        waiting = len(seen)
        return say("duty.calm_pending", n=waiting) if waiting else say("duty.calm")
    loose = [one for one in up if one.alert.acknowledgement is None]
    if not loose:
        return say("duty.all_taken", n=len(up))
    worst = loose[0].alert.severity
    same = sum(one.alert.severity is worst for one in loose)
    word = say(f"duty.severity.{worst}")
    return say("duty.loose", n=len(up), loose=len(loose), same=same, severity=word)


def _state_line(alert: Alert, manner: Manner) -> str:
    say = manner.say
    phase = alert.phase
    chip = tag("i", text(say(f"duty.phase.{phase}")), class_=f"dp-chip {_CHIPS.get(phase, '')}")
    lasts = say.duration((manner.now - alert.pending_since).total_seconds())
    parts = [say("duty.since", time=manner.moment(alert.pending_since), span=lasts)]
    if trend := _trend(alert, manner):
        parts.append(trend)
    return tag("p", chip + text(say("duty.joint").join(parts)))


def _trend(alert: Alert, manner: Manner) -> str:
    if alert.value is None or alert.peak is None or not alert.up:
        return ""
    if alert.value == alert.peak:
        return manner.say("duty.at_worst")
    return manner.say("duty.peak", peak=manner.amount(alert, alert.peak))


def _people_lines(one: Seen, manner: Manner) -> Iterable[str]:
    say, said = manner.say, one.alert.acknowledgement
    parts = []
    if said is not None and one.alert.up:
        key = "duty.taken_until" if said.until else "duty.taken"
        until = manner.moment(said.until) if said.until else ""
        parts.append(say(key, by=said.by, time=manner.moment(said.at), until=until))
        if said.note:
            parts.append(say("duty.quoted", note=said.note))
    elif one.alert.up:
        parts.append(say("duty.nobody"))
    if one.alert.assignee:
        parts.append(say("duty.assigned", name=one.alert.assignee))
    if one.next_at is not None:
        parts.append(say("duty.next", time=manner.moment(one.next_at), to=say.listing(one.next_to)))
    told = [each.receiver for each in one.known.told if each.times]
    if told:
        parts.append(say("duty.told", to=say.listing(told)))
    if parts:
        yield tag("p", text(say("duty.joint").join(parts)))
