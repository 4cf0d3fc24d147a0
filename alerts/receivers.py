"""The config section [[receivers]]: who is told, and how. Checked as far as it can be alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parseaddr
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from connectors.durations import Duration
from connectors.settings import Section
from metrics.text import Language

_LONGEST_TIMEOUT = timedelta(minutes=1)
# A mail server may greet only after some seconds, and a digest carries pictures.
_TIMEOUTS = {"email": timedelta(seconds=30)}
_TIMEOUT = timedelta(seconds=5)
_MOST_ADDRESSES = 50
_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*")
PORTS: dict[str, int] = {"starttls": 587, "ssl": 465, "none": 25}
# Which keys a type must and may have, besides those that all have.
_NEEDED: Mapping[str, tuple[str, ...]] = {"webhook": ("url",), "email": ("host", "sender", "to")}
_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "webhook": ("url", "secret"),
    "email": ("host", "port", "tls", "user", "password", "sender", "to"),
}


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
    """One receiver. `url` and `secret` are a webhook's, `host` to `to` a mail server's."""

    name: str = Field(min_length=1, max_length=100)
    type: Literal["webhook", "email"]
    url: SecretStr | None = None
    secret: SecretStr | None = None
    host: str | None = Field(default=None, min_length=1)
    port: int | None = Field(default=None, ge=1, le=65_535)
    tls: Literal["starttls", "ssl", "none"] = "starttls"
    user: str | None = Field(default=None, min_length=1)
    password: SecretStr | None = None
    sender: str | None = None
    to: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    timeout: Duration = _TIMEOUT
    language: Language | None = None

    @model_validator(mode="before")
    @classmethod
    def _type_has_its_timeout(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "timeout" not in data:
            return {**data, "timeout": _TIMEOUTS.get(str(data.get("type")), _TIMEOUT)}
        return data

    @field_validator("url")
    @classmethod
    def _url_is_whole(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url.get_secret_value())
            whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            whole = False
        if not whole:
            raise ValueError("the url of a webhook starts with https:// or http:// and a host")
        return url

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
        for key in _NEEDED[self.type]:
            if not getattr(self, key):
                raise ValueError(f"'{key}' is missing; type = \"{self.type}\" needs it")
        foreign = {key for keys in _ALLOWED.values() for key in keys} - {*_ALLOWED[self.type]}
        for key in sorted(foreign & self.model_fields_set):
            raise ValueError(f"'{key}' is not for type = \"{self.type}\"; leave it out")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together; set both or neither")
        if self.password is not None and self.tls == "none" and self.host not in _OURSELVES:
            raise ValueError(
                'the password would travel unencrypted; set tls to "starttls" or "ssl"'
            )
        return self

    @property
    def webhook_url(self) -> str:
        """The address of a webhook; "" for other types."""
        return self.url.get_secret_value() if self.url else ""

    @property
    def mail_port(self) -> int:
        return self.port or PORTS[self.tls]


_OURSELVES = ("localhost", "127.0.0.1", "::1")
