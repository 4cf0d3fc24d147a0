"""What an alert must look like: `queue=天猫售前`, `severity!=info`, `rule=~queue-.*`. Pure.

Routes, silences, maintenance windows and inhibition all speak of alerts in these words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from alerts.alert import Alert

# What every alert has, besides the labels of its series.
FACETS = ("rule", "severity", "metric")
_WRITTEN = re.compile(r"\s*([^\s=!~]+)\s*(=~|!~|!=|=)\s*(.*?)\s*")


@dataclass(frozen=True, slots=True)
class Matcher:
    """`op` is =, !=, =~ or !~. A label that an alert lacks counts as empty. Patterns match whole
    values."""

    label: str
    op: str
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.op}{self.value}"

    def matches(self, facets: Mapping[str, str]) -> bool:
        found = facets.get(self.label, "")
        if self.op in ("=", "!="):
            return (found == self.value) is (self.op == "=")
        return bool(_pattern(self.value).fullmatch(found)) is (self.op == "=~")


Matchers = tuple[Matcher, ...]


def parse_matcher(text: str) -> Matcher:
    """ValueError in words for what is no matcher."""
    match = _WRITTEN.fullmatch(text)
    if not match:
        raise ValueError(
            f"{text!r} is no matcher; write for example queue=天猫售前, severity!=info or "
            "rule=~queue.*"
        )
    label, op, value = match.groups()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    if op in ("=~", "!~"):
        try:
            _pattern(value)
        except re.error as error:
            raise ValueError(f"{text!r}: the pattern can't be read: {error.msg}") from None
    return Matcher(label, op, value)


def facets_of(alert: Alert) -> dict[str, str]:
    return {
        **dict(alert.labels),
        "rule": alert.rule,
        "severity": str(alert.severity),
        "metric": alert.metric,
    }


def match_all(matchers: Iterable[Matcher], facets: Mapping[str, str]) -> bool:
    return all(one.matches(facets) for one in matchers)


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)
