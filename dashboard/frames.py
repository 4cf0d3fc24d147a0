"""What the charts draw, as frames: Trends → the columns that charts.py names. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from statistics import median

import pandas as pd

from dashboard.board import ResponsePoint, Trends
from dashboard.words import Language, words

HALF_HOUR, HOUR = 30, 60
_GAP = 2  # minutes between two bars, on each side


def volume_frame(trends: Trends) -> pd.DataFrame:
    """One row per half-hour, one that ends the last of them, and one for the now-line."""
    label_at, label_y = _usual_label(trends)
    rows: list[tuple[object, ...]] = [
        (p.minute, p.minute + _GAP, p.minute + HALF_HOUR - _GAP, p.today, p.usual, p.partial,
         p.minute == label_at, label_y, None, p.ahead, p.low, p.high)
        for p in trends.volume
    ]  # fmt: skip
    if trends.volume:
        last = trends.volume[-1]
        end = last.minute + HALF_HOUR
        rows.append((end, None, None, None, last.usual, False, False, None, None, last.ahead,
                     last.low, last.high))  # fmt: skip
    now = float(trends.now_minute)
    rows.append((None, None, None, None, None, False, False, None, now, None, None, None))
    columns = ["from", "bar", "bar_end", "today", "usual", "partial", "label", "label_y", "now",
               "ahead", "low", "high"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _usual_label(trends: Trends) -> tuple[int | None, float | None]:
    """Where the usual course is named: after now if it is high enough there, else in the widest
    room between it and the bars."""
    known = [(p.usual, p.today or 0.0, p.minute) for p in trends.volume if p.usual]
    peak = max((usual for usual, _, _ in known), default=0.0)
    now = trends.now_minute
    ahead = [one for one in known if one[2] > now + HOUR and one[0] > 0.3 * peak]
    past = [one for one in known if one[2] + HALF_HOUR <= now]
    rooms = [(usual - today, minute, (usual + today) / 2) for usual, today, minute in ahead or past]
    return max(rooms)[1:] if rooms else (None, None)


def response_frame(trends: Trends, language: Language) -> pd.DataFrame:
    """One row per hour. What lies far above the rest leaves the picture at the top, and says so."""
    say = words(language)
    cap = _cap(trends.response, trends.response_target_s)
    last = max((p.minute for p in trends.response), default=None)
    highest = max((p.p90 or 0.0 for p in trends.response), default=0.0)
    rows = [
        (
            p.minute + HOUR / 2,
            _below(p.p50, cap),
            _below(p.p90, cap),
            f"↑ {say.duration(highest)}" if p.p90 == highest > cap else None,
            1.15 * cap if p.p90 == highest > cap else None,
            p.partial,
            p.minute == last,
            at == 0,
        )
        for at, p in enumerate(trends.response)
    ]
    columns = ["from", "p50", "p90", "beyond", "room", "partial", "label", "first"]
    target = trends.response_target_s
    said = "" if target is None else f"{say('chart.target')} {say.duration(target)}"
    return pd.DataFrame(rows, columns=columns).assign(target=target, target_label=said)


def _cap(points: tuple[ResponsePoint, ...], target_s: float | None) -> float:
    """The top of the response chart: one bad hour must not press all others flat."""
    tops = [p.p90 for p in points if p.p90 is not None]
    middles = [p.p50 for p in points if p.p50 is not None]
    if not tops or not middles:
        return float("inf")
    return max(3 * median(tops), 1.2 * median(middles), 1.3 * (target_s or 0), 60.0)


def _below(value: float | None, cap: float) -> float | None:
    return None if value is None else min(value, cap)


def satisfaction_frame(trends: Trends, language: Language) -> pd.DataFrame:
    """One row per day; days as milliseconds, because the axis is in UTC."""
    rows = [
        (_as_utc_ms(p.day), p.value, p.low, p.high, p.partial, at == 0)
        for at, p in enumerate(trends.satisfaction)
    ]
    frame = pd.DataFrame(rows, columns=["day", "value", "low", "high", "partial", "first"])
    target = trends.satisfaction_target
    said = "" if target is None else f"{words(language)('chart.target')} {target:.0f}%"
    return frame.assign(target=target, target_label=said)


def _as_utc_ms(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp() * 1000)
