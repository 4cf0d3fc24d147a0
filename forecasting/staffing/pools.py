"""Queues that the same agents answer, staffed as one line: their volumes, handle times and heads.

One line with the mean handle time of the mix. That is what agents who answer all of these queues
are; agents of whom some answer one and some another take a simulation (pooling.py). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from forecasting.staffing.handle_times import POOLED, HandleTime

EVERY = "*"  # in place of the queues of a pool: all that no other pool has


def pool_of(pools: Mapping[str, Sequence[str]], queues: Sequence[str]) -> dict[str, str]:
    """As what each queue is staffed: its pool, or itself. A queue named like a pool is in it."""
    own = {name: name for name in pools} | {
        queue: name for name, among in pools.items() for queue in among
    }
    return {queue: own.get(queue, own.get(EVERY, queue)) for queue in queues}


def pooled_volume(
    volume: pd.DataFrame, middle: pd.DataFrame, pool: Mapping[str, str]
) -> pd.DataFrame:
    """unique_id (pool), ds, y of unique_id (queue), ds, y, in order of pool and time.

    What lies beyond the middle case adds up like independent errors do: one queue's busy half hour
    is seldom another's.
    """
    beyond = volume["y"].to_numpy() - middle["y"].to_numpy()
    table = pd.DataFrame({
        "unique_id": volume["unique_id"].map(pool), "ds": volume["ds"], "middle": middle["y"],
        "square": np.sign(beyond) * beyond**2,
    })  # fmt: skip
    found = table.groupby(["unique_id", "ds"], sort=True, as_index=False).sum()
    spread = np.sign(found["square"]) * np.sqrt(found["square"].abs())
    return pd.DataFrame({
        "unique_id": found["unique_id"], "ds": found["ds"],
        "y": (found["middle"] + spread).clip(lower=0),
    })  # fmt: skip


def pooled_times(
    times: Mapping[str, HandleTime], volume: Mapping[str, float], pool: Mapping[str, str]
) -> dict[str, HandleTime]:
    """The mean handle time of each pool, by how many contacts of each queue are expected."""
    members: dict[str, list[str]] = {}
    for queue in times:
        members.setdefault(pool[queue], []).append(queue)
    found = {}
    for name, queues in members.items():
        if len(queues) == 1:
            found[name] = times[queues[0]]
            continue
        weights = [volume.get(queue, 0.0) for queue in queues]
        seconds = [times[queue].seconds for queue in queues]
        mean = np.average(seconds, weights=weights if sum(weights) > 0 else None)
        found[name] = HandleTime(float(mean), POOLED, sum(times[queue].n for queue in queues))
    return found


def pooled_heads(heads: pd.DataFrame, pool: Mapping[str, str]) -> pd.DataFrame:
    """unique_id (pool), ds, planned of unique_id (queue), ds, planned."""
    table = heads.assign(unique_id=heads["unique_id"].map(pool))
    found = table.groupby(["unique_id", "ds"], sort=False)["planned"].sum().round(3)
    return found.reset_index()
