"""What every table of our own store is made of: the one type that keeps instants honest, names.

The tables are schema.py (facts, what is derived from them) and *_tables.py beside it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware instant; ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be stored: {moment.isoformat()}")
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC instant of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An instant, kept as BIGINT microseconds since 1970 UTC on every database.

    SQLite drops zones silently and stores text; integers are exact, small, sort right, and are
    read into arrays without making a datetime per value. Naive values are refused. Whole numbers
    pass through as microseconds (bulk writes).
    """

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | int | None,
        dialect: sa.Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> int | None:
        if value is None or type(value) is int:
            return value
        if isinstance(value, datetime):
            return to_micros(value)
        raise TypeError(f"expected an aware datetime, got {type(value).__name__}")

    def process_result_value(
        self,
        value: int | None,
        dialect: sa.Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime | None:
        return None if value is None else from_micros(value)


metadata = sa.MetaData(naming_convention=NAMING)

Text = sa.Text
Big = sa.BigInteger
RowId = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by INTEGER only


def instant(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime, nullable=nullable)
