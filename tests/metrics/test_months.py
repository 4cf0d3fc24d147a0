"""Bucket counts as a month keeps them: packed and unpacked, and which groups they tell apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics import months
from metrics.label_sets import LabelSets
from metrics.months import (
    ROUND,
    agents_of,
    counts_below,
    groups_of_work,
    packed_below,
    packed_counts,
    sums_of,
    unpacked_counts,
)

SETS = LabelSets(
    [None, {"agent": "a", "queue": "x"}, {"agent": "b", "queue": "x"}, {"agent": "", "queue": "x"},
     {"agent": "b", "queue": "y"}, {"queue": "x"}, {"agent": "a", "queue": "y"}, {"queue": "y"}]
)  # fmt: skip
USED = np.asarray([1, 2, 3, 4, 6])


def table_of(stored: bytes, wanted: np.ndarray, codes: int = 1_400) -> np.ndarray | None:
    """Counts by wanted group and bucket."""
    counts = unpacked_counts(stored)
    assert counts is not None
    places = counts.places(wanted)
    if places is None:
        return None
    table = np.zeros((int(wanted.max()) + 1, codes), np.int64)
    np.add.at(table, (places, counts.codes), counts.n)
    return table


@given(st.data())
def test_counts_come_back_as_they_were(data: st.DataObject) -> None:
    groups = np.asarray(data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=12)))
    groups = np.unique(groups, return_inverse=True)[1]  # numbered from 0 on without a gap
    values = st.lists(st.tuples(st.integers(0, len(groups) - 1), st.integers(0, 1_399)),
                      min_size=1, max_size=60)  # fmt: skip
    few = data.draw(values)
    sets = np.asarray([one for one, _ in few])
    codes = np.asarray([code for _, code in few], np.uint16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(months, "WORTH", 0)
        found = table_of(packed_counts(groups, groups[sets], codes), groups)
    expected = np.zeros((int(groups.max()) + 1, 1_400), np.int64)
    np.add.at(expected, (groups[sets], codes), 1)
    assert found is not None
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("n", [65_534, 65_535, 65_536, 200_000])
def test_a_bucket_may_have_more_values_than_a_cell_holds(n: int) -> None:
    groups = np.asarray([0, 1])
    mine = np.concatenate((np.zeros(n, np.int64), np.ones(3, np.int64)))
    codes = np.where(mine == 0, 7, 9).astype(np.uint16)
    found = table_of(packed_counts(groups, mine, codes), groups)
    assert found is not None
    assert found[0, 7] == n
    assert found[1, 9] == 3
    assert found.sum() == n + 3


def test_counts_that_are_hardly_fewer_than_the_values_are_not_kept() -> None:
    groups, codes = np.asarray([0]), np.arange(100, dtype=np.uint16)
    assert packed_counts(groups, np.zeros(100, np.int64), codes) == b""
    assert unpacked_counts(b"") is None
    twice = np.concatenate((codes, codes))
    assert packed_counts(groups, np.zeros(200, np.int64), twice)


def test_agents_are_told_apart_and_everything_but_agents() -> None:
    agents, work = agents_of(SETS, USED), groups_of_work(SETS, USED)
    assert len({int(agents[at]) for at in (0, 4)}) == 1  # a, in either queue
    assert len(set(agents.tolist())) == 3
    assert work[0] == work[1]  # queue x, of somebody
    assert work[3] == work[4]  # queue y
    assert len(set(work.tolist())) == 3  # and queue x of nobody, which is no agent's work


def test_groups_that_cut_through_a_kept_group_are_not_known() -> None:
    work = groups_of_work(SETS, USED)
    sets = np.repeat(np.arange(5), 50)
    stored = packed_counts(work, work[sets], np.full(250, 3, np.uint16))
    assert table_of(stored, agents_of(SETS, USED)) is None
    together = table_of(stored, np.zeros(5, np.int64))
    assert together is not None
    assert together[0, 3] == 250


def test_sums_by_set_add_up_values_and_sums_of_them() -> None:
    sets = np.asarray([4, 1, 4], np.uint32)
    found = sums_of(sets, None, np.asarray([1.0, 2.0, 4.0]))
    assert found.tolist() == [(1, 1, 2.0), (4, 2, 5.0)]
    again = sums_of(sets, np.asarray([10, 20, 30], np.uint32), np.asarray([1.0, 2.0, 4.0]))
    assert again.tolist() == [(1, 20, 2.0), (4, 40, 5.0)]


@given(st.lists(st.one_of(st.sampled_from(ROUND), st.floats(0, 3e6)), max_size=40), st.data())
def test_values_below_round_numbers_are_counted(seconds: list[float], data: st.DataObject) -> None:
    edges = data.draw(st.lists(st.sampled_from((0, *ROUND)), min_size=1, unique=True))
    edges.sort()
    found = counts_below(packed_below(np.asarray(seconds)), np.asarray(edges, np.float64))
    assert found is not None
    assert found.tolist() == [sum(one < edge for one in seconds) for edge in edges]


@pytest.mark.parametrize("edge", [7.0, 3e6])
def test_below_any_other_number_is_not_known(edge: float) -> None:
    stored = packed_below(np.asarray([1.0, 8.0]))
    assert counts_below(stored, np.asarray([5.0, edge])) is None
    assert counts_below(b"", np.asarray([5.0])) is None
