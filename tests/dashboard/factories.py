"""Boards and trends as a busy shop would show them; every part can be replaced."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts.alert import Alert, Severity, Status
from dashboard.board import (
    Board,
    DayPoint,
    Pulse,
    QueueRow,
    ResponsePoint,
    SatisfactionPoint,
    SourceView,
    State,
    Tile,
    Trends,
)
from metrics.measurement import labels_of

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 18, 10, 6, tzinfo=ZONE)
EDGES_S = (60, 300, 900, 3_600)

_QUEUES = (
    # queue, channel, waiting, longest wait, bands, agents, service level, n
    ("天猫旗舰店", "网页", 34, 1834.0, (9, 12, 8, 5, 0), None, 71.4, 412),
    ("京东自营", "网页", 12, 423.0, (5, 5, 2, 0, 0), 9, 83.0, 230),
    ("Douyin live-stream orders and after-sales", "Api", 21, 655.0, (8, 9, 4, 0, 0), 7, 78.2, 198),
    ("拼多多售后", "Api", 3, 96.0, (2, 1, 0, 0, 0), 4, 92.1, 121),
    ("微信小程序", "微信", 1, 12.0, (1, 0, 0, 0, 0), 3, 95.0, 88),
    ("VIP", "电话", 0, None, (0, 0, 0, 0, 0), 2, 100.0, 6),
    ("跨境英文站 Cross-border", "Email", 6, 7_920.0, (0, 1, 2, 2, 1), 2, 64.0, 51),
    ("售前咨询", "网页", 2, 41.0, (2, 0, 0, 0, 0), 6, 96.4, 310),
    ("投诉升级", "电话", 1, 188.0, (0, 1, 0, 0, 0), 1, None, 0),
    ("小红书", "Api", 0, None, (0, 0, 0, 0, 0), 1, 90.0, 20),
)


def make_row(**changes: Any) -> QueueRow:
    row = QueueRow(
        source="helpdesk",
        queue="天猫旗舰店",
        channel="网页",
        waiting=34,
        longest_wait_s=1834.0,
        waiting_over_cut=0,
        bands=(9, 12, 8, 5, 0),
        agents=None,
        unassigned=12,
        service_level=71.4,
        service_level_n=412,
    )
    return replace(row, **changes)


def make_rows(count: int = len(_QUEUES)) -> tuple[QueueRow, ...]:
    rows = []
    for at in range(count):
        queue, channel, waiting, longest, bands, agents, level, n = _QUEUES[at % len(_QUEUES)]
        again = at // len(_QUEUES)
        rows.append(
            make_row(
                queue=f"{queue} {again + 1}" if again else queue,
                channel=channel,
                waiting=waiting,
                longest_wait_s=longest,
                bands=bands,
                agents=agents,
                service_level=level,
                service_level_n=n,
                state=State.BREACH if waiting > 30 else State.CALM,
                wait_state=State.WATCH if (longest or 0) > 600 else State.CALM,
            )
        )
    return tuple(rows)


def wave(count: int, *, high: float, low: float = 0.0) -> tuple[float, ...]:
    """A smooth day: low at night, two humps."""
    return tuple(
        low + (high - low) * max(0.0, math.sin((at / count - 0.2) * 4.4)) ** 2
        for at in range(count)
    )


def make_tiles(**changes: Tile) -> tuple[Tile, ...]:
    tiles = (
        Tile("waiting", "count", 80, unassigned=31, target=60, state=State.WATCH,
             spark=wave(48, high=90)),
        Tile("longest_wait", "s", 1834.0, over_cut=2, target=600, state=State.BREACH,
             spark=wave(48, high=1900)),
        Tile("service_level", "percent", 78.6, n=1436, target=80, target_is_least=True,
             spark=wave(48, high=99, low=60)),
        Tile("first_response", "s", 85.2, n=1436, p90=306.0, target=60, spark=wave(48, high=120)),
        Tile("csat", "percent", 91.3, n=214, low=86.6, high=94.5, before=89.0,
             spark=wave(14, high=95, low=80)),
        Tile("volume", "count", 1234, usual=1102, spark=wave(48, high=60)),
    )  # fmt: skip
    return tuple(changes.get(tile.key, tile) for tile in tiles)


def make_alert(**changes: Any) -> Alert:
    """A firing alert on the queue 天猫旗舰店."""
    labels = labels_of(queue=changes.pop("queue", "天猫旗舰店"))
    alert = Alert(
        fingerprint="1",
        rule="queue-too-long",
        metric="queue_length",
        labels=labels,
        severity=Severity.CRITICAL,
        status=Status.FIRING,
        episode=1,
        pending_since=NOW - timedelta(minutes=6),
        last_breach_at=NOW,
        fired_at=NOW - timedelta(minutes=5),
        value=34,
        peak=40,
        op=">",
        threshold=20,
        updated_at=NOW,
    )
    return replace(alert, **changes)


def make_source(**changes: Any) -> SourceView:
    source = SourceView("helpdesk", "ok", NOW - timedelta(seconds=1.2), 1.2, 2.0, None)
    return replace(source, **changes)


def make_board(**changes: Any) -> Board:
    board = Board(
        name="示例旗舰店",
        now=NOW,
        zone=ZONE,
        as_of=NOW - timedelta(seconds=1.2),
        poll_s=2.0,
        beat_age_s=0.4,
        sources=(make_source(),),
        tiles=make_tiles(),
        rows=make_rows(),
        alerts=(
            make_alert(),
            make_alert(rule="wait-too-long", metric="longest_wait", queue="跨境英文站",
                       value=7_920, threshold=1_800, severity=Severity.WARNING),
            make_alert(queue="Douyin", value=21, severity=Severity.WARNING),
        ),
        band_edges_s=EDGES_S,
    )  # fmt: skip
    return replace(board, **changes)


def make_trends(now: datetime = NOW, **changes: Any) -> Trends:
    minute = now.hour * 60 + now.minute
    usual = wave(48, high=52, low=0)
    volume = tuple(
        DayPoint(
            at * 30,
            round(usual[at] * (1.1 + 0.2 * math.sin(at))) if at * 30 <= minute else None,
            usual[at],
            partial=at * 30 <= minute < at * 30 + 30,
        )
        for at in range(14, 48)
    )
    response = tuple(
        ResponsePoint(
            at * 60,
            60 + 25 * math.sin(at / 2) + at,
            200 + 90 * math.sin(at / 2.5) + 4 * at,
            40,
            partial=at * 60 <= minute < at * 60 + 60,
        )
        for at in range(7, minute // 60 + 1)
    )
    trends = Trends(
        volume=volume,
        response=response,
        satisfaction=tuple(_satisfaction_days(now.date())),
        response_target_s=60.0,
        satisfaction_target=90.0,
        now_minute=minute,
        today=now.date(),
    )
    return replace(trends, **changes)


def _satisfaction_days(today: date) -> Iterable[SatisfactionPoint]:
    for back in range(13, -1, -1):
        value = 90 + 3 * math.sin(back)
        yield SatisfactionPoint(
            today - timedelta(days=back), value, value - 4, value + 3, 180, partial=back == 0
        )


class FixedFeed:
    """Stands where data.Feed does: the same board at each look, with the clock going on."""

    poll_s = 2.0

    def __init__(self, board: Board, trends: Trends, language: Any = "zh") -> None:
        self._board, self._trends, self.language = board, trends, language

    def board(self, now: datetime) -> Board:
        shown = NOW + timedelta(seconds=now.timestamp() % 7)
        return replace(self._board, now=shown, as_of=shown)

    def trends(self, now: datetime) -> Trends:
        return self._trends

    def pulse(self, now: datetime) -> Pulse:
        return Pulse((make_source(age_s=1.0),), None, store_ok=True)
