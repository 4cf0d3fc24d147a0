"""Cards of the pace page: a Pace → HTML and sentences. Pure; the numbers are pacing.py's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from dashboard.history.definition import definition_html
from dashboard.lists import DOWN, GOOD, LATE
from dashboard.markup import figure, raw, tag, text
from dashboard.words import UNKNOWN, Figure, Words
from metrics.explain import explain
from metrics.kpi import Kpi
from metrics.needs import said
from metrics.pacing import NoPace, Pace, Recovery, in_percent
from metrics.text import format_percent


@dataclass(frozen=True, slots=True)
class Paces:
    """What the page shows. `today` is the shop's."""

    as_of: datetime
    today: date
    all: tuple[Pace | NoPace, ...]

    def find(self, key: str) -> Pace | None:
        return next((one for one in self.all if isinstance(one, Pace) and one.kpi.key == key), None)


def cards_html(paces: Paces, words: Words, *, chosen: str) -> str:
    cards = "".join(
        _card(one, paces.today, words, chosen=one.kpi.key == chosen) for one in paces.all
    )
    return tag("div", cards, class_="dp-facts dp-paces")


def percent(value: float | None) -> str:
    """Two places: a platform's line is missed by hundredths."""
    return UNKNOWN if value is None else format_percent(value, decimals=2)


def sentence(paces: Paces, words: Words) -> str:
    """The KPI in most trouble: below its line, else with the least room; else that no line is
    set."""
    lined = [one for one in paces.all if isinstance(one, Pace) and one.line is not None]
    if not lined:
        known = any(isinstance(one, Pace) and one.value is not None for one in paces.all)
        return words("pace.no_lines" if known else "pace.nothing")
    below = [one for one in lined if one.line and one.line.recovery is not None]
    if below:
        worst = max(below, key=lambda one: abs((one.value or 0.0) - (_target(one) or 0.0)))
        return words("pace.below", name=_name(worst, words), value=percent(worst.value),
                     line=percent(_target(worst)))  # fmt: skip
    tight = min(lined, key=_room)
    spare = tight.line.spare if tight.line else None
    if spare is None:
        return words("pace.falls", name=_name(tight, words), line=percent(_target(tight)))
    return words("pace.above", name=_name(tight, words), n=words.count(spare))


def _room(one: Pace) -> float:
    """Spare slow answers as a share of what is still to come."""
    spare = one.line.spare if one.line else None
    return -1.0 if spare is None else spare / max(1, one.outlook.rest)


def _name(one: Pace, words: Words) -> str:
    return one.kpi.title(words.language)


def _target(one: Pace) -> float | None:
    return one.line.target if one.line else None


def _card(one: Pace | NoPace, today: date, words: Words, *, chosen: bool) -> str:
    kpi = one.kpi
    title = tag("span", text(kpi.title(words.language)))
    value = one.value if isinstance(one, Pace) else None
    shown = () if value is None else (Figure(percent(value).removesuffix("%"), "%"),)
    lines = list(_lines(one, words)) if isinstance(one, Pace) else _why_not(one, words)
    notes = "".join(tag("p", text(line), class_="dp-note") for line in lines)
    return tag(
        "section",
        tag("h2", title + definition_html(explain(kpi, words.language), words))
        + tag("p", figure(shown) + _state(one, words), class_="dp-fact-figure")
        + tag("div", notes, class_="dp-fact-notes")
        + _origin(kpi, today, words),
        class_="dp-fact dp-chosen" if chosen else "dp-fact",
        data_tile=kpi.key,
        data_value=raw(value),
    )


def _state(one: Pace | NoPace, words: Words) -> str:
    """Shape, word and colour: at the line or below it."""
    if isinstance(one, NoPace) or one.line is None or one.value is None:
        return ""
    line = percent(one.line.target)
    if one.line.recovery is not None:
        return tag("i", text(f"{DOWN} {words('pace.is_below', line=line)}"), class_="dp-breach")
    return tag("i", text(f"{GOOD} {words('pace.is_above', line=line)}"))


def _why_not(one: NoPace, words: Words) -> list[str]:
    if one.lacks:
        return [said(one.kpi, lack, words.language) for lack in one.lacks]
    return [words("history.filtered_out", name=one.kpi.title(words.language))]


def _origin(kpi: Kpi, today: date, words: Words) -> str:
    """Which version of the rules, when it was compared, and that the platform has the last word."""
    pack = kpi.pack
    dated = pack.version != "undated"
    parts = [_platform(kpi, words)]
    parts.append(words("pace.version", version=pack.version) if dated else words("pace.undated"))
    if pack.checked is not None:
        parts.append(words("pace.checked", day=words.full_day(pack.checked)))
    if pack.verify:
        parts.append(words("history.verify"))
    html = tag("p", text(" · ".join(parts)), class_="dp-note")
    if pack.good_until is not None and today > pack.good_until:
        until = words("pace.outdated", day=words.full_day(pack.good_until), file=pack.file)
        html += tag("p", text(f"{LATE} {until}"), class_="dp-note dp-watch")
    return tag("div", html, class_="dp-pace-origin")


def _platform(kpi: Kpi, words: Words) -> str:
    """The pack's title without what stands in brackets: that it must be verified is said apart."""
    title = dict(kpi.pack.titles).get(words.language) or kpi.pack.name
    return title.partition("（")[0].partition(" (")[0]


def _lines(one: Pace, words: Words) -> Iterator[str]:
    """What stands under the figure, most useful first."""
    count = words.count
    n, slow = count(one.window.n), count(one.window.slow)
    if one.length == 1:
        yield words("pace.window_today", n=n, slow=slow)
    else:
        key = "pace.window" if one.known_days in (0, one.length) else "pace.window_begun"
        yield words(key, days=one.length, known=one.known_days, n=n, slow=slow)
    if one.end is not None and one.outlook.rate is not None:
        rate = percent(in_percent(one.kpi, one.outlook.rate))
        yield words("pace.end", value=percent(one.end), n=count(one.outlook.rest),
                    days=one.outlook.rate_days, rate=rate)  # fmt: skip
    if one.line is not None:
        yield _spare(one, words)
        if one.line.recovery is not None:
            yield from _recovery(one.line.recovery, one, words)
        elif one.line.in_a_row is not None and one.window.n:
            yield words("pace.in_a_row", n=count(one.line.in_a_row + 1), line=percent(_target(one)))
    if one.cost is not None:
        points = f"{100 * float(one.cost):.4f}".rstrip("0").rstrip(".")
        yield words("pace.cost", points=points)
    if one.line is None and one.window.n:
        yield words("pace.no_line", name=one.kpi.key)
    if one.worst is not None and one.worst_leaves is not None:
        share = percent(in_percent(one.kpi, one.worst.tally.share))
        slow, leaves = count(one.worst.tally.slow), words.day(one.worst_leaves)
        yield words(
            "pace.worst", day=words.day(one.worst.day), share=share, slow=slow, leaves=leaves
        )


def _spare(one: Pace, words: Words) -> str:
    spare = one.line.spare if one.line else None
    line = percent(_target(one))
    if spare is None:
        return words("pace.spare_none", line=line)
    if spare >= one.outlook.rest:
        return words("pace.spare_all", line=line)
    return words("pace.spare", n=words.count(spare), rest=words.count(one.outlook.rest), line=line)


def _recovery(found: Recovery, one: Pace, words: Words) -> Iterable[str]:
    """How many rounds, and by which day; at best, and as things go."""
    return [
        words("pace.recover_best", rounds=_rounds(found.rounds, words),
              day=_by(found.day, one, words)),
        words("pace.recover_as_now", rounds=_rounds(found.rounds_as_now, words),
              day=_by(found.day_as_now, one, words)),
    ]  # fmt: skip


def _rounds(n: int | None, words: Words) -> str:
    return words("pace.never") if n is None else words("pace.rounds", n=words.count(n))


def _by(day: date | None, one: Pace, words: Words) -> str:
    if day is None:
        return words("pace.not_in", days=one.length)
    return words("pace.by_today") if day == one.today else words("pace.by_day", day=words.day(day))
