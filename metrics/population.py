"""Facts -> the rows that KPIs of one unit are measured on, as columns of numbers.

One SELECT serves all KPIs of a unit that are dated alike. Which rows count, and what they are
worth, is measure.py's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.dirty import SLOT
from connectors.schema import rounds
from metrics.kpi import Kpi
from metrics.vocabulary import UNITS, Column, Term, raw

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Span = tuple[int, int]  # µs: the first included, the last left out
LONGEST_RUN = 30 * 86_400_000_000  # µs: a question's further messages count up to a month after it
LONGEST_DAY = 25 * 3_600_000_000  # µs: when clocks turn back
SPANS_AT_ONCE = 60  # in one WHERE


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one unit. `columns`: words of the vocabulary, times in µs, conditions 0 or 1, NaN
    where nothing is known; `labels`: the label sets and, per row, which one it is; `keys`: who."""

    n: int
    columns: Mapping[str, Floats]
    label_names: tuple[str, ...]
    label_sets: tuple[tuple[str, ...], ...]
    sets: Ints
    keys: Mapping[str, npt.NDArray[np.object_]]

    def __getitem__(self, word: str) -> Floats:
        return self.columns[word]


def load(
    connection: sa.Connection, kpis: Sequence[Kpi], spans: Sequence[Span], *, identity: bool = False
) -> Rows:
    """The rows of the KPIs' common unit that one of the KPIs dates into one of the spans.

    With `identity` also what each row is called (source and ref), for lists.
    """
    of_unit = kpis[0].of_unit
    columns = _columns(kpis)
    names = _keys(kpis, identity=identity)
    if len(spans) > SPANS_AT_ONCE:
        names += [f"key.{at}" for at in range(len(_primary(of_unit)))]
    parts = [
        _query(of_unit, columns, names, _within(kpis, spans[at : at + SPANS_AT_ONCE]))
        for at in range(0, len(spans), SPANS_AT_ONCE)
    ]
    found: list[tuple[Any, ...]] = []
    for query in parts:
        found += connection.execute(query).cursor.fetchall()
    if len(parts) > 1:
        found = list(dict.fromkeys(found))  # a row may be dated into spans of two queries
    rows = _as_rows(of_unit, found, list(columns), names)
    return _messages(rows, found, spans) if of_unit == "message" else rows


def state_rows(connection: sa.Connection, kpi: Kpi) -> Rows:
    """The rows that a KPI of the present counts, before its threshold."""
    columns = _columns([kpi])
    unit = UNITS[kpi.of_unit]
    conditions = [_condition(unit.conditions, word) for word in kpi.where]
    query = _query(kpi.of_unit, columns, [], sa.and_(sa.true(), *conditions))
    return _as_rows(kpi.of_unit, connection.execute(query).cursor.fetchall(), list(columns), [])


def _columns(kpis: Iterable[Kpi]) -> dict[str, Term]:
    """Every word that the KPIs use, by name; a condition and an event may share one."""
    found: dict[str, Term] = {}
    for kpi in kpis:
        unit = UNITS[kpi.of_unit]
        for word in (kpi.start, kpi.end, kpi.date):
            if word is not None:
                found[f"at.{word}"] = unit.events[word]
        if kpi.denominator == "removed":
            found["at.abandoned"] = unit.events["abandoned"]
        words = [one.removeprefix("!") for one in kpi.where]
        if kpi.hit in unit.conditions:
            words.append(str(kpi.hit))
        if kpi.of_unit in ("round", "message"):
            words += ["answered", "by_human", "by_bot", "by_assisted"]
        found |= {f"is.{word}": unit.conditions[word] for word in words}
        if kpi.number is not None:
            found[f"n.{kpi.number}"] = unit.numbers[kpi.number]
    return found


def reach(kpi: Kpi, window: Span) -> Span:
    """The span whose rows decide which of those in the window count."""
    if kpi.dedup == "contact":
        return (_BEGINNING, window[1])
    return (window[0] - LONGEST_DAY, window[1]) if kpi.dedup == "customer_day" else window


def _primary(of_unit: str) -> list[Any]:
    return [key for table in _tables(of_unit)[:1] for key in table.primary_key]


def _keys(kpis: Iterable[Kpi], *, identity: bool) -> list[str]:
    names = set()
    for kpi in kpis:
        if kpi.dedup == "customer_day":
            names.add("customer")
        if kpi.dedup != "none":
            names.add("contact")
        if kpi.of_unit == "message":
            names.add("asked_again")
    return sorted(names | ({"ref"} if identity else set()))


def _query(of_unit: str, columns: Mapping[str, Term], keys: Sequence[str], where: Column) -> Any:
    unit = UNITS[of_unit]
    labels = [unit.labels[name] for name in sorted(unit.labels)]
    own = {f"key.{at}": key for at, key in enumerate(_primary(of_unit))}
    known = {**unit.identity, **own, "asked_again": rounds.c.asked_again}
    identity = [known[key] for key in keys]
    values = [
        sa.case((term.sql, 1), else_=0) if name.startswith("is.") else term.sql
        for name, term in columns.items()
    ]
    named = [one.label(f"c{at}") for at, one in enumerate([*labels, *identity, *values])]
    return sa.select(*named).select_from(unit.rows).where(where)


def _condition(conditions: Mapping[str, Term], word: str) -> Column:
    sql = conditions[word.removeprefix("!")].sql
    return sa.not_(sql) if word.startswith("!") else sql


def _within(kpis: Sequence[Kpi], spans: Sequence[Span]) -> Column:
    """Dated into a span, by the raw columns, so that their indexes are used."""
    by_name = {f"{t.name}.{c.name}": c for t in _tables(kpis[0].of_unit) for c in t.columns}
    dates = {name for kpi in kpis for name in UNITS[kpi.of_unit].events[kpi.date or ""].dates}
    either = [
        sa.and_(raw(by_name[name]) >= first, raw(by_name[name]) < last)
        for name in sorted(dates)
        for first, last in spans
    ]
    if kpis[0].of_unit == "message":
        asked, latest = raw(rounds.c.asked_at), raw(rounds.c.asked_last_at)
        either += [
            sa.and_(latest >= first, latest < last + LONGEST_RUN, asked < last)
            for first, last in spans
        ]
    return sa.or_(*either)


def _tables(of_unit: str) -> list[sa.Table]:
    rows = UNITS[of_unit].rows
    return [one for one in sa.sql.visitors.iterate(rows) if isinstance(one, sa.Table)]


def _as_rows(
    of_unit: str, found: Sequence[tuple[Any, ...]], columns: Sequence[str], keys: Sequence[str]
) -> Rows:
    label_names = tuple(sorted(UNITS[of_unit].labels))
    width, n = len(label_names), len(found)
    ids: dict[tuple[Any, ...], int] = {}
    sets = np.fromiter((ids.setdefault(row[:width], len(ids)) for row in found), np.int64, n)
    after = width + len(keys)
    return Rows(
        n,
        {name: _floats(found, after + at) for at, name in enumerate(columns)},
        label_names,
        tuple(tuple("" if one is None else str(one) for one in labels) for labels in ids),
        sets,
        {name: _objects(found, width + at) for at, name in enumerate(keys)},
    )


def _floats(found: Sequence[tuple[Any, ...]], at: int) -> Floats:
    """A column; what is not known becomes NaN. µs since 1970 fit a float exactly until 2255."""
    return np.array([row[at] for row in found], dtype=np.float64)


def _objects(found: Sequence[tuple[Any, ...]], at: int) -> npt.NDArray[np.object_]:
    column = np.empty(len(found), dtype=np.object_)
    column[:] = [row[at] for row in found]
    return column


def _messages(rows: Rows, found: Sequence[tuple[Any, ...]], spans: Sequence[Span]) -> Rows:
    """One row per customer message instead of one per round."""
    if not found:
        return rows
    asked = rows["at.asked"]
    counts, times = [], []
    for first, packed in zip(asked.tolist(), rows.keys["asked_again"], strict=True):
        more = np.frombuffer(packed, "<i8").astype(np.float64) if packed else np.zeros(0)
        more = more[more < first + LONGEST_RUN]
        counts.append(1 + len(more))
        times.append(np.concatenate(([first], more)))
    number = np.repeat(np.arange(rows.n), counts)
    at = np.concatenate(times)
    keep = np.zeros(len(at), np.bool_)
    for start, end in spans:
        keep |= (at >= start) & (at < end)
    number, at = number[keep], at[keep]
    columns = {name: column[number] for name, column in rows.columns.items()}
    if "at.waiting" in columns:  # the hand-over may come before or after this message
        columns["at.waiting"] = np.fmax(columns["at.waiting"], at)
    keys = {name: column[number] for name, column in rows.keys.items() if name != "asked_again"}
    return Rows(len(at), {**columns, "at.asked": at}, rows.label_names, rows.label_sets,
                rows.sets[number], keys)  # fmt: skip


def spans_of(slots: Sequence[int]) -> list[Span]:
    """Sorted quarter hours as spans of µs, joined where they touch."""
    spans: list[Span] = []
    for slot in slots:
        if spans and spans[-1][1] == slot * SLOT:
            spans[-1] = (spans[-1][0], (slot + 1) * SLOT)
        else:
            spans.append((slot * SLOT, (slot + 1) * SLOT))
    return spans


def span(since: Any, until: Any) -> Span:
    """Two aware instants as a span."""
    return to_micros(since), to_micros(until)


_BEGINNING = -(2**62)  # µs
