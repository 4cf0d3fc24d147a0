"""Gradient boosting by LightGBM, with exact contributions per column.

A tree's answer is told as the way from its root: each split moves the expected log-odds, and the
move belongs to the split's column (Saabas 2014). The moves of a row add up to its score exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from forecasting.risk.encoding import Encoding
from forecasting.risk.features.asof import Floats, Ints

TREES = 400
SETTINGS: Mapping[str, Any] = {
    "objective": "binary", "learning_rate": 0.03, "num_leaves": 10, "min_child_samples": 100,
    "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 30.0,
    "cat_smooth": 50.0, "cat_l2": 50.0, "min_data_per_group": 200,
    "seed": 7, "deterministic": True, "force_row_wise": True, "verbosity": -1,
}  # fmt: skip
# Share of the columns that a tree may look at. At the purchase many tell a little; later one tells
# most (late already), and trees that seldom see it stay too close to the mean.
COLUMNS, COLUMNS_LATER = 0.2, 0.5
PAGE = 20_000


def available() -> bool:
    """Whether LightGBM can be loaded here."""
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError):  # OSError: its OpenMP library is missing
        return False
    return True


def fit_boosting(
    matrix: Floats, bad: Ints, encoding: Encoding, *, columns: float, threads: int
) -> str:
    """The fitted trees as LightGBM's own text."""
    import lightgbm

    texts = list(range(len(encoding.numbers), len(encoding.names)))
    data = lightgbm.Dataset(
        matrix, label=bad, categorical_feature=texts, free_raw_data=True,
        params={"verbosity": -1},
    )  # fmt: skip
    settings = {**SETTINGS, "feature_fraction": columns, "num_threads": threads}
    return lightgbm.train(settings, data, num_boost_round=TREES).model_to_string()


@dataclass(frozen=True, slots=True)
class _Paths:
    """Leaves of all trees, numbered through: where each tree starts, and the moves to a leaf."""

    starts: npt.NDArray[np.int32]
    moves: Floats  # (leaves, columns)
    expected: float


class Boosting:
    """Fitted trees, ready to answer."""

    def __init__(self, text: str, *, threads: int) -> None:
        import lightgbm

        self._booster = lightgbm.Booster(model_str=text)
        self._threads = threads
        self._paths = _paths(self._booster.dump_model())

    @property
    def expected(self) -> float:
        """Log-odds of the usual row."""
        return self._paths.expected

    def contributions(self, matrix: Floats, groups: Floats) -> Floats:
        """(rows, groups) in log-odds, columns summed as `groups` (columns, groups of 0 and 1) says;
        if every column is in one group, their sum and `expected` is the score."""
        moves = self._paths.moves @ groups
        pages = [self._page(matrix[at : at + PAGE], moves) for at in range(0, len(matrix), PAGE)]
        return np.concatenate(pages) if pages else np.empty((0, groups.shape[1]))

    def margin(self, matrix: Floats) -> Floats:
        """Log-odds per row."""
        if not len(matrix):
            return np.empty(0)
        found: Floats = np.asarray(
            self._booster.predict(matrix, raw_score=True, num_threads=self._threads)
        )
        return found

    def _page(self, matrix: Floats, moves: Floats) -> Floats:
        leaves = np.asarray(
            self._booster.predict(matrix, pred_leaf=True, num_threads=self._threads), np.int32
        )
        leaves = leaves.reshape(len(matrix), -1) + self._paths.starts
        starts = np.arange(0, leaves.size + 1, leaves.shape[1], dtype=np.int32)
        shape = (len(matrix), len(moves))
        chosen = sp.csr_matrix((np.ones(leaves.size), leaves.ravel(), starts), shape)
        return np.asarray(chosen @ moves)


def _paths(model: dict[str, Any]) -> _Paths:
    columns = model["max_feature_idx"] + 1
    starts: list[int] = []
    moves: list[Floats] = []
    expected = 0.0
    for tree in model["tree_info"]:
        starts.append(len(moves))
        leaves = [np.zeros(columns) for _ in range(tree["num_leaves"])]
        moves.extend(leaves)
        root = tree["tree_structure"]
        expected += _value(root)[0]
        _walk(root, np.zeros(columns), leaves)
    return _Paths(np.array(starts, np.int32), np.array(moves).reshape(-1, columns), expected)


def _walk(node: dict[str, Any], so_far: Floats, leaves: list[Floats]) -> None:
    if "split_feature" not in node:
        leaves[node.get("leaf_index", 0)][:] = so_far
        return
    here = _value(node)[0]
    for side in ("left_child", "right_child"):
        moved = so_far.copy()
        moved[node["split_feature"]] += _value(node[side])[0] - here
        _walk(node[side], moved, leaves)


def _value(node: dict[str, Any]) -> tuple[float, float]:
    """Expected value below a node and its number of rows; kept in the node once computed."""
    if "expected" not in node:
        if "split_feature" not in node:
            node["expected"] = (float(node["leaf_value"]), float(node.get("leaf_count", 1)))
        else:
            (a, n), (b, m) = _value(node["left_child"]), _value(node["right_child"])
            node["expected"] = ((a * n + b * m) / max(n + m, 1.0), n + m)
    found: tuple[float, float] = node["expected"]
    return found
