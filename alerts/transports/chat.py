"""What the chat robots share: card, POST, an answer whose body says whether it was taken.

Each platform's own form, signature and codes are its file beside this one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from alerts.card import Card, card
from alerts.content import Content
from alerts.errors import SendError
from alerts.pens import Pen
from alerts.receivers import ReceiverSettings
from alerts.render import Wording
from alerts.transports.posting import Answer, Poster, retry_after, verdict

HEADERS = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a platform's code says, and what it calls for. `words` follow "receiver 'x'"."""

    words: str
    permanent: bool = True
    broken: bool = False
    wait: timedelta | None = None


def closed(words: str) -> Meaning:
    """Nothing can be sent until somebody mends the receiver."""
    return Meaning(words, broken=True)


def busy(words: str, wait: timedelta | None = None) -> Meaning:
    """Not now, but later."""
    return Meaning(words, permanent=False, wait=wait)


class Chat:
    """One robot. Subclasses say how a card is written for their platform and what codes mean."""

    platform: ClassVar[str]
    pen: ClassVar[Pen]
    codes: ClassVar[Mapping[Any, Meaning]]  # by number, or by word
    most_bytes: ClassVar[int]  # of a message's text

    def __init__(self, receiver: ReceiverSettings) -> None:
        self._receiver = receiver
        self._poster = Poster(receiver)

    def send(self, content: Content, wording: Wording, *, now: datetime) -> int:
        made = card(content, wording, self.pen, now=now, most=self.most_bytes)
        body = json.dumps(self.body(made, now), ensure_ascii=False).encode()
        answer = self._poster.post(self.address(now), body, HEADERS)
        meaning = self.understood(answer)
        if meaning is None:
            return answer.status
        raise SendError(
            f"receiver {self._receiver.name!r}: {self.platform} {meaning.words}",
            permanent=meaning.permanent,
            broken=meaning.broken,
            retry_after=None if meaning.permanent else self._wait(meaning, answer, now),
            http_status=answer.status,
        )

    def close(self) -> None:
        self._poster.close()

    # --- what each platform says in its own way ---------------------------------------------

    def address(self, _now: datetime) -> str:
        return self._receiver.webhook_url

    def body(self, made: Card, now: datetime) -> dict[str, Any]:
        raise NotImplementedError

    def understood(self, answer: Answer) -> Meaning | None:
        """None when the platform took the message. A status alone proves nothing."""
        said = parsed(answer)
        code = None if said is None else self.code(said)
        if code == 0 and answer.success:
            return None
        if code is not None and code != 0:
            return self.codes.get(code) or self.unknown(code)
        return self.by_status(answer)

    def code(self, said: Mapping[str, Any]) -> int | None:
        """The code in an answer's body; None where there is none."""
        found = said.get("errcode")
        return found if isinstance(found, int) else None

    def unknown(self, code: int) -> Meaning:
        return Meaning(f"refused the message (code {code}); look the code up in its documentation")

    def by_status(self, answer: Answer) -> Meaning:
        """An answer without a code of the platform's."""
        if answer.success:
            return closed("did not answer as it should, something else stands at this url; "
                          "check the url")  # fmt: skip
        said = verdict(answer.status)
        return Meaning(said.words, permanent=not said.passing, broken=said.broken)

    def with_keyword(self, text: str) -> str:
        """Some robots only take messages that contain a word which was agreed with them."""
        keyword = self._receiver.keyword
        if keyword is None or keyword in text:
            return text
        return f"{text}{self.pen.joint}{self.pen.plain(keyword)}"

    def _wait(self, meaning: Meaning, answer: Answer, now: datetime) -> timedelta | None:
        asked = [one for one in (retry_after(answer.headers, now), meaning.wait) if one is not None]
        return max(asked, default=None)


def parsed(answer: Answer) -> Mapping[str, Any] | None:
    """The JSON object of an answer; None for anything else."""
    try:
        said = json.loads(answer.body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
