"""A back-test as frames for its charts and as sentences. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from alerts.backtest.report import Report
from alerts.backtest.run import Backtest, Point
from alerts.render import amount
from dashboard.words import Words
from metrics.kpi import Registry

BANDS = 5
ROWS = 30  # label sets on the time line


def curve_frame(found: Backtest, kpis: Registry, say: Words) -> pd.DataFrame:
    """Alerts a week per threshold; the rule's own stands in the first row too."""
    rows = [
        {
            "threshold": one.threshold, "per_week": one.per_week,
            "value_said": f"{found.rule.when.op} {said(one.threshold, found, kpis, say)}",
            "n_said": say("rules.per_week", n=_number(one.per_week)),
            "now": one.threshold if one.threshold == found.rule.when.value else None,
            "first": at == 0, "own": found.rule.when.value,
            "own_said": say("rules.now_at", value=said(found.rule.when.value, found, kpis, say)),
        }
        for at, one in enumerate(found.curve)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def episodes_frame(found: Backtest, zone: ZoneInfo, kpis: Registry, say: Words) -> pd.DataFrame:
    """One row per episode of the label sets with most of them; wall-clock times as if UTC."""
    names = [_where(one.labels, say) for one in found.episodes]
    often = pd.Series(names, dtype=object).value_counts().index[:ROWS].tolist()
    rows = []
    for one, name in zip(found.episodes, names, strict=True):
        if name in often:
            ended = one.ended or found.until
            rows.append({
                "where": name, "mid": _wall(one.fired, zone), "end": _wall(ended, zone),
                "when": f"{say.moment(one.fired.astimezone(zone))} – "
                        f"{say.clock(ended.astimezone(zone))}",
                "value_said": amount(found.rule.metric, one.peak, say.language, kpis),
                "n_said": say.duration(one.lasted(found.until).total_seconds()),
            })  # fmt: skip
    return pd.DataFrame(rows)


def week_frame(sums: Report, say: Words) -> pd.DataFrame:
    """168 cells; more ink for more alerts."""
    counts = np.asarray(sums.week, dtype=float)
    top = counts.max() or 1.0
    rows = [
        {
            "hour": at % 24, "day": say(f"weekday.{at // 24}"),
            "band": None if not n else min(BANDS - 1, int(n / top * (BANDS - 0.01))),
            "cell": str(n) if n else "", "thin": False,
            "when": f"{say(f'weekday.{at // 24}')} {at % 24:02d}:00", "value_said": str(n),
            "n_said": "",
        }
        for at, n in enumerate(sums.week)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def summary(found: Backtest, sums: Report, say: Words) -> str:
    """The one sentence: how often it would have fired, how long, how much of it at night."""
    if not sums.count or sums.median_length is None or sums.longest is None:
        return say("rules.test.never", days=_days(found))
    return say(
        "rules.test.sum", n=sums.count, days=_days(found), week=_number(sums.per_week),
        length=say.duration(sums.median_length.total_seconds()),
        longest=say.duration(sums.longest.total_seconds()),
        night=say.percent(100 * (sums.night or 0.0)),
    )  # fmt: skip


def suggestion(found: Backtest, kpis: Registry, say: Words) -> str:
    """Thresholds for about an alert a day, and a week."""

    def one(key: str, point: Point | None) -> list[str]:
        if point is None:
            return []
        return [say(key, op=found.rule.when.op, value=said(point.threshold, found, kpis, say))]

    parts = one("rules.test.daily", found.daily) + one("rules.test.weekly", found.weekly)
    return say("rules.test.suggest", what=say("rules.joint").join(parts)) if parts else ""


def said(value: float, found: Backtest, kpis: Registry, say: Words) -> str:
    return amount(found.rule.metric, value, say.language, kpis)


def _days(found: Backtest) -> int:
    return round((found.until - found.since).total_seconds() / 86_400)


def _where(labels: tuple[tuple[str, str], ...], say: Words) -> str:
    named = dict(labels)
    parts = [value for name, value in named.items() if name not in ("source", "channel")]
    return " · ".join(parts or named.values()) or say("rules.everywhere")


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=UTC)


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:.0f}"
