"""How columns of values are kept as bytes, alike in blocks and in bundles. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from metrics.kpi import Kpi
from metrics.population import Floats


def packed_sets(sets: npt.NDArray[np.uint32]) -> bytes:
    """Ids of label sets as stored: two bytes each where all of them fit."""
    return sets.astype(np.uint16 if int(sets.max(initial=0)) < 2**16 else np.uint32).tobytes()


def unpacked_sets(blocks: Sequence[tuple[int, bytes]]) -> npt.NDArray[np.uint32]:
    """Stored ids of (n, ids) blocks, put together."""
    packed = b"".join(stored for _, stored in blocks)
    values = sum(n for n, _ in blocks)
    if len(packed) in (2 * values, 4 * values):  # one width, as almost always
        width = np.uint16 if len(packed) == 2 * values else np.uint32
        return np.frombuffer(packed, width).astype(np.uint32)
    return np.concatenate(
        [np.frombuffer(stored, np.uint16 if len(stored) == 2 * n else np.uint32)
         for n, stored in blocks]
    ).astype(np.uint32)  # fmt: skip


def packed(kpi: Kpi, data: Floats) -> bytes:
    """Values as stored: nothing where all are 1, a byte where they are 0 or 1, else a float64."""
    if kpi.shape == "count":
        return b""
    if kpi.shape in ("percent", "hits"):
        return data.astype(np.uint8).tobytes()
    return data.tobytes()


def unpacked(kpi: Kpi, data: bytes, n: int) -> Floats:
    """Stored bytes as values."""
    if kpi.shape == "count":
        return np.ones(n)
    if kpi.shape in ("percent", "hits"):
        return np.frombuffer(data, np.uint8).astype(np.float64)
    return np.frombuffer(data, np.float64)
