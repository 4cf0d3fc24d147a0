"""Past alerts in figures, tables and a file: values → HTML and sheets. Pure.

What the figures mean is alerts/telling/past.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.telling.past import Figures, Past
from alerts.telling.rota import Override, Rota, on_call
from dashboard.history.export import Column, Sheet, Table
from dashboard.lists import list_html
from dashboard.markup import tag, text
from dashboard.words import UNKNOWN, Words

LISTED = 200
_PARTS = ("night", "day", "evening")  # of eight hours each, from midnight on


def shift_of(
    one: Past, rotas: Mapping[str, Rota], overrides: Sequence[Override], zone: ZoneInfo, say: Words
) -> str:
    """Whoever was on call when it fired; without a rota, the part of the day."""
    for rota in rotas.values():
        return on_call(rota, overrides, one.fired_at) or say("past.shift.nobody")
    part = one.fired_at.astimezone(zone).hour // 8
    return say(f"past.shift.{_PARTS[part]}")


def figures_html(found: Figures, say: Words) -> str:
    tiles = (
        ("n", say.count(found.n), say("past.up", n=found.up) if found.up else ""),
        ("mtta", span(found.mtta, say), _median(found.median_tta, say)),
        ("mttr", span(found.mttr, say), _median(found.median_ttr, say)),
        ("ignored", say.count(found.ignored), _share(found.ignored, found.n, say)),
        ("noise", say.count(found.noise), _share(found.noise, found.n, say)),
        ("flaps", say.count(found.flaps), _share(found.flaps, found.n, say)),
    )
    cells = "".join(
        tag(
            "div",
            tag("span", text(say(f"past.{name}")))
            + tag("b", text(value))
            + tag("small", text(more)),
            title=say(f"past.about.{name}"),
        )
        for name, value, more in tiles
    )
    return tag("div", cells, class_="dp-figures")


def table_html(head: str, rows: Sequence[tuple[str, Figures]], say: Words) -> str:
    names = ("n", "mtta", "mttr", "ignored", "noise", "flaps")
    heads = [head, *(say(f"past.{name}") for name in names)]
    return list_html(
        heads,
        [
            (name, say.count(one.n), span(one.mtta, say), span(one.mttr, say),
             say.count(one.ignored), say.count(one.noise), say.count(one.flaps))
            for name, one in rows
        ],
    )  # fmt: skip


def list_of(past: Sequence[Past], zone: ZoneInfo, say: Words) -> str:
    """The latest episodes, newest first."""
    heads = [say(f"past.{name}") for name in ("fired", "rule", "where", "lasted", "by", "remark")]
    rows = [
        (say.moment(one.fired_at.astimezone(zone)), one.rule, where(one),
         span(one.to_resolve, say), one.acknowledged_by or UNKNOWN, verdict(one, say))
        for one in sorted(past, key=lambda one: one.fired_at, reverse=True)[:LISTED]
    ]  # fmt: skip
    return list_html(heads, rows)


def sheet(past: Sequence[Past], shifts: Sequence[str], zone: ZoneInfo, say: Words) -> Sheet:
    """One row per episode; spans in seconds."""
    columns = [Column(say(f"past.{name}")) for name in (
        "fired", "rule", "severity", "where", "shift_title", "acknowledged", "by", "resolved",
        "to_acknowledge", "to_resolve", "remark")]  # fmt: skip
    rows = [
        (
            one.fired_at.astimezone(zone),
            one.rule,
            say(f"duty.severity.{one.severity}"),
            where(one),
            shift,
            _local(one.acknowledged_at, zone),
            one.acknowledged_by,
            _local(one.resolved_at, zone),
            _seconds(one.to_acknowledge),
            _seconds(one.to_resolve),
            verdict(one, say),
        )
        for one, shift in zip(past, shifts, strict=True)
    ]
    about = ((say("past.title"), say("past.about.sheet")), (say("past.zone"), zone.key))
    return Sheet("alerts", say("past.title"), about, Table(columns, rows))


def sentence(found: Figures, rules: Sequence[tuple[str, Figures]], say: Words) -> str:
    """What stands out: what nobody was on, else the noise, else calm."""
    if not found.n:
        return say("past.none")
    noisy = max(rules, key=lambda pair: pair[1].noise)
    if found.ignored:
        worst = max(rules, key=lambda pair: pair[1].ignored)
        return say("past.ignored_most", n=found.ignored, of=found.n, rule=worst[0],
                   m=worst[1].ignored)  # fmt: skip
    if 2 * found.noise > found.n:
        return say("past.noisy", n=found.noise, of=found.n, rule=noisy[0])
    return say("past.calm", n=found.n)


def where(one: Past) -> str:
    labels = {name: value for name, value in one.labels if name not in ("channel", "source")}
    return " · ".join(labels.values()) or " · ".join(value for _, value in one.labels)


def verdict(one: Past, say: Words) -> str:
    kinds = [name for name in ("noise", "flap", "ignored") if getattr(one, name)]
    if one.resolved_at is None:
        kinds.append("still_up")
    return " · ".join(say(f"past.verdict.{name}") for name in kinds)


def span(value: timedelta | None, say: Words) -> str:
    return UNKNOWN if value is None else say.duration(value.total_seconds())


def _median(value: timedelta | None, say: Words) -> str:
    return "" if value is None else say("past.median", span=span(value, say))


def _share(n: int, of: int, say: Words) -> str:
    return say("past.share", share=say.percent(100 * n / of)) if of else ""


def _local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else at.astimezone(zone)


def _seconds(value: timedelta | None) -> float | None:
    return None if value is None else value.total_seconds()
