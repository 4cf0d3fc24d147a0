"""From words and pictures to one mail: headers, text, HTML, inline pictures. Sends nothing.

What alerts say is alert_mail.py, what digests say is digest/; sending is transports/email.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Inline:
    """A picture that the HTML shows as `cid:NAME`."""

    name: str
    png: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail before it has an address. `thread`: the key of the mail it answers."""

    key: str
    subject: str
    text: str
    html: str
    language: str
    pictures: Sequence[Inline] = ()
    thread: str | None = None


def message(letter: Letter, *, sender: str, to: Sequence[str], now: datetime) -> EmailMessage:
    """The mail as it travels. Its id comes from the key, so a repeat can be told as one."""
    _, domain = parseaddr(sender)[1].rsplit("@", 1)
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = one_line(letter.subject)
    mail["From"] = _address(sender)
    mail["To"] = [_address(one) for one in to]
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = _id(letter.key, domain)
    if letter.thread is not None and letter.thread != letter.key:
        mail["In-Reply-To"] = mail["References"] = _id(letter.thread, domain)
    mail["Content-Language"] = "zh-CN" if letter.language == "zh" else "en"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies, please
    mail["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    # base64: the text is mostly Chinese, and no line may exceed 998 octets.
    mail.set_content(letter.text, cte="base64")
    mail.add_alternative(letter.html, subtype="html", cte="base64")
    if letter.pictures:
        page = mail.get_payload()[1]  # type: ignore[index]
        for one in letter.pictures:
            page.add_related(  # type: ignore[union-attr]
                one.png, "image", "png", cid=f"<{one.name}>", filename=f"{one.name}.png",
                disposition="inline",
            )  # fmt: skip
    return mail


def one_line(words: str) -> str:
    """Names come from databases: a line break in one would end the header."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return flat if len(flat) <= LONGEST_SUBJECT else f"{flat[: LONGEST_SUBJECT - 1]}…"


def _address(written: str) -> Address:
    name, address = parseaddr(written)
    user, _, domain = address.rpartition("@")
    return Address(name, user, domain)


def _id(key: str, domain: str) -> str:
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"
