"""The tables of the generic layout: plain, with integer keys and the facts' column names."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()


def _key(name: str) -> sa.Column[int]:
    # SQLite counts up by itself only in a column of type INTEGER.
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, primary_key=True)


def _time(name: str) -> sa.Column[Any]:
    """ISO text in UTC with its offset; an instant where the database has such a type."""
    kind: sa.types.TypeEngine[Any] = sa.String(32)
    return sa.Column(name, kind.with_variant(sa.DateTime(timezone=True), "postgresql"))


def _text(name: str, length: int = 64) -> sa.Column[str]:
    return sa.Column(name, sa.String(length))


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger)


def _money(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Numeric(12, 2))


def _table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(name, metadata, *columns, mysql_charset="utf8mb4")


contacts = _table(
    "contacts",
    _key("contact_id"),
    _text("channel"),
    _text("queue"),
    _text("team"),
    _text("customer_key"),
    _text("order_ref"),
    _whole("agent_id"),
    _text("status", 16),
    _text("priority", 16),
    _text("topic"),
    _time("opened_at"),
    _time("queued_at"),
    _time("assigned_at"),
    _time("first_reply_at"),
    _time("waiting_since"),
    _time("closed_at"),
    _time("abandoned_at"),
    sa.Column("reopen_count", sa.Integer),
    sa.Column("transfer_count", sa.Integer),
    sa.Column("bot_only", sa.Boolean),
    sa.Column("outbound_only", sa.Boolean),
    _time("updated_at"),
)
messages = _table(
    "messages",
    _key("message_id"),
    _whole("contact_id"),
    _time("sent_at"),
    _text("sender_role", 16),
    _whole("agent_id"),
    sa.Column("text", sa.Text),
)
events = _table(
    "events",
    _key("event_id"),
    _whole("contact_id"),
    _text("kind", 16),
    _time("at"),
    sa.Column("value_s", sa.Double),
    _whole("agent_id"),
)
ratings = _table(
    "ratings",
    _key("rating_id"),
    _whole("contact_id"),
    _text("order_ref"),
    _text("product_ref"),
    _text("kind", 16),
    sa.Column("score", sa.Integer),
    sa.Column("scale", sa.Integer),
    _time("asked_at"),
    _time("rated_at"),
    _time("answered_at"),
    sa.Column("text", sa.Text),
)
orders = _table(
    "orders",
    _key("order_id"),
    _text("order_ref"),
    _text("customer_key"),
    _time("placed_at"),
    _time("paid_at"),
    _time("promised_ship_at"),
    _time("promised_at"),
    _time("shipped_at"),
    _time("delivered_at"),
    _money("amount"),
    _money("discount"),
    _money("freight"),
    sa.Column("items", sa.Integer),
    _text("category"),
    _text("seller"),
    _text("region"),
    _text("payment"),
    _text("promo"),
    _text("status", 16),
)
cases = _table(
    "cases",
    _key("case_id"),
    _text("order_ref"),
    _whole("contact_id"),
    _text("kind", 16),
    _text("reason"),
    _time("opened_at"),
    _time("handled_at"),
    _time("closed_at"),
    _money("amount"),
    _text("status", 16),
)
agents = _table(
    "agents",
    _key("agent_id"),
    _text("name"),
    _text("team"),
    sa.Column("active", sa.Boolean),
)
presence = _table(
    "presence",
    _key("presence_id"),
    _whole("agent_id"),
    _text("state", 16),
    _time("since"),
    _time("until"),
)
shifts = _table(
    "shifts",
    _key("shift_id"),
    _whole("agent_id"),
    _text("queue"),
    _time("starts_at"),
    _time("ends_at"),
)
# Made after the history is in: filling an indexed table takes twice as long.
INDEXED = (
    contacts.c.status, contacts.c.opened_at, contacts.c.updated_at, messages.c.contact_id,
    ratings.c.asked_at, ratings.c.contact_id, ratings.c.order_ref, orders.c.status,
    orders.c.order_ref, orders.c.placed_at, cases.c.status, cases.c.opened_at, presence.c.until,
    presence.c.since, shifts.c.starts_at,
)  # fmt: skip


def create_indexes(conn: sa.Connection) -> None:
    """Every index of the layout that is not there yet."""
    inspector = sa.inspect(conn)
    for column in INDEXED:
        name = f"ix_{column.table.name}_{column.name}"
        if name not in {index["name"] for index in inspector.get_indexes(column.table.name)}:
            # Not attached to the table, else create_all would make it before the history.
            conn.execute(sa.schema.CreateIndex(_detached(name, column)))


def _detached(name: str, column: sa.Column[Any]) -> sa.Index:
    table = sa.Table(column.table.name, sa.MetaData(), sa.Column(column.name, column.type))
    return sa.Index(name, table.c[column.name])
