"""How words are written down for each place: plain text, or the marks of a chat platform. Pure.

Names come from databases, so none may become a mark, a link or a mention. Platforms differ in what
a backslash does (some show it), therefore signs that could mark are replaced by their full-width
twins, which look alike and mean nothing anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Protocol

_TWINS = str.maketrans("*[]<>#|~`", "＊［］＜＞＃｜～｀")
_MARKING = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # one within a word marks nothing


class Pen(Protocol):
    """`joint` stands between paragraphs, `line` between the lines of one."""

    def __hash__(self) -> int: ...

    @property
    def joint(self) -> str: ...

    @property
    def line(self) -> str: ...

    def plain(self, words: str) -> str: ...

    def bold(self, words: str) -> str: ...

    def link(self, words: str, url: str) -> str: ...


@dataclass(frozen=True, slots=True)
class TextPen:
    """No marks at all: links are written out."""

    joint: str = "\n\n"
    line: str = "\n"

    def plain(self, words: str) -> str:
        return flat(words)

    def bold(self, words: str) -> str:
        return flat(words)

    def link(self, words: str, url: str) -> str:
        return f"{words}: {url}"


@dataclass(frozen=True, slots=True)
class MarkdownPen:
    """The Markdown that DingTalk, Feishu and WeCom share: bold and links."""

    joint: str = "\n\n"
    line: str = "\n"

    def plain(self, words: str) -> str:
        return _MARKING.sub("＿", flat(words).translate(_TWINS))

    def bold(self, words: str) -> str:
        return f"**{self.plain(words)}**"

    def link(self, words: str, url: str) -> str:
        return f"[{self.plain(words)}]({url.replace('(', '%28').replace(')', '%29')})"


@dataclass(frozen=True, slots=True)
class SlackPen:
    """Slack's mrkdwn: one asterisk for bold, links in angle brackets, three signs escaped."""

    joint: str = "\n"
    line: str = "\n"

    def plain(self, words: str) -> str:
        marked = flat(words).translate(str.maketrans("*~`", "＊～｀"))
        return escape(_MARKING.sub("＿", marked), quote=False)

    def bold(self, words: str) -> str:
        return f"*{self.plain(words)}*"

    def link(self, words: str, url: str) -> str:
        return f"<{escape(url, quote=False).replace('|', '%7C')}|{self.plain(words)}>"


def flat(words: str) -> str:
    """One line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


TEXT = TextPen()
# DingTalk shows a single line break as a space.
DINGTALK = MarkdownPen(line="\n\n")
MARKDOWN = MarkdownPen()
SLACK = SlackPen()
