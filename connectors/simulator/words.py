"""What the people of the simulated shop write, in Chinese and English; see words.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Lines = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """The lines of one language. `ask` and `topic` are by topic, `csat` and `review` by mood."""

    hello: Lines
    bot: Lines
    more_bot: Lines
    human: Lines
    handing_over: Lines
    queueing: Lines
    nudge: Lines
    answer: Lines
    reply: Lines
    follow: Lines
    upset: Lines
    thanks: Lines
    bye: Lines
    result: Lines
    again: Lines
    campaign: Lines
    note: Lines
    survey: str
    taken: str
    closed: str
    ask: Mapping[str, Lines]
    topic: Mapping[str, str]
    csat: Mapping[str, Lines]
    review: Mapping[str, Lines]


def _lines(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return {key: _lines(below) for key, below in value.items()}
    return value


def _load() -> dict[str, Words]:
    text = Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
    return {
        language: Words(**{key: _lines(value) for key, value in lines.items()})
        for language, lines in tomllib.loads(text).items()
    }


WORDS = _load()
