"""Points of a forecast as two compact blobs: where steps start, and the columns' numbers.

Numbers are rounded to 1/1024 of a contact: what that loses no planner sees, and what is left
deflates to a third.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from forecasting.published.series import Slots
from forecasting.volume.history import Floats

GRAIN = 1024.0


def pack_slots(slots: Slots) -> bytes:
    return zlib.compress(np.diff(slots, prepend=0).astype("<i4").tobytes())


def unpack_slots(blob: bytes) -> Slots:
    steps = np.frombuffer(zlib.decompress(blob), "<i4")
    return np.cumsum(steps, dtype=np.int64)


def pack(values: Mapping[str, Floats], columns: Sequence[str]) -> bytes:
    """Column after column; ValueError when one is not finite: that must never be published."""
    table = np.stack([values[name] for name in columns]) if columns else np.zeros((0, 0))
    if not np.isfinite(table).all():
        raise ValueError("a forecast holds a number that is not finite")
    return zlib.compress((np.round(table * GRAIN) / GRAIN).astype("<f4").tobytes())


def unpack(blob: bytes, columns: Sequence[str]) -> dict[str, Floats]:
    flat = np.frombuffer(zlib.decompress(blob), "<f4").astype(np.float64)
    table = flat.reshape(len(columns), -1) if columns else flat.reshape(0, 0)
    return dict(zip(columns, table, strict=True))
