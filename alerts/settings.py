"""The config section [alerts], and what is wrong between rules and receivers.

[[rules]] is rule_settings.py and rule_checks.py, [[receivers]] is receivers.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from pydantic import Field, SecretStr, field_validator

from alerts.receivers import ReceiverSettings
from alerts.rule_settings import RULE_ERROR as RULE_ERROR
from alerts.rule_settings import SOURCE_DOWN as SOURCE_DOWN
from alerts.rule_settings import RuleSettings as RuleSettings
from alerts.rule_settings import parse_threshold as parse_threshold
from alerts.rule_settings import rules_of as rules_of
from connectors.durations import Duration
from connectors.settings import Section


class AlertsSettings(Section):
    """`public_url` is where people open the dashboard: links in messages start with it.

    `link_secret` signs the links that acknowledge; without it the store keeps a key of its own.

    `heartbeat_url` is asked every `heartbeat_every` while the worker works: an outside watch.
    """

    source_down: bool = True
    source_down_after: Duration | None = None
    give_up_after: Duration = timedelta(days=3)
    public_url: str | None = None
    digest_after: int = Field(default=20, ge=1, le=1000)
    digest_within: Duration = timedelta(minutes=5)
    digest_every: Duration = timedelta(minutes=1)
    calendar_token: SecretStr | None = None
    self_watch: bool = True
    blocked_after: Duration = timedelta(minutes=5)
    heartbeat_url: SecretStr | None = None
    heartbeat_every: Duration = timedelta(seconds=30)
    link_secret: SecretStr | None = None
    link_valid_for: Duration = timedelta(days=1)

    @field_validator("link_secret")
    @classmethod
    def _secret_is_long(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value()) < 16:
            raise ValueError("the secret must have 16 characters or more; leave it out to have one "
                             "made and kept in the store")  # fmt: skip
        return secret

    @field_validator("heartbeat_url")
    @classmethod
    def _heartbeat_is_a_web_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url and not re.match(r"https?://[^/\s]", url.get_secret_value()):
            raise ValueError("heartbeat_url must begin with https:// or http:// and a host")
        return url

    @field_validator("heartbeat_every")
    @classmethod
    def _heartbeat_has_a_pace(cls, every: timedelta) -> timedelta:
        if not timedelta(seconds=5) <= every <= timedelta(hours=1):
            raise ValueError("heartbeat_every must lie between 5s and 1h")
        return every

    @field_validator("calendar_token")
    @classmethod
    def _token_is_long(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and len(token.get_secret_value()) < 24:
            raise ValueError("a calendar_token has at least 24 characters; make one at random")
        return token


def problems(
    rules: Sequence[RuleSettings],
    receivers: Sequence[ReceiverSettings],
    *,
    metrics: Collection[str],
) -> list[str]:
    """What is wrong between sections, one sentence each. `metrics` are the names there are; what
    else is wrong with a rule's metric and labels is rule_checks.py's."""
    known = [receiver.name for receiver in receivers]
    found = [f"two receivers are named {name!r}; rename one" for name in _twice(known)]
    found += [f"two rules are named {name!r}; rename one" for name in _twice(r.name for r in rules)]
    for rule in rules:
        found += [
            f"rule {rule.name!r}: there is no metric {name!r}; known: {', '.join(sorted(metrics))}"
            for name in rule.metrics
            if name not in metrics
        ]
        found += [
            f"rule {rule.name!r}: there is no receiver {name!r}; known: {', '.join(known) or '-'}"
            for name in rule.receivers or ()
            if name not in known
        ]
    return found


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
