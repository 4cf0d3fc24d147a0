"""The scorecard and the comparison as files: all agents, unrounded, and what it means. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.agents.scorecard import Agent, Column, Scorecard
from dashboard.history import sheets
from dashboard.history.asked import Asked
from dashboard.history.export import Cell, Sheet, Table
from dashboard.history.export import Column as SheetColumn
from dashboard.history.known import Known
from metrics.explain import explain

_FORMS = {"s": "0.0", "%": "0.00", "contacts": "0.00"}


def scorecard_sheet(card: Scorecard, asked: Asked, known: Known) -> Sheet:
    """One line per agent, not just those on the screen."""
    columns, rows = _names(card, asked, known)
    if card.handled is not None:
        columns.append(SheetColumn(card.handled.head.kpi.title(asked.language)))
        for agent, row in zip(card.agents, rows, strict=True):
            found = card.handled.rows.get(agent.id)
            row.append(found.n if found else 0)
    for one in card.known:
        _add(columns, rows, one, card.agents, asked)
    for one in card.times:
        _add_time(columns, rows, one, card, asked)
    title = asked.say("agents.scorecard")
    name = f"deskpulse-agents-scorecard-{asked.period.first}-{asked.period.last}"
    return Sheet(name, title, _about(card, asked), Table(columns, rows))


def comparison_sheet(card: Scorecard, asked: Asked, known: Known, title: str) -> Sheet:
    """The chosen figure of every agent, with that of the days before."""
    one = card.chosen
    columns, rows = _names(card, asked, known)
    _add(columns, rows, one, card.agents, asked)
    if asked.before is not None:
        columns += [
            _column(one, asked.say("sheet.before")),
            SheetColumn(asked.say("sheet.n_before")),
        ]
        for agent, row in zip(card.agents, rows, strict=True):
            past = card.before.get(agent.id)
            row += [past.value, past.n] if past else [None, None]
    return sheets.sheet(asked, one.head, Table(columns, rows), name="comparison", title=title,
                        as_of=card.as_of)  # fmt: skip


def _names(
    card: Scorecard, asked: Asked, known: Known
) -> tuple[list[SheetColumn], list[list[Cell]]]:
    say = asked.say
    heads = [say("label.agent"), say("agents.id"), say("label.team")]
    rows: list[list[Cell]] = [
        [known.shown("agent", one.id), one.id, one.team or None] for one in card.agents
    ]
    return [SheetColumn(name) for name in heads], rows


def _add(
    columns: list[SheetColumn], rows: list[list[Cell]], one: Column, agents: Sequence[Agent],
    asked: Asked,
) -> None:  # fmt: skip
    """Value (and p90 of times), n, expected value, interval and verdict of each agent."""
    say, title = asked.say, one.head.kpi.title(asked.language)
    timed = one.head.kpi.shape == "duration"
    columns.append(_column(one, title))
    if timed:
        columns.append(_column(one, f"{title} {say('sheet.p90')}"))
    columns.append(SheetColumn(f"{title} n"))
    columns += [_column(one, f"{title}: {say(f'agents.{name}')}")
                for name in ("expected_value", "low", "high")]  # fmt: skip
    columns.append(SheetColumn(f"{title}: {say('agents.verdict')}"))
    for agent, row in zip(agents, rows, strict=True):
        found, fair = one.rows.get(agent.id), one.fair.get(agent.id)
        row.append(found.value if found else None)
        if timed:
            row.append(found.p90 if found else None)
        row.append(found.n if found else 0)
        row += [fair.expected, fair.low, fair.high] if fair else [None, None, None]
        row.append(say(f"agents.verdict_{fair.standing.value}") if fair else None)


def _add_time(
    columns: list[SheetColumn], rows: list[list[Cell]], one: Column, card: Scorecard, asked: Asked
) -> None:
    title = one.head.kpi.title(asked.language)
    columns += [_column(one, title), SheetColumn(asked.say("agents.present_hours"), "0.0")]
    for agent, row in zip(card.agents, rows, strict=True):
        found, seconds = one.rows.get(agent.id), card.present_s.get(agent.id)
        row += [found.value if found else None, seconds / 3_600 if found and seconds else None]


def _column(one: Column, title: str) -> SheetColumn:
    unit = one.head.kpi.unit
    return SheetColumn(f"{title} ({unit})", _FORMS.get(unit, "0.00"))


def _about(card: Scorecard, asked: Asked) -> tuple[tuple[str, str], ...]:
    say = asked.say
    shown = [*([card.handled] if card.handled else []), *card.columns, *card.times]
    note = say("agents.comparison_note", looks=say.count(card.looks))
    meant = [explain(one.head.kpi, asked.language) for one in shown]
    return (
        *((one.title, one.about) for one in meant),
        (say("agents.read"), f"{say('agents.important')} {note}"),
        (say("sheet.zone"), asked.zone.key),
        (say("sheet.period"), asked.period_said()),
        (say("sheet.filters"), asked.filters_said()),
        (say("sheet.as_of"), f"{card.as_of.astimezone(asked.zone):%Y-%m-%d %H:%M:%S}"),
    )
