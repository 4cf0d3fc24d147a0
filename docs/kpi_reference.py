"""docs/kpis.md out of kpis.template.md and the packs: `make docs`, or python -m docs.kpi_reference.

A KPI is described once, in its pack; tests/metrics/test_packs.py fails when the page is older.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from connectors.durations import format_duration
from metrics.kpi import Kpi, Registry
from metrics.packs import available, load_registry
from metrics.vocabulary import AGENT_TIME_LABELS, AGENT_TIME_NUMBERS, UNITS

FOLDER = Path(__file__).parent
TEMPLATE, PAGE = FOLDER / "kpis.template.md", FOLDER / "kpis.md"
_MARK = re.compile(r"\{\{(\w+)\}\}")
# The sections of the general pack begin at these KPIs; other packs are one section each.
_BEGINS = {
    "volume": "How much comes and goes", "first_response": "Waiting and answering",
    "resolution": "Handling and resolving", "bot_containment": "Bots", "csat": "Satisfaction",
    "orders_placed": "Orders", "cases_opened": "After-sales",
}  # fmt: skip
_PACKS = {
    "chatwoot": "As Chatwoot reports", "taobao": "Taobao and Tmall", "jd": "JD",
    "pdd": "Pinduoduo", "douyin": "Douyin", "kuaishou": "Kuaishou",
}  # fmt: skip
_UNITS = {
    "contact": "contacts", "round": "rounds", "message": "customer messages",
    "event": "events of the help desk", "rating": "ratings", "order": "orders", "case": "cases",
    "agent_time": "agents' quarter hours",
}  # fmt: skip
_SHAPES = {
    "duration": "median with p90, p95 and mean", "percent": "share", "hits": "number, with n",
    "count": "number", "sum": "sum", "mean": "mean", "ratio": "ratio", "state": "number now",
}  # fmt: skip
_WHO = {"human": "people", "bot": "bots", "assisted": "robots assisting people"}
_DENOMINATORS = {
    "all": "all of them", "answered": "those whose end is known",
    "removed": "answered or abandoned", "offered": "all with a start, answered or not",
}  # fmt: skip
_DEDUPS = {
    "none": "none", "contact": "the first per contact",
    "customer_day": "a customer once per local day, the first",
    "contact_window": "a contact once per window asked for",
}  # fmt: skip


def render(template: str, registry: Registry) -> str:
    """The page; {{index}}, {{general}}, {{vocabulary}} and {{PACK}} are filled in."""
    parts = {
        "index": _index(registry),
        "general": "\n".join(_general(_of_pack(registry, "general"))),
        "vocabulary": "\n".join(_vocabulary()),
        **{name: _pack(heading, _of_pack(registry, name)) for name, heading in _PACKS.items()},
    }
    return re.sub(r"\n{3,}", "\n\n", _MARK.sub(lambda mark: parts[mark[1]], template))


def _of_pack(registry: Registry, name: str) -> list[Kpi]:
    return [one for one in registry.values() if one.pack.name == name]


def _index(registry: Registry) -> str:
    sections: dict[str, list[str]] = {}
    heading = ""
    for name in ("general", *_PACKS):
        for kpi in _of_pack(registry, name):
            heading = _PACKS.get(name) or _BEGINS.get(kpi.key, heading)
            if not kpi.internal:
                link = f"[`{kpi.key}`](#{kpi.key.replace('.', '')})"
                sections.setdefault(heading, []).append(link)
    lines = [f"| {heading} | {', '.join(links)} |" for heading, links in sections.items()]
    return "\n".join(["| | |", "|---|---|", *lines])


def _general(kpis: Iterable[Kpi]) -> Iterator[str]:
    for kpi in kpis:
        if kpi.key in _BEGINS:
            yield f"## {_BEGINS[kpi.key]}\n"
        yield _block(kpi)


def _pack(heading: str, kpis: list[Kpi]) -> str:
    pack = kpis[0].pack
    read = f"Pack `{pack.name}`, version {pack.version}, read {pack.checked}"
    until = f", good until {pack.good_until}" if pack.good_until else ""
    verify = " **Verify on the platform.**" if pack.verify else ""
    blocks = "\n".join(_block(kpi) for kpi in kpis)
    return f"## {heading}\n\n{read}{until}. From: {pack.source}.{verify}\n\n{blocks}"


def _block(kpi: Kpi) -> str:
    shape = "mean with p50, p90, p95" if kpi.headline == "mean" else _SHAPES[kpi.shape]
    better = "" if kpi.better == "neither" else f", {kpi.better} is better"
    part = " · part of a ratio, not listed" if kpi.internal else ""
    name = f"**{kpi.title('en')} · {kpi.title('zh')}** ({kpi.unit}, {shape}{better}{part})"
    lines = "\n".join(f"- **{title}:** {text}" for title, text in _lines(kpi))
    return f"### `{kpi.key}`\n\n{name}\n\n{kpi.about('en')}\n\n{lines}\n"


def _lines(kpi: Kpi) -> Iterator[tuple[str, str]]:
    if kpi.is_ratio:
        factor = "" if kpi.factor == 1 else f"{kpi.factor:g} × "
        yield "Counts", f"{factor}`{kpi.of}` ÷ `{kpi.per}`, each by its own date"
    else:
        yield from _counted(kpi)
    limits = "; ".join(_limits(kpi))
    if limits:
        yield "Also", limits
    if kpi.trap("en"):
        yield "Trap", kpi.trap("en")
    yield "Source", kpi.source


def _counted(kpi: Kpi) -> Iterator[tuple[str, str]]:
    now = " now" if kpi.is_state else ""
    only = f", only {_ticked(kpi.where)}" if kpi.where else ""
    number = f"; their `{kpi.number}`" if kpi.number else ""
    met = f"; met when `{kpi.hit}`" if kpi.hit and kpi.hit not in ("in_time", "late") else ""
    yield "Counts", f"{_UNITS[kpi.of_unit]}{now}{only}{number}{met}"
    if kpi.start and kpi.end:
        clock = "wall clock" if kpi.clock == "wall" else "service hours"
        pair = f"`{kpi.start}` → `{kpi.end}`{_within(kpi)}{_by_whom(kpi)}"
        yield "From → to", f"{pair}; {clock}"
    elif kpi.start and kpi.is_state:
        aged = f"more than {format_duration(kpi.threshold)} since" if kpi.threshold else ""
        yield "Age", f"{aged} `{kpi.start}`" if aged else f"`{kpi.start}` has passed"
    if not kpi.is_state and kpi.date:
        out_of = _DENOMINATORS[kpi.denominator]
        if kpi.short_abandon:
            out_of += f", without abandons before {format_duration(kpi.short_abandon)}"
        dedup = f"**dedup:** {_DEDUPS[kpi.dedup]} · **dated by:** `{kpi.date}`"
        yield "Denominator", f"{out_of} · {dedup}"


def _within(kpi: Kpi) -> str:
    if kpi.threshold is None:
        return ""
    if kpi.hit == "late" and not kpi.threshold:
        return " later than it"
    return f" {'not ' if kpi.hit == 'late' else ''}within {format_duration(kpi.threshold)}"


def _by_whom(kpi: Kpi) -> str:
    if kpi.of_unit in ("round", "message"):
        return ", by " + " or ".join(_WHO[one] for one in kpi.counts)
    return ", by people" if kpi.end == "first_reply" else ""


def _limits(kpi: Kpi) -> Iterator[str]:
    if kpi.hours:
        first, last = (f"{one // 60:02}:{one % 60:02}" for one in kpi.hours)
        yield f"hours {first}–{last}"
    if kpi.suspended:
        runs = ", ".join(f"{first} to {last} (left out)" for first, last in kpi.suspended)
        yield f"suspended {runs}"
    if kpi.effective_from:
        yield f"effective from {kpi.effective_from}"
    if kpi.matures:
        yield f"known after {format_duration(kpi.matures)}"
    if kpi.rolling:
        yield f"the platform looks at {format_duration(kpi.rolling)}"
    if kpi.target is not None:
        yield f"line {kpi.target:g}"
    if kpi.needs:
        yield f"needs {_ticked(kpi.needs)}"


def _vocabulary() -> Iterator[str]:
    yield "| unit | events | conditions | numbers | split by |"
    yield "|---|---|---|---|---|"
    for name, unit in UNITS.items():
        if name != "message":
            parts = (unit.events, unit.conditions, unit.numbers, sorted(unit.labels))
            yield f"| `{name}` | {' | '.join(', '.join(part) or '–' for part in parts)} |"
    numbers, labels = ", ".join(AGENT_TIME_NUMBERS), ", ".join(AGENT_TIME_LABELS)
    yield f"| `agent_time` | – | – | {numbers} | {labels} |"


def _ticked(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def main() -> None:
    page = render(TEMPLATE.read_text(encoding="utf-8"), load_registry(available()))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
