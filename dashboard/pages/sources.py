"""Sources: how fresh each is, how far its history is read, and which rows can't be used and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.details import RejectedRow, SourceReport
from dashboard.lists import DOWN, GOOD, LATE, bar_html, list_html, note_html, pairs_html, title_html
from dashboard.markup import tag, text
from dashboard.notices import error_html
from dashboard.session import current_view
from dashboard.troubles import told_in
from dashboard.view import View
from dashboard.watchdog import watchdog
from dashboard.words import UNKNOWN, Words, words

_SHAPES = {"ok": GOOD, "stale": LATE, "down": DOWN, "backfill": LATE}
_COLOURS = {"ok": "", "stale": "dp-watch", "down": "dp-breach", "backfill": "dp-watch"}


def show() -> None:
    view = current_view()
    with st.container(key="dp_page"):
        st.fragment(_reports, run_every=max(2.0, view.refresh_s))(view)


def _reports(view: View) -> None:
    now, say = datetime.now(UTC), words(view.language)
    try:
        reports = feed().reports(now)
    except StoreError as error:
        st.html(error_html(str(error), say))
    else:
        st.html(title_html(say("sources.title"), _sentence(reports, say)))
        for report in reports:
            st.html(_report_html(report, say))
    watchdog(feed().pulse(now), view, now=now.astimezone(feed().zone))


def status_of(report: SourceReport) -> str:
    """ok, stale, down, or backfill while its history is being read."""
    healthy = report.state.status == "ok"
    return "backfill" if report.state.filling and healthy else report.state.status


def _sentence(reports: Sequence[SourceReport], say: Words) -> str:
    if not reports:
        return say("sources.none")
    bad = [one.state.name for one in reports if status_of(one) in ("stale", "down")]
    if bad:
        return say("sources.trouble", names=say.listing(bad))
    rejected = sum(one.rejected_total for one in reports)
    return (
        say("sources.rejected_rows", n=say.count(rejected)) if rejected else say("sources.all_ok")
    )


def _report_html(report: SourceReport, say: Words) -> str:
    status = status_of(report)
    sign = tag("i", text(f"{_SHAPES[status]} {say(f'sources.{status}')}"), class_=_COLOURS[status])
    head = tag("h2", text(report.state.name) + " " + sign)
    return tag(
        "section",
        head
        + pairs_html(_facts(report, say))
        + _error_html(report, say)
        + _progress_html(report, say)
        + _marks_html(report, say)
        + _rejected_html(report, say),
        class_="dp-source",
        data_source=report.state.name,
        data_status=status,
    )


def _facts(report: SourceReport, say: Words) -> list[tuple[str, str]]:
    state = report.state
    age = UNKNOWN if state.lag_s is None else say.duration(state.lag_s)
    return [
        (say("sources.lag"), age),
        (say("sources.poll"), say.duration(state.poll_s)),
        (say("sources.as_of"), _moment(state.as_of, say)),
        (say("sources.tried"), _moment(report.tried_at, say)),
        (say("sources.rows"), say.count(report.rows)),
    ]


def _moment(moment: datetime | None, say: Words) -> str:
    return say("sources.never") if moment is None else say.moment(moment.astimezone(feed().zone))


def _error_html(report: SourceReport, say: Words) -> str:
    if not report.state.error:
        return ""
    said = f"{say('sources.error')}: {told_in(say.language, report.state.error)}"
    return tag("p", text(said), class_="dp-source-error")


def _progress_html(report: SourceReport, say: Words) -> str:
    if not report.state.filling or not report.backfill_total:
        return ""
    done, total = report.backfill_done or 0, report.backfill_total
    name = report.state.name
    label = say("empty.progress", name=name, done=say.count(done), total=say.count(total))
    return bar_html(done, total, label)


def _marks_html(report: SourceReport, say: Words) -> str:
    if not report.marks:
        return ""
    heads = [say(f"sources.{name}") for name in ("statement", "mark", "complete", "reconciled")]
    rows = [
        (
            mark.statement,
            mark.read_up_to or UNKNOWN,
            say("sources.yes" if mark.complete else "sources.no"),
            _moment(mark.reconciled_at, say),
        )
        for mark in report.marks
    ]
    return tag("h3", text(say("sources.marks"))) + list_html(heads, rows)


def _rejected_html(report: SourceReport, say: Words) -> str:
    head = tag("h3", text(say("sources.rejected")))
    if not report.rejected:
        return head + note_html(say("sources.rejected_none"))
    said = note_html(say("sources.rejected_some", n=say.count(report.rejected_total)))
    heads = [
        say(f"sources.{name}") for name in ("fact", "row", "reason", "detail", "times", "seen")
    ]
    return head + said + list_html(heads, [_rejected_row(row, say) for row in report.rejected])


def _rejected_row(row: RejectedRow, say: Words) -> tuple[str, ...]:
    return (
        row.fact,
        row.row_id,
        told_in(say.language, row.reason),
        row.detail or "",
        say.count(row.times),
        _moment(row.seen_at, say),
    )
