"""From features to numbers a model takes: which columns it uses and the words it knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.risk.features.asof import Floats

RARE = 50  # a word seen less often counts as never seen


@dataclass(frozen=True, slots=True)
class Encoding:
    """Columns in order; `words` are those of the text columns, in the order of their codes."""

    numbers: tuple[str, ...]
    words: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.numbers, *(name for name, _ in self.words))

    def matrix(self, features: pd.DataFrame) -> Floats:
        """(rows, columns) of float64; NaN for unknown, and for words never or rarely seen."""
        made = np.full((len(features), len(self.names)), np.nan)
        for at, name in enumerate(self.numbers):
            made[:, at] = features[name].to_numpy(np.float64)
        for at, (name, known) in enumerate(self.words, start=len(self.numbers)):
            column = features[name].cat
            code = np.append(pd.Index(known).get_indexer(column.categories), -1).astype(np.float64)
            code[code < 0] = np.nan
            made[:, at] = code[column.codes.to_numpy()]
        return made


def learn_encoding(features: pd.DataFrame) -> tuple[Encoding, tuple[str, ...]]:
    """The encoding of what a model is fitted on, and the columns left out for being constant."""
    numbers, words, constant = [], [], []
    for name in features.columns:
        if isinstance(features[name].dtype, pd.CategoricalDtype):
            counts = features[name].value_counts()
            known = sorted(str(word) for word, n in counts.items() if n >= RARE)
            if len(known) + (counts.sum() < len(features)) > 1:
                words.append((str(name), tuple(known)))
            else:
                constant.append(str(name))
        elif features[name].nunique(dropna=False) > 1:
            numbers.append(str(name))
        else:
            constant.append(str(name))
    return Encoding(tuple(numbers), tuple(words)), tuple(constant)
