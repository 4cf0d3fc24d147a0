"""The heading of each chart: its name and the one figure to take away. Trends → HTML."""

from __future__ import annotations

from dashboard.board import Trends
from dashboard.markup import tag, text
from dashboard.words import Words


def title_html(name: str, trends: Trends, words: Words) -> str:
    facts = {"volume": _volume, "response": _response, "satisfaction": _satisfaction}
    said = [words("chart.nothing")] if trends.is_empty(name) else facts[name](trends, words)
    parts = "".join(tag("span", text(part)) for part in said)
    return tag("div", tag("b", text(words(f"chart.{name}"))) + parts, class_="dp-title")


def _volume(trends: Trends, words: Words) -> list[str]:
    so_far = sum(point.today or 0 for point in trends.volume)
    usual = sum(point.usual or 0 for point in trends.volume)
    parts = [words("chart.half_hour"), words("chart.volume_now", n=words.count(so_far))]
    if usual:
        parts.append(words("chart.volume_usual", n=words.count(usual)))
    return parts


def _response(trends: Trends, words: Words) -> list[str]:
    last = next((p for p in reversed(trends.response) if p.p50 is not None), None)
    if last is None or last.p50 is None:
        return []
    time = f"{last.minute // 60:02}:{last.minute % 60:02}"
    return [words("chart.response_now", time=time, p50=words.duration(last.p50))]


def _satisfaction(trends: Trends, words: Words) -> list[str]:
    last = trends.satisfaction[-1]
    if last.value is None:
        return [words("reason.no_ratings")]
    value = words.percent(last.value)
    return [words("chart.satisfaction_now", value=value, n=words.count(last.n))]
