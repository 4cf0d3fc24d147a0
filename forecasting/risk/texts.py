"""Texts of facts as Arrow holds them: few bytes each, and none of them an object of its own.

Words repeat (categories, sellers) and become pandas' categories, their codes in the order of the
words. Names hardly repeat (references, customers) and stay strings: pandas looks categories up by
a table of objects, which for a million names takes ten times the memory of the names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from forecasting.risk.features.asof import Ints

TEXT = pa.large_string()  # what pandas' strings are
Strings = pd.api.extensions.ExtensionArray
_CODED = pa.dictionary(pa.int32(), TEXT)


def text_page(values: Sequence[str | None]) -> pa.Array:
    """A page of a column, as strings."""
    return pa.array(values, TEXT)


def names(pages: Sequence[pa.Array]) -> Strings:
    """Pages of strings as one column of strings."""
    return _strings(pa.concat_arrays(pages) if pages else pa.array([], TEXT))


def words(pages: Sequence[pa.Array]) -> pd.Categorical:
    """Pages of strings, each encoded by its own dictionary, as one column of categories."""
    coded = pa.chunked_array(pages, _CODED).unify_dictionaries()
    whole = coded.combine_chunks() if pages else pa.array([], TEXT).dictionary_encode()
    order = pc.sort_indices(whole.dictionary).to_numpy()
    place = np.full(len(order) + 1, -1, np.int32)  # the last is that of unknown words
    place[order] = np.arange(len(order))
    codes = place[whole.indices.fill_null(-1).to_numpy()]
    known = pd.CategoricalDtype(pd.Index(_strings(whole.dictionary.take(pa.array(order)))))
    return pd.Categorical.from_codes(codes, dtype=known)


def codes_of(column: pd.Series[Any]) -> tuple[Ints, Strings]:
    """Strings as whole numbers, -1 for unknown, and the strings that the numbers stand for."""
    codes, found = pd.factorize(column.array)
    return codes.astype(np.int64), found


def places_in(column: pd.Series[Any], found: Strings) -> Ints:
    """Per string its place among others, each of which is there once; -1: it is none of them."""
    places = pc.index_in(strings_of(column.array), value_set=strings_of(found))
    made: Ints = places.fill_null(-1).to_numpy().astype(np.int64)
    return made


def strings_of(array: Strings) -> pa.Array:
    """The strings themselves, in one piece."""
    found = pa.array(array, TEXT)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _strings(texts: pa.Array) -> Strings:
    made: Strings = pd.array(texts, dtype="str")
    return made
