"""The fields in which a rule is written, and storing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from alerts.errors import AlertsError, RuleError
from alerts.rule import Severity
from alerts.rule_settings import BUILT_IN
from alerts.rule_store import checked, remove_rule, save_rule
from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.duty.respond import NAME
from dashboard.lists import note_html
from dashboard.rules.draft import Draft
from dashboard.rules.listed import label_name, metric_name
from dashboard.words import Words
from metrics.live import LIVE_METRICS


def edited(start: Draft, key: str, say: Words) -> Draft:
    """The draft as it stands in the fields; `key` tells the fields of one rule from another's."""
    field = _Fields(start.fields, key, say)
    fields: dict[str, Any] = {}
    with st.container(key="rules_editor"):
        one, two = st.columns(2)
        with one:
            fields["name"] = field.text("name")
            fields["metric"] = field.one("metric", _metrics(), _metric_names(say))
            fields["by"] = field.many("by", _labels(fields["metric"]), _label_names(say))
            fields["when"] = field.text("when")
            fields["clear"] = field.text("clear")
        with two:
            fields["for"] = field.text("for")
            fields["keep_firing_for"] = field.text("keep_firing_for")
            grave = {str(name): say(f"duty.severity.{name}") for name in Severity}
            fields["severity"] = field.one("severity", [*grave], grave.__getitem__)
            known = [receiver.name for receiver in feed().settings.receivers]
            fields["receivers"] = field.many("receivers", known, str)
            fields["window"] = field.text("window")
        with st.expander(say("rules.more"), expanded=bool(start.more)):
            fields["hours"] = field.lines("hours")
            st.html(note_html(say("rules.more_about")))
            more = st.text_area("TOML", start.more, key=f"rules_more_{key}", height=120)
    return Draft(fields, more)


class _Fields:
    """Widgets that start from a rule's settings."""

    def __init__(self, start: Mapping[str, Any], key: str, say: Words) -> None:
        self._start, self._key, self._say = start, key, say

    def text(self, name: str) -> str:
        help_ = self._say(f"rules.help.{name}")
        return st.text_input(
            self._label(name), self._start.get(name) or "", key=self._id(name), help=help_
        )

    def lines(self, name: str) -> list[str]:
        start = "; ".join(self._start.get(name) or ())
        help_ = self._say(f"rules.help.{name}")
        given = st.text_input(self._label(name), start, key=self._id(name), help=help_)
        return [part.strip() for part in given.split(";") if part.strip()]

    def one(self, name: str, options: list[str], shown: Callable[[str], str]) -> str:
        start = self._start.get(name) or options[0]
        if start not in options:
            options = [start, *options]
        return st.selectbox(
            self._label(name), options, options.index(start), format_func=shown,
            key=self._id(name),
        )  # fmt: skip

    def many(self, name: str, options: list[str], shown: Callable[[str], str]) -> list[str]:
        start = [one for one in self._start.get(name) or () if one in options]
        empty = self._say(f"rules.empty.{name}")
        return st.multiselect(
            self._label(name), options, start, format_func=shown, key=self._id(name),
            placeholder=empty,
        )  # fmt: skip

    def _label(self, name: str) -> str:
        return self._say(f"rules.field.{name}")

    def _id(self, name: str) -> str:
        return f"rules_{name}_{self._key}"


def save_bar(draft: Draft, before: str | None, say: Words) -> str | None:
    """Storing and removing; the name of the rule that is to be shown next, if any of it was done.

    `before`: the stored rule that is edited; None: a new one.
    """
    given: dict[str, Any] = {}
    try:
        if not draft.fields["name"].strip():
            raise RuleError(say("rules.name_missing"))
        given = draft.given()
        made = checked(given, feed().kpis, [one.name for one in feed().settings.receivers])
        _free(made.name, before)
    except AlertsError as error:
        st.html(note_html(str(error), warning=True))
        given = {}
    with st.container(key="rules_bar", horizontal=True, vertical_alignment="bottom"):
        who = st.text_input(say("rules.who"), key=NAME)
        if st.button(say("rules.save"), type="primary", disabled=not given, key="rules_save"):
            return _save(given, before, who, say)
        if before is not None:
            with st.popover(say("rules.remove")):
                st.html(note_html(say("rules.remove_about", name=before)))
                if st.button(say("rules.remove_really"), key="rules_remove"):
                    return _remove(before, who, say)
    return None


def _free(name: str, before: str | None) -> None:
    """RuleError where another rule has the name."""
    if name in BUILT_IN or any(one.name == name for one in feed().settings.rules):
        raise RuleError(f"a rule of the configuration is named {name!r}; choose another name")
    if name == before:
        return
    from dashboard.rules.listed import listed

    with feed().looking() as connection:
        if any(one.name == name for one in listed(connection, feed().settings)):
            raise RuleError(f"there is a rule named {name!r} already; choose another name")


def _save(given: Mapping[str, Any], before: str | None, who: str, say: Words) -> str | None:
    if not who.strip():
        st.toast(say("rules.who_missing"))
        return None
    now = datetime.now(UTC)
    try:
        with feed().changing() as connection:
            changed = save_rule(connection, given, who=who.strip(), now=now)
            if before is not None and before != given["name"]:
                remove_rule(connection, before, who=who.strip(), now=now)
    except StoreError as error:
        st.toast(str(error))
        return None
    st.toast(say("rules.saved" if changed else "rules.unchanged", name=given["name"]))
    return str(given["name"])


def _remove(name: str, who: str, say: Words) -> str | None:
    if not who.strip():
        st.toast(say("rules.who_missing"))
        return None
    try:
        with feed().changing() as connection:
            remove_rule(connection, name, who=who.strip(), now=datetime.now(UTC))
    except StoreError as error:
        st.toast(str(error))
        return None
    st.toast(say("rules.removed", name=name))
    return ""


def _metrics() -> list[str]:
    return [*LIVE_METRICS, *(key for key, kpi in feed().kpis.items() if not kpi.internal)]


def _labels(metric: str) -> list[str]:
    kpis = feed().kpis
    return [*(kpis.labels(kpis[metric]) if metric in kpis else LIVE_METRICS.get(metric, ()))]


def _metric_names(say: Words) -> Callable[[str], str]:
    return lambda metric: metric_name(metric, feed().kpis, say)


def _label_names(say: Words) -> Callable[[str], str]:
    return lambda label: label_name(label, say)
