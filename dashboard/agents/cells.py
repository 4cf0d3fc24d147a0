"""Cells of the scorecard: what a figure says, what it leads to, how rows are sorted. Pure.

A value that too few contacts stand behind is faint and sorts behind the others: a lucky handful
must not lead a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dashboard.agents.scorecard import Agent, Column, Scorecard
from dashboard.history import drill
from dashboard.history.known import Known
from dashboard.history.values import in_words
from dashboard.lists import GOOD, LATE
from dashboard.words import UNKNOWN, Words
from metrics.fairness import ENOUGH, Standing
from metrics.rows import KpiRow

NAME, TEAM, P90 = "name", "team", "p90"
MARKS: Mapping[Standing, str] = {Standing.WORSE: LATE, Standing.BETTER: GOOD}


@dataclass(frozen=True, slots=True)
class Cell:
    """`value` sorts (None: unknown, last); `pick` opens the contacts behind it; `why` is shown on
    hover."""

    text: str
    n: str = ""
    value: float | str | None = None
    thin: bool = False
    standing: Standing | None = None
    pick: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    cells: tuple[Cell, ...]


def fields(card: Scorecard) -> tuple[str, ...]:
    """The columns that there is something to say in: names, keys of KPIs, and `p90`."""
    keys: list[str] = [NAME]
    if any(one.team for one in card.agents):
        keys.append(TEAM)
    if card.handled is not None:
        keys.append(card.handled.key)
    for column in card.known:
        keys.append(column.key)
        if column.key == "first_response":
            keys.append(P90)
    return (*keys, *(one.key for one in card.times if one.rows))


def lines(card: Scorecard, known: Known, say: Words) -> list[Line]:
    """One per agent, in the order of the card."""
    return [Line(tuple(_cells(card, agent, known, say))) for agent in card.agents]


def everybody(card: Scorecard, say: Words) -> Line:
    """All agents together, which is what each is measured against."""
    cells = [Cell(say("agents.everybody"))]
    if TEAM in fields(card):
        cells.append(Cell(""))
    if card.handled is not None:
        cells.append(Cell(say.count(card.handled.head.row.n)))
    for column in card.known:
        row, unit = column.head.row, column.head.kpi.unit
        cells.append(Cell(_in_words(row.value, unit, say), say.count(row.n)))
        if column.key == "first_response":
            cells.append(Cell(_in_words(row.p90, unit, say)))
    hours = say("agents.hours", n=say.count(sum(card.present_s.values()) / 3_600))
    cells += [Cell(_time(one, one.head.row, say), hours) for one in card.times if one.rows]
    return Line(tuple(cells))


def ordered(card: Scorecard, found: list[Line], by: str) -> list[Line]:
    """Sorted by a field, `-field` the other way round: the best (or most, or first) on top without
    the sign. Thin values come after the others, unknown ones last; no such field, no order."""
    down, field = by.startswith("-"), by.removeprefix("-")
    known = fields(card)
    if field not in known:
        return found
    at = known.index(field)
    high_first = descends(card, field) != down

    def place(line: Line) -> tuple[bool, bool]:
        cell = line.cells[at]
        return cell.value is None, cell.thin

    best = sorted((one for one in found if one.cells[at].value is not None),
                  key=lambda line: line.cells[at].value or 0, reverse=high_first)  # fmt: skip
    return sorted([*best, *(one for one in found if one.cells[at].value is None)], key=place)


def descends(card: Scorecard, field: str) -> bool:
    """Whether the highest values are on top without a sign."""
    if field in (NAME, TEAM):
        return False
    columns = {one.key: one for one in (*card.columns, *card.times)}
    return (
        field not in columns
        or columns[field].head.kpi.better == "higher"
        or any(one.key == field for one in card.times)
    )


def _cells(card: Scorecard, agent: Agent, known: Known, say: Words) -> Iterator[Cell]:
    name = known.shown("agent", agent.id)
    pick = drill.label(card.handled.key, "agent", agent.id).text() if card.handled else None
    yield Cell(name, value=name, pick=pick)
    if any(one.team for one in card.agents):
        yield Cell(agent.team or UNKNOWN, value=agent.team or None)
    if card.handled is not None:
        n = card.handled.rows[agent.id].n if agent.id in card.handled.rows else 0
        yield Cell(say.count(n), value=float(n), pick=pick if n else None)
    for column in card.known:
        yield _figure(column, agent, say)
        if column.key == "first_response":
            row = column.rows.get(agent.id)
            p90 = row.p90 if row else None
            thin = row is None or row.n < ENOUGH
            yield Cell(_in_words(p90, "s", say), value=p90, thin=thin)
    for column in card.times:
        if column.rows:
            yield _presence(card, column, agent, say)


def _figure(column: Column, agent: Agent, say: Words) -> Cell:
    kpi, row, fair = column.head.kpi, column.rows.get(agent.id), column.fair.get(agent.id)
    if row is None:
        return Cell(UNKNOWN)
    standing = fair.standing if fair else None
    return Cell(
        _in_words(row.value, kpi.unit, say),
        say.count(row.n),
        row.value,
        thin=row.n < ENOUGH,
        standing=standing if standing in MARKS else None,
        pick=drill.label(kpi.key, "agent", agent.id).text(),
        why=said(column, agent.id, say),
    )


def said(column: Column, agent: str, say: Words) -> str:
    """How a value stands beside the expected one, in a sentence; "" when nothing is compared."""
    fair = column.fair.get(agent)
    if fair is None:
        return ""
    expected = _in_words(fair.expected, column.head.kpi.unit, say)
    return say(f"agents.{fair.standing.value}", expected=expected, n=ENOUGH)


def _presence(card: Scorecard, column: Column, agent: Agent, say: Words) -> Cell:
    row, seconds = column.rows.get(agent.id), card.present_s.get(agent.id)
    if row is None or seconds is None:
        return Cell(say("agents.unknown"), why=say("agents.no_presence"))
    hours = say("agents.hours", n=say.count(seconds / 3_600))
    return Cell(_time(column, row, say), hours, row.value)


def _time(column: Column, row: KpiRow, say: Words) -> str:
    kpi = column.head.kpi
    if row.value is None:
        return say("agents.unknown")
    return f"{row.value:.1f}" if kpi.unit == "contacts" else _in_words(row.value, kpi.unit, say)


def _in_words(value: float | None, unit: str, say: Words) -> str:
    """One decimal for all percents of a column: they stand below each other."""
    return f"{value:.1f}%" if unit == "%" and value is not None else in_words(value, unit, say)
