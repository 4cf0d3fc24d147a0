"""Who would be told if this fired then, and why: the question as widgets, the answer as a list.

The answer is the worker's own functions asked ahead (alerts/telling/who.py); nothing is sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from alerts.alert import Rule, Severity
from alerts.settings import rules_of
from alerts.telling.book import Standing
from alerts.telling.who import Reached, Reminder, WhoAnswer, imagined, who
from dashboard.data import feed
from dashboard.duty.cards import Manner, muted_said
from dashboard.duty.seen import usual_of
from dashboard.lists import list_html, note_html
from dashboard.words import UNKNOWN
from metrics.measurement import Labels, labels_of


def tester(standing: Standing, manner: Manner) -> None:
    say, settings = manner.say, feed().settings
    names = [one.name for one in settings.receivers]
    rules = {one.name: one for one in rules_of(settings.rules, receivers=names)}
    if not rules:
        st.html(note_html(say("who.no_rules")))
        return
    with st.container(key="dp_filters_who", horizontal=True, vertical_alignment="bottom"):
        rule = rules[st.selectbox(say("past.rule"), [*rules], key="who_rule", width=220)]
        labels = _labels(rule, manner)
        severity = st.selectbox(
            say("past.severity"), [*Severity], index=[*Severity].index(rule.severity),
            key=f"who_severity_{rule.name}", width=130,
            format_func=lambda one: say(f"duty.severity.{one}"),
        )  # fmt: skip
        sunday = manner.now.date() + timedelta(days=(6 - manner.now.weekday()) % 7 or 7)
        day = st.date_input(say("who.day"), value=sunday, key="who_day", format="YYYY-MM-DD",
                            width=150)  # fmt: skip
        clock = st.time_input(say("who.time"), value=datetime.min.time().replace(hour=3),
                              key="who_time", width=120)  # fmt: skip
    at = datetime.combine(day, clock, manner.zone)
    answer = who(
        imagined(rule, labels, Severity(severity), at), at, plan=settings.telling_plan,
        standing=standing, usual=usual_of(settings),
    )  # fmt: skip
    _answer(answer, at, manner)


def _labels(rule: Rule, manner: Manner) -> Labels:
    found = dict(rule.where)
    for name in rule.by:
        if name not in found:
            key = f"label.{name}"
            label = manner.say(key) if manner.say.has(key) else name
            value = st.text_input(label, key=f"who_label_{name}", width=160)
            found[name] = value.strip()
    return labels_of(**found)


def _answer(answer: WhoAnswer, at: datetime, manner: Manner) -> None:
    say = manner.say
    if not answer.reached:
        st.html(note_html(say("who.nobody"), warning=True))
        return
    heads = [say(f"who.{name}") for name in ("receiver", "when", "why", "way")]
    rows = [_reached(one, at, manner) for one in answer.reached]
    rows += [_reminder(one, manner) for one in answer.reminders]
    st.html(list_html(heads, rows))


def _reached(one: Reached, at: datetime, manner: Manner) -> tuple[str, ...]:
    say = manner.say
    name = say("who.on_call", name=one.to.receiver, person=one.to.via) if one.to.via else ""
    when = say("who.at_once") if one.at == at else say("who.open")
    if one.at is not None and one.at != at:
        when = manner.moment(one.at)
    why = muted_said(one.mute, manner) if one.mute else UNKNOWN
    way = " › ".join(one.to.path) or say("who.rule_itself")
    return name or one.to.receiver, when, why, way


def _reminder(one: Reminder, manner: Manner) -> tuple[str, ...]:
    say = manner.say
    people = say.listing(person or say("rota.nobody") for _, person in one.people)
    names = say.listing(one.receivers)
    told = say("who.on_call", name=names, person=people) if people else names
    return told, manner.moment(one.at), say("who.unless"), say("who.step", n=one.number)
