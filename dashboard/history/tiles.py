"""The figures at the head of a history page: a KPI over the whole period → HTML. Pure.

A tile has its name, the definition one click away, the figure, how it compares with the days
before, n, and its course; what is not known says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.history.definition import definition_html
from dashboard.history.values import big, difference, in_words
from dashboard.markup import figure, raw, sparkline, tag, text
from dashboard.past import THIN_SAMPLE
from dashboard.words import Words
from metrics.explain import explain
from metrics.kpi import Kpi
from metrics.needs import Lack, said
from metrics.rows import KpiRow

# Two values this near are the same for whoever reads them.
_STEADY = {"%": 0.5, "score": 0.02}
_STEADY_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Headline:
    """A KPI over the period. `lacks`: what sources don't deliver of what it needs; `filtered_out`:
    it knows nothing of one of the page's filters."""

    kpi: Kpi
    row: KpiRow
    before: KpiRow | None
    course: tuple[float | None, ...] = ()
    lacks: tuple[Lack, ...] = ()
    filtered_out: bool = False

    def why(self, words: Words) -> str:
        """Why there is no value, or what the value leaves out; "" for nothing to say."""
        if self.filtered_out:
            return words("history.filtered_out", name=self.kpi.title(words.language))
        return " ".join(said(self.kpi, lack, words.language) for lack in self.lacks)


def tiles_html(headlines: Iterable[Headline], words: Words, *, chosen: str = "") -> str:
    """`chosen` is the key of the one that the charts below show."""
    cells = "".join(tile_html(one, words, chosen=one.kpi.key == chosen) for one in headlines)
    return tag("div", cells, class_="dp-facts")


def tile_html(headline: Headline, words: Words, *, chosen: bool = False) -> str:
    kpi, row = headline.kpi, headline.row
    title = tag("span", text(kpi.title(words.language)))
    notes = "".join(tag("p", text(note), class_="dp-note") for note in notes_of(headline, words))
    return tag(
        "section",
        tag("h2", title + definition_html(explain(kpi, words.language), words))
        + tag("p", figure(big(row.value, kpi.unit, words)), class_="dp-fact-figure")
        + tag("div", notes, class_="dp-fact-notes")
        + sparkline(headline.course),
        class_="dp-fact dp-chosen" if chosen else "dp-fact",
        data_tile=kpi.key,
        data_value=raw(row.value),
        data_n=str(row.n),
    )


def notes_of(headline: Headline, words: Words) -> list[str]:
    """What stands under the figure, most useful first."""
    kpi, row = headline.kpi, headline.row
    if row.value is None:
        return [headline.why(words) or words("history.no_data")]
    lines = []
    if row.p90 is not None:
        lines.append(words("note.p90", value=in_words(row.p90, kpi.unit, words)))
    compared = comparison(headline, words)
    if compared:
        lines.append(compared)
    thin = row.n < THIN_SAMPLE and kpi.shape not in ("count", "sum", "state")
    lines.append(words("note.thin" if thin else "note.n", n=words.count(row.n)))
    return lines


def comparison(headline: Headline, words: Words) -> str:
    """`12% better than 1 min 8 s before`. Thin samples are not judged."""
    before, row, unit = headline.before, headline.row, headline.kpi.unit
    if before is None or row.value is None:
        return ""
    if before.value is None:
        return words("change.nothing")
    then = in_words(before.value, unit, words)
    if min(row.n, before.n) < THIN_SAMPLE:
        return words("change.thin", then=then)
    kind = change_of(headline)
    by = difference(row.value, before.value, unit, words)
    return words(f"change.{kind}", by=by, then=then)


def change_of(headline: Headline) -> str:
    """steady, better, worse; more or less where neither is better. "" when it can't be told."""
    before, row, kpi = headline.before, headline.row, headline.kpi
    if before is None or row.value is None or before.value is None:
        return ""
    if min(row.n, before.n) < THIN_SAMPLE:
        return ""
    gap = row.value - before.value
    if abs(gap) <= _STEADY.get(kpi.unit, _STEADY_SHARE * abs(before.value)):
        return "steady"
    if kpi.better == "neither":
        return "more" if gap > 0 else "less"
    return "better" if (gap > 0) == (kpi.better == "higher") else "worse"
