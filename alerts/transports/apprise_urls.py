"""Everything that has no adapter of its own, through the Apprise library. See docs/delivery.md.

Apprise says whether it worked, and why not only in its log, which names addresses: of that log we
keep the status and nothing else.
"""

from __future__ import annotations

import logging
import re
import threading
import warnings
from datetime import datetime
from functools import cache
from typing import Any

from alerts.card import card
from alerts.content import Content
from alerts.errors import SendError
from alerts.pens import TEXT
from alerts.receivers import ReceiverSettings
from alerts.render import Wording

TAKEN = 200
MOST_BYTES = 2_000  # push services take little
_STATUS = re.compile(r"error=(\d{3})\b")
# Its adapters for these report success when the platform refuses a message in its answer.
OURS = {"dingtalk": "dingtalk", "feishu": "feishu", "lark": "feishu", "wecombot": "wecom"}


class _Statuses(logging.Filter):
    """Lets nothing into the log; keeps the status that a failure was logged with, per thread."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        found = _STATUS.search(record.getMessage())
        if found:
            self._kept.status = int(found.group(1))
        return False

    def take(self) -> int | None:
        status: int | None = getattr(self._kept, "status", None)
        self._kept.status = None
        return status


@cache
def _library() -> tuple[Any, _Statuses]:
    """Imported when the first receiver needs it: it takes most of a second."""
    with warnings.catch_warnings():  # what it imports is its business
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise

        apprise.Apprise.instantiate("json://localhost")  # loads its plug-ins

    statuses = _Statuses()
    log = logging.getLogger("apprise")
    log.addFilter(statuses)
    log.setLevel(logging.INFO)  # at DEBUG it would put payloads together for nobody
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # at DEBUG it logs whole addresses
    return apprise, statuses


class AppriseUrl:
    """One service, as its url names it."""

    def __init__(self, receiver: ReceiverSettings) -> None:
        self._receiver = receiver
        self._service = service(receiver.webhook_url)
        self._library, self._statuses = _library()
        seconds = receiver.timeout.total_seconds()
        if self._service is not None:
            self._service.socket_connect_timeout = seconds
            self._service.socket_read_timeout = seconds
            self._service.redirects = False  # a message must not travel to where nobody sent it

    def send(self, content: Content, wording: Wording, *, now: datetime) -> int:
        name = self._receiver.name
        if self._service is None:
            raise SendError(
                f"receiver {name!r}: Apprise can't use its url; run deskpulse check",
                permanent=True,
                broken=True,
            )
        made = card(content, wording, TEXT, now=now, most=MOST_BYTES)
        links = (TEXT.link(one.words, one.url) for one in made.buttons)
        text = TEXT.joint.join([*made.body, *links])
        self._statuses.take()
        try:
            taken = self._service.notify(body=text, title=made.title, body_format="text")
        except Exception as error:  # noqa: BLE001 - its plug-ins' own; words may hold the url
            raise SendError(
                f"receiver {name!r}: Apprise failed ({type(error).__name__}); check its url"
            ) from None
        if taken:
            return TAKEN
        raise self._refusal(name)

    def close(self) -> None:
        """Apprise keeps no connection open."""

    def _refusal(self, name: str) -> SendError:
        status = self._statuses.take()
        if status is None or status < 300:
            return SendError(f"receiver {name!r} could not be reached through Apprise; "
                             "check its url, or it is down")  # fmt: skip
        if status < 400:
            words = "sends us to another address; set its url to the final one"
            return SendError(f"receiver {name!r} {words}", permanent=True, broken=True,
                             http_status=status)  # fmt: skip
        from alerts.transports.posting import verdict  # httpx: not for who only checks addresses

        said = verdict(status)
        return SendError(f"receiver {name!r} {said.words}", permanent=not said.passing,
                         broken=said.broken, http_status=status)  # fmt: skip


def service(url: str) -> Any:
    """Apprise's object for a url; None where it knows none."""
    apprise, _ = _library()
    asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY)
    return apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


def url_problem(url: str) -> str | None:
    """What is wrong with a url, in words without it; None when Apprise can use it."""
    found = service(url)
    if found is None:
        return "Apprise can't read its url; look the form of it up in Apprise's documentation"
    ours = OURS.get(str(found.secure_protocol or found.protocol))
    if ours is not None:
        return (
            f'use type = "{ours}" with the robot\'s own https address instead: '
            "Apprise reports success when this platform refuses a message"
        )
    return None
