"""Colours of the two themes, checked for contrast by a test, and what follows from them.

The style rules are assets/board.css; charts read the same colours as CSS variables, so one spec
serves light and dark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

_STYLES = ("board.css", "pages.css", "history.css", "duty.css", "narrow.css")
ASSETS = Path(__file__).parent / "assets"
# Named faces before system-ui: on a bare Linux that one is a wide face without even figures.
FONTS = (
    '-apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", '
    '"Noto Sans SC", system-ui, sans-serif'
)


@dataclass(frozen=True, slots=True)
class Palette:
    ground: str
    surface: str
    text: str
    muted: str
    line: str  # hairlines and tracks: seen, but never the message
    accent: str
    soft: str  # the accent as an area behind figures
    watch: str
    breach: str
    alarm: str  # ground of the banner when data stop, under white text
    positive: str
    # Waiting by age: one hue, more ink for longer.
    band_0: str
    band_1: str
    band_2: str
    band_3: str
    band_4: str
    band_ink: str  # text on the two faintest bands
    band_paper: str  # text on the others


LIGHT = Palette(
    ground="#FFFFFF",
    surface="#F5F7FA",
    text="#1B2433",
    muted="#56657B",
    line="#D5DCE6",
    accent="#1F6FC4",
    soft="#D3E4F7",
    watch="#985A00",
    breach="#C62828",
    alarm="#B71C1C",
    positive="#1E7F5C",
    band_0="#CFE1F6",
    band_1="#93BCE9",
    band_2="#2F70BA",
    band_3="#1A5796",
    band_4="#0B2F57",
    band_ink="#10243C",
    band_paper="#FFFFFF",
)
DARK = Palette(
    ground="#0E1420",
    surface="#172033",
    text="#E8EDF5",
    muted="#93A1B8",
    line="#2C3850",
    accent="#4C9BE8",
    soft="#1D3A5C",
    watch="#F2A93B",
    breach="#FF6B66",
    alarm="#B3261E",
    positive="#3FB68B",
    band_0="#26456B",
    band_1="#34659C",
    band_2="#5C9EE0",
    band_3="#98C6F2",
    band_4="#DCEEFF",
    band_ink="#F2F7FD",
    band_paper="#0B1626",
)


def variables(palette: Palette) -> str:
    """The palette as CSS custom properties."""
    return "".join(
        f"--dp-{name.replace('_', '-')}:{colour};" for name, colour in asdict(palette).items()
    )


@cache
def stylesheet(*, kiosk: bool) -> str:
    """All rules of the pages, colours of both themes included; a kiosk also loses its chrome."""
    files = [*_STYLES, "kiosk.css"] if kiosk else _STYLES
    rules = "".join((ASSETS / name).read_text(encoding="utf-8") for name in files)
    return (
        f":root{{{variables(LIGHT)}--dp-fonts:{FONTS};color-scheme:light}}"
        f"@media (prefers-color-scheme: dark){{:root{{{variables(DARK)}color-scheme:dark}}}}\n"
        f"{rules}"
    )


def streamlit_theme() -> Mapping[str, str]:
    """Options that give Streamlit's own widgets the same colours; without `theme.base` it follows
    the browser's light or dark."""
    options = {"theme.font": FONTS}
    for name, palette in (("light", LIGHT), ("dark", DARK)):
        options |= {
            f"theme.{name}.backgroundColor": palette.ground,
            f"theme.{name}.secondaryBackgroundColor": palette.surface,
            f"theme.{name}.textColor": palette.text,
            f"theme.{name}.primaryColor": palette.accent,
        }
    return options
