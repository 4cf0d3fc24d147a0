"""The words of this package: locales/{zh,en}.toml."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from metrics.text import Catalogue, load_catalogue


@cache
def catalogue() -> Catalogue:
    return load_catalogue(Path(__file__).parent / "locales")
