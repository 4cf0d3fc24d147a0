"""Sentences that the forecasts say about a series, in the viewer's language.

Forecasts speak English; sentences that are known here are said in both languages, others as they
are.
"""

from __future__ import annotations

import re
from typing import Final

from dashboard.words import Words

_KNOWN: Final = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("closed_days", r"(?P<n>\d+) days without a contact count as closed"),
        ("stray", r"(?P<n>\d+) days with hardly a contact before it begins were left out"),
        ("ended", r"no contact in the last (?P<n>\d+) days: taken as closed for good.*"),
        ("short", r"(?P<n>\d+) days are too few to test models on; the band is wide"),
        ("unknown", r"(?P<n>\d+) steps count as unknown: .*"),
        ("missing", r"(?P<n>\d+) silent slots where contacts were due count as missing"),
        ("thin", r"the file has no zeros: .*"),
    )
)


def note_said(note: str, say: Words) -> str:
    for name, pattern in _KNOWN:
        match = pattern.fullmatch(note)
        if match:
            return say(f"note_of.{name}", **match.groupdict())
    return note
