"""The [[sources]] and [store] sections of the configuration."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from connectors.durations import Duration
from connectors.engine import parse_url


def _zone(value: Any) -> Any:
    if value is None or isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"there is no time zone '{value}'; write a name such as Asia/Shanghai or UTC"
        ) from None


def _database(value: Any) -> Any:
    if isinstance(value, str):
        parse_url(value)  # raises a sentence without the URL
    return value


Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
DatabaseUrl = Annotated[SecretStr, BeforeValidator(_database)]


class Section(BaseModel):
    """What all sections share: unknown keys are refused, nothing changes later, no secret leaks."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )


class SourceSettings(Section):
    """One connected database."""

    name: str = Field(pattern=r"^[\w-]{1,40}$")
    preset: str | None = None
    statements: Path | None = None
    url: DatabaseUrl
    params: dict[str, str | int | float] = {}
    timezone: Zone | None = None
    poll: Duration = timedelta(seconds=2)
    timeout: Duration = timedelta(seconds=10)  # for one statement
    batch: int = Field(default=5000, ge=100, le=50_000)  # rows per page of a back-fill
    overlap: int = Field(
        default=500, ge=0, le=100_000
    )  # keys below the mark that are looked at again
    reconcile: Duration = timedelta(days=1)  # how often every row is compared

    @model_validator(mode="after")
    def _one_mapping(self) -> Self:
        if (self.preset is None) == (self.statements is None):
            raise ValueError('give either preset = "…" or statements = "file.sql"')
        if not timedelta(milliseconds=200) <= self.poll <= timedelta(hours=1):
            raise ValueError("poll must lie between 200ms and 1h")
        if not timedelta(seconds=1) <= self.timeout <= timedelta(hours=1):
            raise ValueError("timeout must lie between 1s and 1h")
        return self


class StoreSettings(Section):
    """Our own database. `keep`: how long what is over stays: sent messages, history of alerts."""

    url: DatabaseUrl = SecretStr("sqlite:///var/deskpulse.db")
    keep: Duration = timedelta(days=400)

    @field_validator("keep")
    @classmethod
    def _keep_long_enough(cls, keep: timedelta) -> timedelta:
        if keep < timedelta(days=31):
            raise ValueError("keep must be at least 31d: reports and digests look back a month")
        return keep
