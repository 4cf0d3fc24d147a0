"""The HTML document of the pages: Streamlit's own, in the viewer's language, without a white flash,
and with hints that let the browser fetch the chart code while the application still starts."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from pathlib import Path

from streamlit.file_util import get_static_dir

from dashboard.theme import DARK, LIGHT
from dashboard.watchdog import script
from dashboard.words import Language, words

# What the wallboard draws with. Streamlit fetches each only once its first element arrives.
_LATER = ("ArrowVegaLiteChart", "BidiComponent", "Html")
_IMPORT = re.compile(r'(?:from|import)\s*"\./([\w.$-]+\.js)"')
_FONT = re.compile(r"<link\s[^>]*as=\"font\"[^>]*>")
_HTML_LANG: dict[Language, str] = {"zh": "zh-CN", "en": "en"}


@lru_cache(maxsize=4)
def document(language: Language) -> str:
    static = Path(get_static_dir())
    page = (static / "index.html").read_text(encoding="utf-8")
    hints = "".join(
        f'<link rel="modulepreload" crossorigin href="./static/js/{name}">'
        for name in later_modules(static / "static" / "js")
        if name not in page
    )
    ground = (
        "<style>html{background:" + LIGHT.ground + "}@media (prefers-color-scheme: dark)"
        "{html{background:" + DARK.ground + "}}</style>"
    )
    hints += f'<script type="module" src="./{script()[0]}"></script>'  # it also watches the start
    page = _FONT.sub("", page)  # the board is set in the fonts of the system
    page = page.replace('<html lang="en">', f'<html lang="{_HTML_LANG[language]}">', 1)
    title = escape(words(language)("app"))
    page = page.replace("<title>Streamlit</title>", f"<title>{title}</title>", 1)
    return page.replace("</head>", f"{ground}{hints}</head>", 1)


@lru_cache(maxsize=1)
def later_modules(folder: Path) -> tuple[str, ...]:
    """The modules of the board's elements with all that they import, in a stable order."""
    found: dict[str, None] = {}
    waiting = [path.name for name in _LATER for path in sorted(folder.glob(f"{name}.*.js"))]
    while waiting:
        name = waiting.pop()
        path = folder / name
        if name in found or not path.is_file():
            continue
        found[name] = None
        waiting += _IMPORT.findall(path.read_text(encoding="utf-8"))
    return tuple(found)
