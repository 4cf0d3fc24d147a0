"""What is wrong with receivers beyond what one section shows alone: fall-backs, templates, Apprise.

Everything is found at `check`, one sentence each; nothing here sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alerts.receivers import ReceiverSettings
from alerts.templates import problem
from alerts.transports.apprise_urls import url_problem


def with_templates(
    receivers: Sequence[ReceiverSettings], folder: Path, problems: list[str]
) -> tuple[ReceiverSettings, ...]:
    """The receivers with the templates their files hold; a file that can't be read is a problem."""
    found = []
    for one in receivers:
        if one.template_file is None:
            found.append(one)
            continue
        try:
            text = (folder / one.template_file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            problems.append(
                f"receiver {one.name!r}: its template_file {one.template_file!r} can't be read; "
                "check that it is a UTF-8 file beside the configuration"
            )
            text = None
        found.append(one.model_copy(update={"template": text}))
    return tuple(found)


def receiver_problems(receivers: Sequence[ReceiverSettings]) -> list[str]:
    """Loops and strangers among fall-backs, templates that can't be filled in, urls of Apprise."""
    found = _fallback_problems(receivers)
    for one in receivers:
        if one.template is not None and (wrong := problem(one.template)):
            found.append(f"receiver {one.name!r}: its template can't be used: {wrong}")
        if one.type == "apprise" and (wrong := url_problem(one.webhook_url)):
            found.append(f"receiver {one.name!r}: {wrong}")
    return found


def _fallback_problems(receivers: Sequence[ReceiverSettings]) -> list[str]:
    onward = {one.name: one.fallback for one in receivers}
    found = [
        f"receiver {one.name!r}: there is no receiver {one.fallback!r} to fall back to; "
        f"known: {', '.join(onward)}"
        for one in receivers
        if one.fallback is not None and one.fallback not in onward
    ]
    told: set[str] = set()
    for name in onward:
        loop = _loop(name, onward)
        if loop and not told & set(loop):
            told |= set(loop)
            way = " to ".join(repr(one) for one in (*loop, loop[0]))
            found.append(f"receivers fall back in a circle, {way}; take one fallback out")
    return found


def _loop(start: str, onward: dict[str, str | None]) -> list[str] | None:
    """The receivers from `start` round to itself; None where the way ends or misses it."""
    way, here = [start], onward[start]
    while here is not None and here in onward and here not in way:
        way.append(here)
        here = onward[here]
    return way if here == start else None
