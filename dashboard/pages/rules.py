"""Rules: what is watched and how it stands; writing one, with what it would have done so far."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import streamlit as st

from alerts.errors import RuleError
from alerts.rule_store import RuleChange, changes_of
from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.duty.cards import section_html
from dashboard.lists import list_html, note_html, title_html
from dashboard.notices import error_html
from dashboard.rules.draft import NEW, draft_of, toml_of
from dashboard.rules.editor import edited, save_bar
from dashboard.rules.listed import Listed, listed, sentence, table_html
from dashboard.rules.trial import SPANS, trial
from dashboard.session import current_view
from dashboard.view import View
from dashboard.watchdog import watchdog
from dashboard.words import Words, words

_CHOSEN = "rule"  # in the URL


def show() -> None:
    view = current_view()
    say = words(view.language)
    with st.container(key="dp_page"):
        st.fragment(_watch, run_every=max(2.0, view.refresh_s))(view)
        try:
            with feed().looking() as connection:
                found = listed(connection, feed().settings)
                changes = changes_of(connection)
        except StoreError as error:
            st.html(title_html(say("rules.title"), "") + error_html(str(error), say))
            return
        st.html(title_html(say("rules.title"), sentence(found, say)))
        if found:
            st.html(table_html(found, feed().zone, feed().kpis, say))
        _one(found, changes, say)


def _watch(view: View) -> None:
    now = datetime.now(UTC)
    watchdog(feed().pulse(now), view, now=now.astimezone(feed().zone))


def _one(found: Sequence[Listed], changes: Sequence[RuleChange], say: Words) -> None:
    """The rule that is looked at: what it would have done, and its fields if it may be changed."""
    by_name = {one.name: one for one in found}
    names = ["", *by_name]
    asked = st.query_params.get(_CHOSEN, "")
    st.html(section_html(say("rules.look")))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            say("rules.which"), names, names.index(asked) if asked in names else 0,
            format_func=lambda name: name or say("rules.new"), key=f"rules_which_{asked}",
        )  # fmt: skip
        days = st.segmented_control(
            say("rules.span"), SPANS, default=30, required=True, key="rules_days",
            format_func=lambda count: say("rules.days", n=count),
        )  # fmt: skip
    if chosen != asked:
        _go(chosen)
    one = by_name.get(chosen)
    if one is not None and one.stored is None:
        st.html(note_html(say("rules.read_only")))
        st.code(toml_of(one.given), language="toml")
        trial(dict(one.given), days, say)
        return
    draft = edited(draft_of(one.given if one else NEW), chosen or "new", say)
    done = save_bar(draft, one.name if one else None, say)
    if done is not None:
        _go(done)
    with suppress(RuleError):  # the bar said it
        trial(draft.given(), days, say)
    if one is not None:
        _changes([change for change in changes if change.name == one.name], say)


def _go(name: str) -> None:
    if name:
        st.query_params[_CHOSEN] = name
    elif _CHOSEN in st.query_params:
        del st.query_params[_CHOSEN]
    st.rerun()


def _changes(changes: Sequence[RuleChange], say: Words) -> None:
    if not changes:
        return
    st.html(section_html(say("rules.changes")))
    heads = [say(f"rules.head.{name}") for name in ("time", "who", "change")]
    rows = [
        (say.moment(one.at.astimezone(feed().zone)), one.who, _said(one, say)) for one in changes
    ]
    st.html(list_html(heads, rows))


def _said(change: RuleChange, say: Words) -> str:
    """The keys that differ, old → new."""
    if change.old is None:
        return say("rules.made")
    old, new = change.old, change.new or {}
    if change.new is None:
        return say("rules.removed", name=change.name)
    keys = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    return "; ".join(f"{key}: {_short(old.get(key))} → {_short(new.get(key))}" for key in keys)


def _short(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "–" if value is None else str(value)
