"""Reading the facts of risks from the store, page by page into arrays, texts as categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from connectors import schema
from forecasting.risk.facts import (
    AMOUNTS,
    COLUMNS,
    COUNTS,
    LATER,
    NAMES,
    Facts,
    canonical,
    mended,
)
from forecasting.risk.features.asof import NEVER, Ints
from forecasting.risk.texts import codes_of, names, places_in, strings_of, text_page, words

PAGE = 50_000
GONE = -2
_INSTANTS = ("placed_at", *LATER, "at")
_NUMBERS = (*AMOUNTS, *COUNTS, "share", "sentiment")
_REF = "order_ref"


def read_facts(connection: sa.Connection) -> Facts:
    """All facts of the store, ready for questions as of any instant."""
    facts = mended(_read(connection, None))
    pa.default_memory_pool().release_unused()  # Arrow keeps what the pages took
    return facts


def filling(connection: sa.Connection) -> bool:
    """Whether the history of a source is still being read."""
    table = schema.sources
    query = sa.select(sa.literal(1)).where(table.c.status == "backfill").limit(1)
    return connection.execute(query).scalar() is not None


def reread_facts(facts: Facts, connection: sa.Connection, refs: Sequence[str]) -> Facts:
    """The facts with some orders, and what happened to them, read again; new orders are added."""
    fresh = _read(connection, refs)
    kept = np.setdiff1d(np.arange(len(facts)), facts.rows_of(refs), assume_unique=True)
    orders = _stacked([facts.orders.iloc[kept], fresh.orders])
    order = canonical(orders)
    new_row = np.empty(len(order), np.int64)
    new_row[order] = np.arange(len(order))
    old = np.full(len(facts) + 1, GONE)  # the last place is that of events without an order
    old[kept], old[-1] = new_row[: len(kept)], -1
    into = np.append(new_row[len(kept) :], -1)
    tables = {
        name: _stacked([_moved(getattr(facts, name), old), _moved(getattr(fresh, name), into)])
        for name in ("ratings", "cases", "contacts")
    }
    orders = orders.iloc[order].reset_index(drop=True)
    made = mended(Facts(orders, tables["ratings"], tables["cases"], tables["contacts"]))
    return replace(made, faults=facts.faults)


def _read(connection: sa.Connection, refs: Sequence[str] | None) -> Facts:
    orders = _frame(connection, _orders(refs), COLUMNS)
    orders = orders.iloc[canonical(orders)].reset_index(drop=True)
    code, found = codes_of(orders[_REF])
    row_of = np.full(len(found) + 1, -1)
    row_of[code[::-1]] = np.arange(len(orders))[::-1]  # of equal references the first
    tables: dict[str, pd.DataFrame] = {}
    for name, query in _events(refs).items():
        events = _frame(connection, query, tuple(query.selected_columns.keys()))
        events["order"] = row_of[places_in(events.pop(_REF), found)]
        tables[name] = events[(events["order"] >= 0) | (name == "contacts")]
    return Facts(orders, tables["ratings"], tables["cases"], tables["contacts"])


def _moved(events: pd.DataFrame, into: Ints) -> pd.DataFrame:
    """Events on their orders' new rows; those of orders that are gone are left out."""
    row = into[events["order"].to_numpy(np.int64)]
    moved: pd.DataFrame = events.assign(order=row)[row != GONE]
    return moved


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Rows below each other; words stay sorted, and where none is new their codes stay too."""
    first, second = frames
    made: dict[str, Any] = {}
    for name in first.columns:
        a, b = first[name], second[name]
        if name in NAMES:
            made[name] = names([strings_of(a.array), strings_of(b.array)])
            continue
        if not isinstance(a.dtype, pd.CategoricalDtype):
            made[name] = np.concatenate([a.to_numpy(), b.to_numpy()])
            continue
        into = np.append(a.cat.categories.get_indexer(b.cat.categories), -1)
        if (into[:-1] >= 0).all():
            codes = np.concatenate([a.cat.codes.to_numpy(), into[b.cat.codes.to_numpy()]])
            made[name] = pd.Categorical.from_codes(codes, dtype=a.dtype)
        else:
            made[name] = pd.api.types.union_categoricals([a, b], sort_categories=True)
    return pd.DataFrame(made)


def _orders(refs: Sequence[str] | None) -> sa.Select[Any]:
    table = schema.orders
    missing = [name for name in COLUMNS if name not in table.c]
    columns = [table.c[name] for name in COLUMNS if name in table.c and name != _REF]
    ref = sa.func.coalesce(table.c.order_ref, table.c.order_id).label(_REF)
    query = sa.select(ref, *columns, *(sa.null().label(name) for name in missing))
    if refs is None:
        return query
    return query.where(sa.func.coalesce(table.c.order_ref, table.c.order_id).in_(refs))


def _events(refs: Sequence[str] | None) -> dict[str, sa.Select[Any]]:
    ratings, cases, contacts = schema.ratings, schema.cases, schema.contacts
    rated = sa.func.coalesce(ratings.c.order_ref, contacts.c.order_ref)
    about = sa.and_(
        contacts.c.source == ratings.c.source, contacts.c.contact_id == ratings.c.contact_id
    )  # a survey is about a contact
    found = {
        "ratings": sa.select(
            rated.label(_REF), ratings.c.rated_at.label("at"), ratings.c.kind,
            (ratings.c.score / ratings.c.scale).label("share"), ratings.c.sentiment,
        ).join_from(ratings, contacts, about, isouter=True).where(
            rated.is_not(None), ratings.c.score.is_not(None),
            ratings.c.rated_at.is_not(None), ratings.c.scale > 0,
        ),
        "cases": sa.select(
            cases.c.order_ref, cases.c.opened_at.label("at"), cases.c.kind, cases.c.reason
        ).where(cases.c.order_ref.is_not(None)),
        "contacts": sa.select(
            contacts.c.order_ref, contacts.c.opened_at.label("at"), contacts.c.topic,
            contacts.c.customer_key,
        ).where(sa.or_(contacts.c.order_ref.is_not(None), contacts.c.customer_key.is_not(None))),
    }  # fmt: skip
    if refs is None:
        return found
    return {
        name: query.where(
            (rated if name == "ratings" else schema.FACTS[name].c.order_ref).in_(refs)
        )
        for name, query in found.items()
    }


def _frame(
    connection: sa.Connection, query: sa.Select[Any], columns: Sequence[str]
) -> pd.DataFrame:
    raw = [sa.type_coerce(c, sa.types.NullType()).label(c.name) for c in query.selected_columns]
    plain = query.with_only_columns(*raw, maintain_column_froms=True)
    keys = list(query.selected_columns.keys())
    result = connection.execute(plain.execution_options(stream_results=True))
    pages: dict[str, list[Any]] = {name: [] for name in keys}
    for rows in result.partitions(PAGE):
        for name, values in zip(keys, zip(*rows, strict=True), strict=True):
            pages[name].append(_column(name, values))
    made = {name: _joined(name, pages.pop(name)) for name in columns}
    return pd.DataFrame(made)


def _column(name: str, values: Sequence[Any]) -> Any:
    if name in _INSTANTS:
        return np.array([NEVER if value is None else value for value in values], np.int64)
    if name in _NUMBERS:
        return np.array(values, np.float64)
    texts = text_page(values)
    return texts if name in NAMES else texts.dictionary_encode()


def _joined(name: str, pages: list[Any]) -> Any:
    if name in _INSTANTS:
        return np.concatenate([*pages, np.empty(0, np.int64)])
    if name in _NUMBERS:
        return np.concatenate([*pages, np.empty(0)])
    return names(pages) if name in NAMES else words(pages)
