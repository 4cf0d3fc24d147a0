"""Sentences about what failed, in the reader's language.

Programs keep one English sentence where something fails: it goes to logs and other programs too.
Pages look its form up in locales/troubles_zh.toml; a sentence of no known form stays as it is.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from metrics.text import Language

_FILE = Path(__file__).parent / "locales" / "troubles_zh.toml"
_BLANK = re.compile(r"\{(\w+)\}")
_ANYTHING = ".+?"
_BLANKS = {  # what may stand in them, where not anything may
    "who": r"'[^']*'|\"[^\"]*\"", "kind": r"\w+", "address": r"\S+",
    "place": "(?:local socket)?[^ ]*", "column": r"\w+",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a sentence, and what it is in Chinese."""

    pattern: re.Pattern[str]
    chinese: str


def told_in(language: Language, sentence: str) -> str:
    """The sentence in that language, as far as its form is known."""
    return (_chinese(sentence) or sentence) if language == "zh" else sentence


@lru_cache(maxsize=4_096)  # pages are drawn again and again
def _chinese(sentence: str) -> str | None:
    for form in forms():
        if (found := form.pattern.fullmatch(sentence)) and (said := _filled(form, found)):
            return said
    return None


def _filled(form: Form, found: re.Match[str]) -> str | None:
    """None where the form holds another sentence that is not known."""
    parts = {}
    for name, text in found.groupdict().items():
        said = _chinese(text) if name in ("what", "label") else text
        if said is None and name == "what":
            return None
        parts[name] = said or text
    return form.chinese.format(**parts)


@cache
def forms() -> tuple[Form, ...]:
    """Those of the file, the ones that say most themselves first."""
    written = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    ranked = sorted(written.items(), key=lambda one: -len(_BLANK.sub("", one[0])))
    return tuple(Form(_pattern(english), chinese) for english, chinese in ranked)


def _pattern(english: str) -> re.Pattern[str]:
    parts = _BLANK.split(english)
    made = [re.escape(parts[0])]
    for name, after in zip(parts[1::2], parts[2::2], strict=True):
        made.append(f"(?P<{name}>{_BLANKS.get(name, _ANYTHING)})" + re.escape(after))
    return re.compile("".join(made), re.DOTALL)
