"""The Satisfaction page's figures: value, 95 % interval, n, and a verdict against the days before
that thin samples don't get → HTML. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.history.definition import definition_html
from dashboard.history.values import big
from dashboard.lists import GOOD, LATE
from dashboard.markup import figure, raw, sparkline, tag, text
from dashboard.satisfaction.frames import difference_said, figure_said, interval_said
from dashboard.satisfaction.rated import Rated
from dashboard.words import Figure, Words
from metrics.explain import explain
from metrics.satisfaction import Verdict

_SIX = "grid-template-columns:repeat(auto-fit,minmax(160px,1fr))"  # in one line on a desk
_SIGNS = {Verdict.BETTER: (GOOD, "var(--dp-positive)"), Verdict.WORSE: (LATE, "var(--dp-watch)")}


def tiles_html(figures: Iterable[Rated], words: Words, *, chosen: str) -> str:
    """`chosen` is the key of the figure that the charts below show."""
    cells = "".join(tile_html(one, words, chosen=one.head.kpi.key == chosen) for one in figures)
    return tag("div", cells, class_="dp-facts", style=_SIX)


def tile_html(one: Rated, words: Words, *, chosen: bool = False) -> str:
    kpi, row = one.head.kpi, one.head.row
    title = tag("span", text(kpi.title(words.language)))
    return tag(
        "section",
        tag("h2", title + definition_html(explain(kpi, words.language), words))
        + tag("p", figure(_figures(one, words)), class_="dp-fact-figure")
        + tag("div", "".join(_notes(one, words)), class_="dp-fact-notes")
        + sparkline(one.head.course),
        class_="dp-fact dp-chosen" if chosen else "dp-fact",
        data_tile=kpi.key,
        data_value=raw(row.value),
        data_n=str(row.n),
        data_verdict=one.verdict.value,
    )


def verdict_said(one: Rated, words: Words) -> str:
    """`3.1 pp worse than 85.2% before`; "" when there is nothing to compare with."""
    unit = one.head.kpi.unit
    if one.now is None or one.before is None:
        return ""
    then = figure_said(one.before.value, unit, words)
    if one.verdict is Verdict.TOO_FEW:
        thin = one.now.thin or one.before.thin
        n = words.count(one.before.n)
        return words("satisfaction.too_few" if thin else "satisfaction.too_wide", then=then, n=n)
    by = difference_said(one.now.value, one.before.value, unit, words)
    return words(f"satisfaction.{one.verdict.value}", by=by, then=then)


def answered_said(one: Rated, words: Words) -> str:
    """`3,845 of 12,890 sent` of a response rate, `n 3,845` of all others."""
    row = one.head.row
    if one.head.kpi.key == "csat_response_rate" and row.value is not None:
        answered = round(row.value * row.n / 100)
        return words("satisfaction.of_sent", n=words.count(answered), sent=words.count(row.n))
    return words("note.n", n=words.count(row.n))


def _figures(one: Rated, words: Words) -> tuple[Figure, ...]:
    if one.now is not None and one.head.kpi.unit == "points":
        return (Figure(figure_said(one.now.value, "points", words), ""),)
    return big(one.head.row.value, one.head.kpi.unit, words)


def _notes(one: Rated, words: Words) -> Iterable[str]:
    """What stands under the figure: interval and n, then the verdict."""
    if one.now is None:
        yield _note(one.head.why(words) or words("history.no_data"))
        return
    said = interval_said(one.now, one.head.kpi.unit, words)
    yield _note(words("satisfaction.interval", interval=said))
    yield _note(answered_said(one, words))
    if one.now.thin:
        yield _note(words("satisfaction.thin"))
    elif compared := verdict_said(one, words):
        sign, colour = _SIGNS.get(one.verdict, ("", ""))
        yield _note(f"{sign} {compared}".strip(), colour)
    if why := one.head.why(words):
        yield _note(why)


def _note(said: str, colour: str = "") -> str:
    style = "overflow-wrap:anywhere" + (f";color:{colour}" if colour else "")
    return tag("p", text(said), class_="dp-note", style=style)
