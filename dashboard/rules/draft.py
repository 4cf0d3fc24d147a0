"""A rule while somebody writes it: the fields of the editor ↔ the keys of [[rules]]. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.errors import RuleError

FIELDS = ("name", "metric", "by", "when", "clear", "for", "keep_firing_for", "severity",
          "receivers", "window", "hours")  # fmt: skip
NEW: Mapping[str, Any] = {
    "name": "", "metric": "queue_length", "by": ["queue"], "when": "> 20", "for": "1m",
    "severity": "warning",
}  # fmt: skip
_USUAL = {"severity": "warning"}  # a choice shows what holds where nothing was written
_LISTS = ("by", "receivers", "hours")


@dataclass(frozen=True, slots=True)
class Draft:
    """`fields` as the editor shows them (texts and lists), `more`: all other keys, as TOML."""

    fields: Mapping[str, Any]
    more: str = ""

    def given(self) -> dict[str, Any]:
        """The keys of [[rules]]; RuleError where `more` can't be read."""
        try:
            rest = tomllib.loads(self.more)
        except tomllib.TOMLDecodeError as error:
            raise RuleError(f"the further settings are not valid TOML: {error}") from None
        twice = sorted(set(rest) & set(FIELDS))
        if twice:
            raise RuleError(f"{', '.join(twice)}: set above already; take it out here")
        kept = {name: _clean(self.fields.get(name)) for name in FIELDS}
        return {name: value for name, value in kept.items() if value not in (None, "", [])} | rest


def draft_of(given: Mapping[str, Any]) -> Draft:
    """What the editor starts from."""
    fields: dict[str, Any] = {}
    for name in FIELDS:
        value = given.get(name)
        if name in _LISTS:
            fields[name] = [value] if isinstance(value, str) else list(value or ())
        else:
            fields[name] = _USUAL.get(name, "") if value is None else str(value)
    rest = {name: value for name, value in given.items() if name not in FIELDS}
    return Draft(fields, toml_of(rest))


def _clean(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def toml_of(values: Mapping[str, Any]) -> str:
    """Keys as TOML; what holds tables is written inline."""
    return "\n".join(f"{name} = {_toml(value)}" for name, value in values.items())


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{name} = {_toml(one)}" for name, one in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
