"""The label sets of stored values, and which of them share a label."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import sqlalchemy as sa

from connectors.schema import label_sets
from metrics.population import Ints

LabelSet = dict[str, str] | None  # None: no set has this id


class LabelSets:
    """Label sets by id. Names are looked up once for all KPIs of a page."""

    def __init__(self, sets: Iterable[LabelSet] = ()) -> None:
        self._sets = list(sets)
        self._named: dict[tuple[str, ...], tuple[list[tuple[str, ...]], Ints]] = {}

    def __len__(self) -> int:
        return len(self._sets)

    def __getitem__(self, number: int) -> dict[str, str]:
        return self._sets[number] or {}

    def __iter__(self) -> Iterator[LabelSet]:
        return iter(self._sets)

    def add(self, sets: Iterable[dict[str, str]]) -> int:
        """Put more behind them; the id of the first."""
        first = len(self._sets)
        self._sets.extend(sets)
        self._named.clear()
        return first

    def among(self, names: Sequence[str], used: Ints) -> tuple[list[tuple[str, ...]], Ints]:
        """What the labels of these names are among the sets used (ids), sorted; and by id the place
        of its own. Ids that aren't used are at 0."""
        found, place = self._all(tuple(names))
        mine = place[used]
        present, at = np.unique(mine, return_inverse=True)
        lookup = np.zeros(int(used[-1]) + 1 if len(used) else 0, np.int64)
        lookup[used] = at
        return [found[one] for one in present.tolist()], lookup

    def _all(self, names: tuple[str, ...]) -> tuple[list[tuple[str, ...]], Ints]:
        if names not in self._named:
            known = [one or {} for one in self._sets]
            columns = [[one.get(name, "") for one in known] for name in names]
            of_each = list(zip(*columns, strict=True))
            found = sorted(set(of_each))
            number = {one: at for at, one in enumerate(found)}
            self._named[names] = (
                found, np.asarray([number[one] for one in of_each], dtype=np.int64)
            )  # fmt: skip
        return self._named[names]


def read_label_sets(connection: sa.Connection) -> LabelSets:
    """All of the store."""
    rows = connection.execute(sa.select(label_sets.c.id, label_sets.c.labels)).all()
    named: list[LabelSet] = [None] * (max((at for at, _ in rows), default=0) + 1)
    texts = json.loads(f"[{','.join(text for _, text in rows)}]")  # all at once is far faster
    for (at, _), labels in zip(rows, texts, strict=True):
        named[at] = labels
    return LabelSets(named)
