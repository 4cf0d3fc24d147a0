"""E-mail by SMTP: one connection per message, encrypted unless told otherwise. See docs/digest.md.

What the mail says is alert_mail.py and digest/letter.py. The name of the module hides nothing:
imports are absolute.
"""

from __future__ import annotations

import logging
import smtplib
import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import parseaddr

from alerts.alert_mail import alert_letter, test_letter
from alerts.content import Content, TestNote
from alerts.digest.content import DigestNote
from alerts.digest.letter import digest_letter
from alerts.errors import SendError
from alerts.mail import Letter, message
from alerts.receivers import ReceiverSettings
from alerts.render import Wording

log = logging.getLogger(__name__)
ACCEPTED = 250
LEAST_S = 0.1
REMEMBERED = 100  # messages that some addresses took and others didn't, yet
LOCAL_NAME = "deskpulse"  # in EHLO: the machine's own name is nobody's business


class Email:
    """One receiver: all its addresses get the same mail, each of them once."""

    def __init__(self, receiver: ReceiverSettings) -> None:
        self._receiver = receiver
        self._timeout = receiver.timeout.total_seconds()
        self._taken: OrderedDict[str, set[str]] = OrderedDict()  # by key: who has it already

    def send(self, content: Content, wording: Wording, *, now: datetime) -> int:
        letter = _letter(content, wording, now)
        mail = message(letter, sender=self._sender, to=self._receiver.to, now=now)
        left = [one for one in self._receiver.to if one not in self._taken.get(letter.key, ())]
        with self._guarded(), self._session() as session:
            refused = self._hand_over(session, mail, left)
        if refused:
            self._remember(letter.key, {one for one in left if _bare(one) not in refused})
            raise self._not_all(refused)
        self._taken.pop(letter.key, None)
        return ACCEPTED

    def close(self) -> None:
        """Nothing is kept open: mail servers hang up on idle connections."""

    @property
    def _sender(self) -> str:
        return self._receiver.sender or ""

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A connection that is cut when the receiver's time is over, however slow each step is."""
        receiver, context = self._receiver, ssl.create_default_context()
        host, port, timeout = receiver.host or "", receiver.mail_port, self._timeout
        started = time.monotonic()
        if receiver.tls == "ssl":
            session: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, LOCAL_NAME, timeout=timeout, context=context
            )
        else:
            session = smtplib.SMTP(host, port, LOCAL_NAME, timeout=timeout)
        left = max(timeout - (time.monotonic() - started), LEAST_S)
        alarm = threading.Timer(left, _cut, [session])
        alarm.daemon = True
        alarm.start()
        try:
            if receiver.tls == "starttls":
                session.starttls(context=context)
            if receiver.user is not None and receiver.password is not None:
                session.login(receiver.user, receiver.password.get_secret_value())
            yield session
            _say_goodbye(session)
        finally:
            alarm.cancel()
            session.close()

    def _hand_over(
        self, session: smtplib.SMTP, mail: EmailMessage, to: list[str]
    ) -> dict[str, tuple[int, bytes]]:
        """Which addresses were refused and how; all others have the mail."""
        try:
            refused = session.send_message(
                mail, from_addr=_bare(self._sender), to_addrs=[_bare(one) for one in to]
            )
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        return dict(refused)

    def _remember(self, key: str, taken: set[str]) -> None:
        """So that a repeat reaches only those who don't have the mail yet."""
        self._taken[key] = self._taken.get(key, set()) | taken
        while len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)

    def _not_all(self, refused: dict[str, tuple[int, bytes]]) -> SendError:
        address, (code, _) = next(iter(refused.items()))
        more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
        passing = any(code < 500 for code, _ in refused.values())
        advice = "can't take mail now" if passing else "was refused; check the address"
        return SendError(
            f"receiver {self._receiver.name!r}: {address}{more} {advice} ({code})",
            permanent=not passing,
            http_status=code,
        )

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Everything that can go wrong, in words without password or answer of the server."""
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:
            raise self._error(
                "refused us ({code}); check its user and password", error, broken=True
            ) from error
        except smtplib.SMTPSenderRefused as error:
            words = "refused the sender ({code}); check its sender and whether it needs a password"
            raise self._error(words, error) from error
        except smtplib.SMTPResponseException as error:
            raise self._error("did not accept the message ({code}); see its log", error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise self._plain(
                "does not offer what is set (tls or password); check tls, port and user",
                permanent=True,
            ) from error
        except ssl.SSLError as error:
            words = "has no certificate that can be trusted, or other tls; check host, port and tls"
            raise self._plain(words) from error
        except TimeoutError as error:
            words = f"gave no answer within {self._timeout:g} s; check host and port, it may hang"
            raise self._plain(words) from error
        except socket.gaierror as error:
            raise self._plain("has a host that is not known; check its host") from error
        except ConnectionRefusedError as error:
            words = "refused the connection; check host and port, or is it down?"
            raise self._plain(words) from error
        except (smtplib.SMTPException, OSError) as error:
            words = "broke the connection off or took too long; check port and tls, or is it down?"
            raise self._plain(words) from error

    def _error(
        self, words: str, error: smtplib.SMTPResponseException, *, broken: bool = False
    ) -> SendError:
        """4xx: not now. 5xx: not this (RFC 5321, 4.2.1)."""
        code = error.smtp_code
        passing = code < 500
        said = "can't take mail now ({code})" if passing else words
        return SendError(
            f"receiver {self._receiver.name!r} {said.format(code=code)}",
            permanent=not passing,
            broken=broken and not passing,
            http_status=code,
        )

    def _plain(self, words: str, *, permanent: bool = False) -> SendError:
        return SendError(
            f"receiver {self._receiver.name!r} {words}", permanent=permanent, broken=permanent
        )


def _letter(content: Content, wording: Wording, now: datetime) -> Letter:
    if isinstance(content, DigestNote):
        return digest_letter(content, wording, now=now)
    if isinstance(content, TestNote):
        return test_letter(content, wording)
    return alert_letter(content, wording, now=now)


def _bare(written: str) -> str:
    return parseaddr(written)[1]


def _cut(session: smtplib.SMTP) -> None:
    """From the timer's thread: whatever waits on the socket ends."""
    sock = session.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("event=already_closed")


def _say_goodbye(session: smtplib.SMTP) -> None:
    """The mail is taken by now: a server that hangs up without an answer has it all the same."""
    try:
        session.quit()
    except (smtplib.SMTPException, OSError):
        log.debug("event=no_goodbye")
