"""The label sets of stored values, which of them share a label, and which are of the same work.

A store keeps them by number. Rebuilding gives numbers anew: another edition.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import sqlalchemy as sa

from connectors.engine import WRITES
from connectors.schema import label_sets, meta
from metrics.population import Ints

EDITION = "label_sets.edition"  # in meta: another one after the numbers were given anew
LabelSet = dict[str, str] | None  # None: no set has this id
_Named = dict[tuple[str, ...], tuple[list[tuple[str, ...]], Ints]]
_EDITION = sa.select(meta.c.value).where(meta.c.name == EDITION)
_NEW = sa.select(label_sets.c.id, label_sets.c.labels).where(
    label_sets.c.id >= sa.bindparam("first")
)


class LabelSets:
    """Label sets by id. Names are looked up once for all KPIs of a page."""

    def __init__(self, sets: Iterable[LabelSet] = ()) -> None:
        self._sets = list(sets)
        self._named: _Named = {}
        self._works: list[Ints] = []

    def shared(self) -> LabelSets:
        """The same, with what was looked up of them; to what is added here others are blind."""
        same = LabelSets()
        same._sets, same._named, same._works = self._sets, self._named, self._works
        return same

    def __len__(self) -> int:
        return len(self._sets)

    def __getitem__(self, number: int) -> dict[str, str]:
        return self._sets[number] or {}

    def __iter__(self) -> Iterator[LabelSet]:
        return iter(self._sets)

    def add(self, sets: Iterable[LabelSet]) -> int:
        """Put more behind them; the id of the first."""
        first = len(self._sets)
        self._sets, self._named, self._works = [*self._sets, *sets], {}, []
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

    def works(self) -> Ints:
        """By id, the id of the set with the same labels but for the agent: what kind of work it is.
        0 where there is no such set."""
        if not self._works:
            number: dict[tuple[tuple[str, str], ...], int] = {}
            for at, one in enumerate(self._sets):
                if one is not None and "agent" not in one:
                    number.setdefault(tuple(one.items()), at)
            works = (() if one is None else tuple(work_of(one).items()) for one in self._sets)
            self._works.append(np.asarray([number.get(one, 0) for one in works], np.int64))
        return self._works[0]

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


def work_of(labels: dict[str, str]) -> dict[str, str]:
    """All labels but the agent."""
    return {name: value for name, value in labels.items() if name != "agent"}


@dataclass(frozen=True, slots=True)
class _Kept:
    edition: str | None
    sets: LabelSets


_kept: WeakKeyDictionary[sa.Engine, _Kept] = WeakKeyDictionary()


def read_label_sets(connection: sa.Connection) -> LabelSets:
    """All of the store. Those that were read once are kept: a number's labels never change, but for
    `new_edition`, and numbers ascend, for whoever adds some has the writers' turn. What a
    transaction that writes sees may still be undone, and is not kept."""
    edition = edition_of(connection)
    kept = _kept.get(connection.engine)
    if kept is None or kept.edition != edition:
        kept = _Kept(edition, LabelSets())
    rows = connection.execute(_NEW, {"first": len(kept.sets)}).all()
    if rows:
        grown = kept.sets.shared()
        grown.add(_by_number(rows, len(kept.sets)))
        kept = _Kept(edition, grown)
    if not connection.get_execution_options().get(WRITES):
        _kept[connection.engine] = kept
    return kept.sets.shared()


def _by_number(rows: Sequence[sa.Row[int, str]], first: int) -> list[LabelSet]:
    """The sets with numbers from `first` on."""
    named: list[LabelSet] = [None] * (max(at for at, _ in rows) + 1 - first)
    texts = json.loads(f"[{','.join(text for _, text in rows)}]")  # at once is far faster
    for (at, _), labels in zip(rows, texts, strict=True):
        named[at - first] = labels
    return named


def edition_of(connection: sa.Connection) -> str | None:
    """Which edition of the numbers the store has."""
    found: str | None = connection.execute(_EDITION).scalar()
    return found


def new_edition(connection: sa.Connection) -> None:
    """To be called by who takes label sets away: their numbers may come again with others."""
    connection.execute(meta.delete().where(meta.c.name == EDITION))
    connection.execute(meta.insert().values(name=EDITION, value=uuid.uuid4().hex))


def add_works(connection: sa.Connection, labels: LabelSets, used: Ints) -> Ints:
    """By id of the sets used, the id of its kind of work; new ones are added to the store and to
    `labels`. The caller has the writers' turn."""
    works = labels.works()
    lacking = {tuple(work_of(labels[at]).items()) for at in used[works[used] == 0].tolist()}
    if lacking:
        for one in sorted(lacking):
            set_ids(connection, [name for name, _ in one], [tuple(value for _, value in one)])
        rows = connection.execute(_NEW, {"first": len(labels)}).all()
        labels.add(_by_number(rows, len(labels)))
        works = labels.works()
    return works


def set_ids(
    connection: sa.Connection, names: Sequence[str], sets: Sequence[tuple[str, ...]]
) -> Ints:
    """Ids of label sets, new ones added."""
    texts = [labels_text(names, one) for one in sets]
    known = _known(connection, texts)
    new = sorted(set(texts) - known.keys())
    if new:
        connection.execute(label_sets.insert(), [{"labels": text} for text in new])
        known |= _known(connection, new)
    return np.asarray([known[text] for text in texts], dtype=np.int64)


def labels_text(names: Sequence[str], values: Iterable[str]) -> str:
    """A label set as it is stored: a JSON object with sorted keys."""
    return json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False, sort_keys=True)


def _known(connection: sa.Connection, texts: Sequence[str]) -> dict[str, int]:
    table = label_sets
    if len(texts) > 500:
        query = sa.select(table.c.labels, table.c.id)
    else:
        query = sa.select(table.c.labels, table.c.id).where(table.c.labels.in_(set(texts)))
    return {row.labels: row.id for row in connection.execute(query)}
