"""From a digest's charts to pictures with their words, drawn by a process of its own (draw.py).

A picture that can't be drawn is left out and logged; it never holds a digest back.
"""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from alerts.digest.content import Chart, ProfileChart, QueueChart, TrendChart
from alerts.digest.plan import Drawing, plan
from alerts.digest.words import Speaker
from metrics.text import format_day

log = logging.getLogger(__name__)
LONGEST_S = 60.0
MOST_SAID = 500


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart ready to be shown; `alt` says it in words. `png` None: it could not be drawn."""

    title: str
    note: str
    alt: str
    png: bytes | None


def pictures(speaker: Speaker) -> list[Picture]:
    """All charts of a digest in the reader's language."""
    charts = speaker.digest.charts
    if not charts:
        return []
    drawn = draw([plan(chart, speaker) for chart in charts])
    return [
        Picture(title_of(chart, speaker), _note(chart, speaker), _alt(chart, speaker), png)
        for chart, png in zip(charts, drawn, strict=True)
    ]


def draw(drawings: Sequence[Drawing]) -> list[bytes | None]:
    """Each drawing as PNG; None where it failed."""
    argv = [sys.executable, "-m", "alerts.digest.draw"]
    text = json.dumps([asdict(one) for one in drawings]).encode()
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            argv, input=text, capture_output=True, timeout=LONGEST_S, check=True
        )
        found = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        said = (getattr(error, "stderr", None) or b"")[-MOST_SAID:].decode("utf-8", "replace")
        log.error("event=not_drawn error=%s said=%r", type(error).__name__, said)
        return [None] * len(drawings)
    if done.stderr:
        log.error("event=not_drawn said=%r", done.stderr[-MOST_SAID:].decode("utf-8", "replace"))
    return [None if one is None else base64.b64decode(one) for one in found]


def title_of(chart: Chart, speaker: Speaker) -> str:
    kind = "queues"
    if isinstance(chart, TrendChart):
        kind = "trend"
    elif isinstance(chart, ProfileChart):
        kind = "hours" if chart.by_hour else "week"
    return speaker.say(f"chart.{kind}", name=speaker.title_of(chart.kpi))


def _note(chart: Chart, speaker: Speaker) -> str:
    """How to read it, where the picture can't say so itself."""
    if isinstance(chart, TrendChart):
        return ""
    if isinstance(chart, ProfileChart):
        return speaker.say("chart.note_bars")
    more = speaker.say("chart.more_queues", n=chart.more) if chart.more else ""
    return speaker.joint.join(part for part in (speaker.say("chart.note_queues"), more) if part)


def _alt(chart: Chart, speaker: Speaker) -> str:
    """The picture in words, for those who don't see it."""
    say, name, zone = speaker.say, speaker.title_of(chart.kpi), speaker.wording.zone

    def amount(value: float | None) -> str:
        return speaker.amount(chart.kpi, value)

    if isinstance(chart, QueueChart):
        rows = [
            say("chart.alt_row", queue=one.queue, value=amount(one.value), usual=amount(one.usual))
            for one in chart.rows
        ]
        return say("chart.alt_queues", name=name, rows=speaker.listed(rows))
    if isinstance(chart, TrendChart):
        known = [point.value for point in chart.points if point.value is not None]
        if not known:
            return name
        named = {"first": known[0], "last": known[-1], "low": min(known), "high": max(known)}
        said = {key: amount(value) for key, value in named.items()}
        return say("chart.alt_trend", name=name, **said)
    peak = max(chart.points, key=lambda point: point.value or 0.0, default=None)
    if peak is None:
        return name
    local = peak.at.astimezone(zone)
    at = f"{local:%H:%M}" if chart.by_hour else format_day(peak.at, speaker.lang, zone=zone)
    return say("chart.alt_profile", name=name, high=amount(peak.value), at=at)
