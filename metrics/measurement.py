"""One number read at one moment: what the rules compare. It comes from live.py and query.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# Sorted (name, value) pairs: hashable, so a series can be a dictionary key.
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Measurement:
    """`value` None = not known, never 0. `window_s` None = a state at `as_of`, not a span."""

    metric: str
    labels: Labels
    value: float | None
    n: int
    as_of: datetime
    window_s: float | None


def labels_of(**names: str | None) -> Labels:
    """Labels from keywords, sorted; what isn't known is left out."""
    return tuple(sorted((name, value) for name, value in names.items() if value))
