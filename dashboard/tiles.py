"""The key tiles: Tile → HTML. One label, one big figure, at most two short notes, one sparkline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from dashboard.board import Tile, change
from dashboard.markup import figure, mark, raw, sparkline, state_class, tag, text
from dashboard.past import THIN_SAMPLE
from dashboard.words import Figure, Words

_STEADY_PERCENT = 1.0
# What of a shop stands beside a help desk; a shop alone shows all it has as key tiles.
_SHOP_ROW = frozenset({"orders_awaiting_payment", "orders_awaiting_shipment", "overdue_shipments",
                       "cases_open", "cases_overdue"})  # fmt: skip
_SHORT_FIGURE = 4  # signs that fit at full size


def tiles_html(tiles: Iterable[Tile], words: Words, *, as_of: datetime | None) -> str:
    cells = "".join(tile_html(tile, words, as_of=as_of) for tile in tiles)
    return tag("div", cells, class_="dp-tiles")


def shop_html(tiles: Sequence[Tile], words: Words, *, as_of: datetime | None) -> str:
    """Orders and after-sales in one low row; nothing where no shop is connected."""
    if not tiles:
        return ""
    cells = "".join(
        tag(
            "section",
            tag("h2", text(words(f"tile.{tile.key}")))
            + tag("p", figure(big(tile, words)), class_="dp-figure"),
            class_=state_class("dp-mini", tile.state),
            data_tile=tile.key,
            data_value=raw(tile.value),
            title=hint(tile, words, as_of=as_of),
        )
        for tile in tiles
        if tile.key in _SHOP_ROW
    )
    return tag("div", cells, class_="dp-shop")


def tile_html(tile: Tile, words: Words, *, as_of: datetime | None) -> str:
    """The element carries `data-tile` and the raw `data-value` for whoever reads the page."""
    figures = big(tile, words)
    # A long figure is set smaller instead of being cut.
    long = sum(len(part.digits) + len(part.unit) for part in figures) > _SHORT_FIGURE
    label = tag("h2", tag("span", text(words(f"tile.{tile.key}"))) + mark(tile.state, words))
    lines = "".join(tag("p", text(note), class_="dp-note") for note in notes(tile, words)[:2])
    return tag(
        "section",
        label
        + tag("p", figure(figures), class_="dp-figure dp-long" if long else "dp-figure")
        + bullet(tile)
        + tag("div", lines, class_="dp-notes")
        + sparkline(tile.spark),
        class_=state_class("dp-tile", tile.state),
        data_tile=tile.key,
        data_value=raw(tile.value),
        title=hint(tile, words, as_of=as_of),
    )


def big(tile: Tile, words: Words) -> tuple[Figure, ...]:
    if tile.value is None:
        return ()
    forms: dict[str, Callable[[float], tuple[Figure, ...]]] = {
        "count": words.big_count,
        "s": words.big_duration,
        "percent": words.big_percent,
        "score": words.big_score,
    }
    return forms[tile.unit](tile.value)


def in_words(value: float, unit: str, words: Words) -> str:
    """A value inside a sentence."""
    forms: dict[str, Callable[[float], str]] = {
        "count": words.count,
        "s": words.duration,
        "percent": words.percent,
        "score": lambda score: f"{score:.2f}",
    }
    return forms[unit](value)


def notes(tile: Tile, words: Words) -> list[str]:
    """What stands under the figure, most useful first; the tile has room for two."""
    if tile.value is None:
        return [words(f"reason.{tile.reason}")] if tile.reason else []
    lines = []
    if tile.n is not None and tile.n < THIN_SAMPLE:
        lines.append(words("note.thin", n=words.count(tile.n)))
    if tile.p90 is not None:
        lines.append(words("note.p90", value=words.duration(tile.p90)))
    if tile.over_cut:
        lines.append(words("note.over_cut", n=words.count(tile.over_cut)))
    if tile.target is not None:
        kind = "least" if tile.target_is_least else "most"
        value = in_words(tile.target, tile.unit, words)
        lines.append(words(f"note.target_{kind}", value=value))
    if tile.low is not None and tile.high is not None:
        lines.append(words("note.interval", low=round(tile.low), high=round(tile.high)))
    if tile.before is not None:
        lines.append(words("note.before", value=in_words(tile.before, tile.unit, words)))
    lines += _against_usual(tile, words)
    if tile.n is not None and tile.n >= THIN_SAMPLE:
        lines.append(words("note.n", n=words.count(tile.n)))
    if tile.unassigned:
        lines.append(words("note.unassigned", n=words.count(tile.unassigned)))
    return lines


def _against_usual(tile: Tile, words: Words) -> list[str]:
    percent = change(tile)
    if percent is None or tile.usual is None:
        return []
    usual = words("note.usual", value=in_words(tile.usual, tile.unit, words))
    if abs(percent) < _STEADY_PERCENT:
        return [usual, words("note.same")]
    direction = "above" if percent > 0 else "below"
    return [usual, words(f"note.{direction}", value=f"{abs(percent):.0f}")]


def bullet(tile: Tile) -> str:
    """A thin bar with the target as a tick; the scale ends at twice the target or at 100 %."""
    if tile.target is None or tile.value is None or tile.target <= 0:
        return ""
    top = 100.0 if tile.unit == "percent" else 2 * tile.target
    fill = min(100.0, max(0.0, tile.value / top * 100))
    style = f"--fill:{fill:.1f}%;--target:{min(100.0, tile.target / top * 100):.1f}%"
    return tag("div", class_="dp-bullet", style=style)


def hint(tile: Tile, words: Words, *, as_of: datetime | None) -> str:
    """What the number means, why it is unknown, and when it was read."""
    lines = [words(f"hint.{tile.key}")]
    if tile.value is None and tile.reason:
        lines.append(words(f"reason.{tile.reason}"))
    if tile.n is not None:
        lines.append(words("note.n", n=words.count(tile.n)))
    if as_of is not None:
        lines.append(words("hint.as_of", time=words.moment(as_of)))
    return " · ".join(lines)
