"""The configuration of the pages' server: known keys, colours that can be read."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent


def test_streamlit_knows_every_key_of_its_config() -> None:
    done = subprocess.run(
        [PROGRAMS / "streamlit", "config", "show"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "not a valid config option" not in done.stdout + done.stderr


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_theme_can_be_read(name: str) -> None:
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"][
        name
    ]
    texts = [theme["textColor"], *(v for key, v in theme.items() if key.endswith("TextColor"))]
    marks = [*theme["chartCategoricalColors"], theme["primaryColor"], theme["orangeColor"]]
    for ground in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        for colour, least in [(c, 4.5) for c in texts] + [(c, 3) for c in marks]:
            assert _contrast(colour, ground) >= least, f"{colour} on {ground}"
