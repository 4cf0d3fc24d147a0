"""Both palettes can be read: text at 4.5 : 1, marks at 3 : 1."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest

from dashboard.theme import ASSETS, DARK, LIGHT, Palette, streamlit_theme, stylesheet


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["text", "muted", "watch", "breach", "accent"])
def test_text_can_be_read_on_both_grounds(palette: Palette, name: str) -> None:
    colour = asdict(palette)[name]
    assert contrast(colour, palette.ground) >= 4.5
    assert contrast(colour, palette.surface) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_counts_can_be_read_on_their_band(palette: Palette) -> None:
    colours = asdict(palette)
    for band in range(5):
        ink = palette.band_ink if band < 2 else palette.band_paper
        assert contrast(ink, colours[f"band_{band}"]) >= 4.5, band


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_the_banner_can_be_read_and_marks_can_be_seen(palette: Palette) -> None:
    assert contrast("#FFFFFF", palette.alarm) >= 4.5
    assert contrast(palette.accent, palette.ground) >= 3
    assert contrast(palette.positive, palette.ground) >= 3


def test_every_colour_that_a_rule_uses_is_in_the_palette() -> None:
    rules = "".join(path.read_text(encoding="utf-8") for path in ASSETS.glob("*.css"))
    used = set(re.findall(r"var\(--dp-([\w-]+)", rules))
    known = {name.replace("_", "-") for name in asdict(LIGHT)}
    assert used <= known | {"fonts", "bar", "shift-x", "shift-y"}


def test_only_the_kiosk_loses_its_chrome() -> None:
    assert "stSidebar" in stylesheet(kiosk=True).split("/* ?board=1")[1]
    assert "/* ?board=1" not in stylesheet(kiosk=False)


def test_streamlit_follows_the_browser_with_the_same_colours() -> None:
    options = streamlit_theme()
    assert "theme.base" not in options
    assert options["theme.light.backgroundColor"] == LIGHT.ground
    assert options["theme.dark.backgroundColor"] == DARK.ground
