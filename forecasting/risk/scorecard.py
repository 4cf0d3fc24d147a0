"""A logistic scorecard: each column is cut into bins, each bin is worth some points of log-odds.

The fallback where LightGBM is missing. Points of a row add up to its log-odds exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from forecasting.risk.encoding import Encoding
from forecasting.risk.features.asof import Floats, Ints

BINS = 12
PENALTY = 0.01  # scikit-learn's C: smaller is stronger


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Per column the inner edges of its bins (none for texts) and points per bin; bin 0 is unknown.

    Points are centred: the usual row has 0 in every column, and `expected` in all.
    """

    expected: float
    edges: tuple[tuple[float, ...] | None, ...]
    points: tuple[tuple[float, ...], ...]

    def contributions(self, matrix: Floats, groups: Floats) -> Floats:
        """(rows, groups) in log-odds, columns summed as `groups` (columns, groups of 0 and 1) says;
        if every column is in one group, their sum and `expected` is the score."""
        return np.asarray(self._points(matrix) @ groups, np.float64)

    def _points(self, matrix: Floats) -> Floats:
        made = np.empty_like(matrix)
        for at, points in enumerate(self.points):
            bins = np.minimum(_bins(matrix[:, at], self.edges[at]), len(points) - 1)
            made[:, at] = np.array(points)[bins]
        return made

    def margin(self, matrix: Floats) -> Floats:
        """Log-odds per row."""
        total: Floats = self._points(matrix).sum(axis=1) + self.expected
        return total


def fit_scorecard(matrix: Floats, bad: Ints, encoding: Encoding) -> Scorecard:
    """Fit on (rows, columns) and 0/1 labels; both classes must be there."""
    edges: list[tuple[float, ...] | None] = []
    blocks, shares = [], []
    for at in range(matrix.shape[1]):
        is_text = at >= len(encoding.numbers)
        edges.append(None if is_text else _edges(matrix[:, at]))
        bins = _bins(matrix[:, at], edges[at])
        size = (
            len(encoding.words[at - len(encoding.numbers)][1]) + 1
            if is_text
            else (len(edges[at] or ()) + 2)
        )
        shares.append(np.bincount(bins, minlength=size) / len(bins))
        blocks.append(_design(bins, size, steps=not is_text))
    from sklearn.linear_model import LogisticRegression  # a second to import, for few commands

    together = sp.hstack(blocks).tocsr()
    model = LogisticRegression(C=PENALTY, max_iter=300, tol=1e-3).fit(together, bad)
    return _centred(model.coef_[0], shares, edges, float(model.intercept_[0]))


def _centred(
    weights: Floats, shares: list[Floats], edges: list[tuple[float, ...] | None], intercept: float
) -> Scorecard:  # fmt: skip
    points: list[tuple[float, ...]] = []
    start = 0
    for size in map(len, shares):
        own = weights[start : start + size].copy()
        if edges[len(points)] is not None:
            own[1:] = np.cumsum(own[1:])  # steps become levels
        usual = float(np.dot(own, shares[len(points)]))
        points.append(tuple(float(one) - usual for one in own))
        intercept += usual
        start += size
    return Scorecard(intercept, tuple(edges), tuple(points))


def _design(bins: Ints, size: int, *, steps: bool) -> sp.csr_matrix:
    """A column per bin; with `steps` a bin also has the columns of the bins below it, so that the
    penalty holds neighbours together."""
    if not steps:
        return sp.csr_matrix((np.ones(len(bins)), (np.arange(len(bins)), bins)), (len(bins), size))
    levels = np.arange(size)
    reached = (levels > 0) & (bins[:, None] >= levels) | (levels == bins[:, None])
    return sp.csr_matrix(reached.astype(np.float64))


def _edges(values: Floats) -> tuple[float, ...]:
    there = values[np.isfinite(values)]
    if not len(there):
        return ()
    return tuple(np.unique(np.quantile(there, np.linspace(0, 1, BINS + 1)[1:-1])).tolist())


def _bins(values: Floats, edges: tuple[float, ...] | None) -> Ints:
    unknown = np.isnan(values)
    if edges is None:
        return np.where(unknown, 0, np.nan_to_num(values) + 1).astype(np.int64)
    return np.where(unknown, 0, 1 + np.searchsorted(np.array(edges), values, side="right"))
