"""A digest as what its receivers take: a mail with pictures, or JSON for a webhook."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from alerts.digest.chat import chat_markdown, chat_text
from alerts.digest.content import Digest, DigestNote
from alerts.digest.drawing import Picture, pictures
from alerts.digest.mail_html import html
from alerts.digest.mail_text import plain
from alerts.digest.words import Speaker
from alerts.mail import Inline, Letter
from alerts.render import Wording

BODY_VERSION = "1"


def digest_letter(note: DigestNote, wording: Wording, *, now: datetime) -> Letter:
    """The mail: pictures are parts of it, so that no client has to load anything."""
    speaker = Speaker(note.digest, wording)
    shown = pictures(speaker)
    return Letter(
        key=note.key,
        subject=speaker.subject(),
        text=plain(speaker, shown, now=now),
        html=html(speaker, shown, lambda at: f"cid:{_name(at)}", now=now),
        language=wording.language,
        pictures=[
            Inline(_name(at), one.png) for at, one in enumerate(shown) if one.png is not None
        ],
    )


def digest_page(speaker: Speaker, *, now: datetime) -> str:
    """The same HTML as one file: for a look before anything is sent."""
    shown = pictures(speaker)
    return html(speaker, shown, lambda at: _data(shown, at), now=now)


def digest_body(note: DigestNote, wording: Wording, *, now: datetime) -> bytes:
    """The JSON that a webhook gets (docs/digest.md)."""
    speaker = Speaker(note.digest, wording)
    body = {
        "version": BODY_VERSION,
        "receiver": note.receiver,
        "kind": "digest",
        "key": note.key,
        "title": speaker.title(),
        "text": chat_text(speaker, now=now),
        "markdown": chat_markdown(speaker, now=now),
        "url": speaker.link(),
        "digest": digest_values(note.digest, wording),
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def digest_values(digest: Digest, wording: Wording) -> dict[str, Any]:
    """Its numbers for programs: times in the shop's zone, what isn't known null."""
    values = asdict(digest)
    for inner in ("terms", "charts"):  # how things are written and drawn
        values.pop(inner)
    found: dict[str, Any] = _plain(values, wording)
    return found


def _plain(value: Any, wording: Wording) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(wording.zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one, wording) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, wording) for one in value]
    return value


def _name(at: int) -> str:
    return f"chart{at + 1}"


def _data(shown: Sequence[Picture], at: int) -> str:
    return f"data:image/png;base64,{base64.b64encode(shown[at].png or b'').decode()}"
