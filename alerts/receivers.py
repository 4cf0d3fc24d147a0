"""The config section [[receivers]]: who is told, and how. Checked as far as it can be alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parseaddr
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from alerts.receiver_kinds import KIND_KEYS, KINDS, TIMEOUT
from connectors.durations import Duration
from connectors.settings import Section
from metrics.text import Language

_LONGEST_TIMEOUT = timedelta(minutes=1)
_MOST_ADDRESSES = 50
_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*")
PORTS: dict[str, int] = {"starttls": 587, "ssl": 465, "none": 25}
ALL = "all"
_MOBILE = re.compile(r"\+?[\d-]{6,20}")


def _names(value: object) -> object:
    return [value] if isinstance(value, str) else value


def checked_address(written: str) -> str:
    """`a@b.example` or `Name <a@b.example>`; ValueError in words."""
    _, address = parseaddr(written)
    if not written.isprintable() or not _ADDRESS.fullmatch(address) or not address.isascii():
        raise ValueError(
            f"{written!r} is no e-mail address; write name@example.com or Name <name@example.com>"
        )
    return written


class ReceiverSettings(Section):
    """One receiver. Which keys go with which `type` is receiver_kinds.py.

    `mention` are mobile numbers, ids of people, or "all". `fallback` is the receiver that gets what
    this one can't be given.
    """

    name: str = Field(min_length=1, max_length=100)
    type: str
    url: SecretStr | None = None
    secret: SecretStr | None = None
    host: str | None = Field(default=None, min_length=1)
    port: int | None = Field(default=None, ge=1, le=65_535)
    tls: Literal["starttls", "ssl", "none"] = "starttls"
    user: str | None = Field(default=None, min_length=1)
    password: SecretStr | None = None
    sender: str | None = None
    to: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    mention: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    keyword: str | None = Field(default=None, min_length=1, max_length=100)
    template: str | None = Field(default=None, min_length=1)
    template_file: str | None = Field(default=None, min_length=1)
    fallback: str | None = Field(default=None, min_length=1)
    timeout: Duration = TIMEOUT
    language: Language | None = None

    @model_validator(mode="before")
    @classmethod
    def _type_has_its_timeout(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "timeout" not in data:
            kind = KINDS.get(str(data.get("type")))
            return {**data, "timeout": kind.timeout if kind else TIMEOUT}
        return data

    @field_validator("type")
    @classmethod
    def _type_is_known(cls, name: str) -> str:
        if name not in KINDS:
            known = ", ".join(f'"{one}"' for one in KINDS)
            raise ValueError(f"there is no such type of receiver; known are {known}")
        return name

    @field_validator("secret", "password")
    @classmethod
    def _secret_is_not_empty(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not secret.get_secret_value():
            raise ValueError("the secret is empty; set it, or leave it out to go without")
        return secret

    @field_validator("timeout")
    @classmethod
    def _timeout_is_sensible(cls, timeout: timedelta) -> timedelta:
        if not timedelta(milliseconds=100) <= timeout <= _LONGEST_TIMEOUT:
            raise ValueError("the timeout of a receiver lies between 100ms and 1m")
        return timeout

    @field_validator("host")
    @classmethod
    def _host_is_a_name(cls, host: str | None) -> str | None:
        if host is not None and ("/" in host or "@" in host or not host.isprintable()):
            raise ValueError("the host of a mail server is a bare name such as smtp.example.com")
        return host

    @field_validator("sender")
    @classmethod
    def _sender_is_an_address(cls, sender: str | None) -> str | None:
        return None if sender is None else checked_address(sender)

    @field_validator("to")
    @classmethod
    def _to_are_addresses(cls, to: tuple[str, ...]) -> tuple[str, ...]:
        if len(to) > _MOST_ADDRESSES:
            raise ValueError(
                f"a receiver has at most {_MOST_ADDRESSES} addresses; use a mailing list"
            )
        return tuple(dict.fromkeys(checked_address(one) for one in to))

    @model_validator(mode="after")
    def _keys_belong_to_the_type(self) -> Self:
        kind = KINDS[self.type]
        for key in kind.needed:
            if not getattr(self, key):
                raise ValueError(f"'{key}' is missing; type = \"{self.type}\" needs it")
        for key in sorted((KIND_KEYS - {*kind.needed, *kind.may}) & self.model_fields_set):
            raise ValueError(f"'{key}' is not for type = \"{self.type}\"; leave it out")
        if self.template is not None and self.template_file is not None:
            raise ValueError("template and template_file say the same; set one of them")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together; set both or neither")
        if self.password is not None and self.tls == "none" and self.host not in _OURSELVES:
            raise ValueError(
                'the password would travel unencrypted; set tls to "starttls" or "ssl"'
            )
        return self

    @model_validator(mode="after")
    def _url_has_its_form(self) -> Self:
        if self.url is None:
            return self
        kind, url = KINDS[self.type], self.webhook_url
        if not (kind.address.search(url) if kind.address else True) or not _whole(url, self.type):
            raise ValueError(kind.advice)
        return self

    @model_validator(mode="after")
    def _mentions_can_be_reached(self) -> Self:
        if self.type in ("feishu", "slack") and self.mobiles:
            raise ValueError(
                "mention: this platform's robots can't find people by mobile number; "
                "write the person's id"
            )
        return self

    @property
    def mobiles(self) -> tuple[str, ...]:
        """Who is called by mobile number."""
        return tuple(one for one in self.mention if _MOBILE.fullmatch(one))

    @property
    def people(self) -> tuple[str, ...]:
        """Who is called by an id of the platform's."""
        return tuple(one for one in self.mention if one != ALL and not _MOBILE.fullmatch(one))

    @property
    def calls_all(self) -> bool:
        return ALL in self.mention

    @property
    def webhook_url(self) -> str:
        """The address of a webhook; "" for other types."""
        return self.url.get_secret_value() if self.url else ""

    @property
    def mail_port(self) -> int:
        return self.port or PORTS[self.tls]


def _whole(url: str, kind: str) -> bool:
    """A scheme and a host; Apprise's urls have forms of their own."""
    if kind == "apprise":
        return True
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


_OURSELVES = ("localhost", "127.0.0.1", "::1")
