"""The tables of our own store that hold facts, what the sync remembers, and what is derived.

What a column means lives higher up (metrics, alerts); reading and writing them lives with the
meaning. Alerts and their messages are alert_tables.py. Migrations in migrations/versions lead to
exactly these tables (a test compares).
"""

from __future__ import annotations

import sqlalchemy as sa

from connectors.columns import Big, RowId, Text, instant, metadata


def _fact(name: str, key: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    """A fact table: one row per (source, key)."""
    return sa.Table(
        name,
        metadata,
        sa.Column("source", Text, primary_key=True),
        sa.Column(key, Text, primary_key=True),
        *columns,
    )


contacts = _fact(
    "contacts",
    "contact_id",
    sa.Column("channel", Text, nullable=False),
    sa.Column("queue", Text, nullable=False),
    sa.Column("team", Text),
    sa.Column("customer_key", Text),
    sa.Column("order_ref", Text),
    sa.Column("agent_id", Text),
    sa.Column("status", Text, nullable=False),
    sa.Column("priority", Text),
    sa.Column("topic", Text),
    instant("opened_at", nullable=False),
    instant("queued_at"),
    instant("assigned_at"),
    instant("first_reply_at"),
    instant("waiting_since"),
    instant("closed_at"),
    instant("abandoned_at"),
    sa.Column("reopen_count", sa.Integer),
    sa.Column("transfer_count", sa.Integer),
    sa.Column("bot_only", sa.Boolean),
    sa.Column("outbound_only", sa.Boolean),
    instant("updated_at"),
    sa.Index(None, "opened_at"),
    sa.Index(None, "queued_at"),
    sa.Index(None, "assigned_at"),
    sa.Index(None, "first_reply_at"),
    sa.Index(None, "closed_at"),
    sa.Index(None, "abandoned_at"),
    sa.Index(None, "customer_key", "opened_at"),
)
# The live queue reads rows that can still change, and only those; history never slows it down.
sa.Index(
    "ix_contacts_live",
    contacts.c.source,
    contacts.c.status,
    sqlite_where=contacts.c.status.in_(["open", "bot", "snoozed"]),
    postgresql_where=contacts.c.status.in_(["open", "bot", "snoozed"]),
)

rounds = sa.Table(
    "rounds",
    metadata,
    sa.Column("source", Text, primary_key=True),
    sa.Column("contact_id", Text, primary_key=True),
    sa.Column("round_no", sa.Integer, primary_key=True),
    instant("asked_at", nullable=False),
    instant("answered_at"),
    sa.Column("answered_by", Text),
    sa.Column("agent_id", Text),
    instant("person_answered_at"),  # the first person's answer after it, a bot's not counted
    sa.Column("asked_again", sa.LargeBinary),  # int64 µs: the run's messages after its first
    instant("asked_last_at"),  # the last of those; unknown where there are none
    sa.Index(None, "answered_at"),
    sa.Index(None, "asked_at"),
    sa.Index(None, "asked_last_at"),
)

# What the help desk itself wrote down: every close, not just the last, and its own durations.
events = _fact(
    "events",
    "event_id",
    sa.Column("contact_id", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    instant("at", nullable=False),
    sa.Column("value_s", sa.Float),
    sa.Column("agent_id", Text),
    sa.Index(None, "at"),
    sa.Index(None, "source", "contact_id"),
)

ratings = _fact(
    "ratings",
    "rating_id",
    sa.Column("contact_id", Text),
    sa.Column("order_ref", Text),
    sa.Column("product_ref", Text),
    sa.Column("kind", Text, nullable=False),
    sa.Column("score", sa.Float),
    sa.Column("scale", sa.Float, nullable=False),
    instant("asked_at"),
    instant("rated_at"),
    instant("answered_at"),
    sa.Column("sentiment", sa.Float),
    sa.Column("topics", Text),
    sa.Index(None, "rated_at"),
    sa.Index(None, "asked_at"),
    sa.Index(None, "source", "contact_id"),
)

orders = _fact(
    "orders",
    "order_id",
    sa.Column("order_ref", Text),
    sa.Column("customer_key", Text),
    instant("placed_at", nullable=False),
    instant("paid_at"),
    instant("promised_ship_at"),
    instant("promised_at"),
    instant("shipped_at"),
    instant("delivered_at"),
    sa.Column("amount", sa.Float),
    sa.Column("discount", sa.Float),
    sa.Column("freight", sa.Float),
    sa.Column("items", sa.Integer),
    sa.Column("category", Text),
    sa.Column("seller", Text),
    sa.Column("region", Text),
    sa.Column("payment", Text),
    sa.Column("promo", Text),
    sa.Column("status", Text, nullable=False),
    sa.Column("product_ref", Text),  # product, seller and category are those of the first item
    sa.Column("sellers", sa.Integer),
    sa.Column("seller_region", Text),
    sa.Index(None, "placed_at"),
    sa.Index(None, "paid_at"),
    sa.Index(None, "shipped_at"),
    sa.Index(None, "delivered_at"),
    sa.Index(None, "status"),
    sa.Index(None, "customer_key", "placed_at"),
)

cases = _fact(
    "cases",
    "case_id",
    sa.Column("order_ref", Text),
    sa.Column("contact_id", Text),
    sa.Column("kind", Text),
    sa.Column("reason", Text),
    instant("opened_at", nullable=False),
    instant("handled_at"),
    instant("closed_at"),
    sa.Column("amount", sa.Float),
    sa.Column("status", Text, nullable=False),
    sa.Index(None, "opened_at"),
    sa.Index(None, "closed_at"),
    sa.Index(None, "status"),
)

agents = _fact(
    "agents",
    "agent_id",
    sa.Column("name", Text),
    sa.Column("team", Text),
    sa.Column("active", sa.Boolean),
)

presence = _fact(
    "presence",
    "presence_id",
    sa.Column("agent_id", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    instant("since", nullable=False),
    instant("until"),
    sa.Index(None, "until"),
)

shifts = _fact(
    "shifts",
    "shift_id",
    sa.Column("agent_id", Text, nullable=False),
    sa.Column("queue", Text),
    instant("starts_at", nullable=False),
    instant("ends_at", nullable=False),
    sa.Index(None, "starts_at"),
)

# --- what the sync remembers ---------------------------------------------------------------

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("source", Text, primary_key=True),
    sa.Column("status", Text, nullable=False),  # ok, down, backfill
    instant("as_of"),  # the clock just before the last good read
    instant("kpis_as_of"),  # how far KPIs are known while slots are dirty: see metrics/reading.py
    instant("tried_at"),
    sa.Column("error", Text),
    sa.Column("poll_s", sa.Float, nullable=False),
    sa.Column("rows", Big, nullable=False, default=0),  # facts read since the store was made
    sa.Column("backfill_done", Big),
    sa.Column("backfill_total", Big),
    sa.Column("presence_known", sa.Boolean),
    sa.Column("waits_known", sa.Boolean),
    sa.Column("agents_known", sa.Boolean),
)

marks = sa.Table(
    "marks",
    metadata,
    sa.Column("source", Text, primary_key=True),
    sa.Column("statement", Text, primary_key=True),
    sa.Column("mark", Text),  # the highest key seen, as JSON so that 9 and "9" stay apart
    sa.Column("complete", sa.Boolean, nullable=False),  # the back-fill of this statement is done
    instant("reconciled_at"),
)

rejected = sa.Table(
    "rejected",
    metadata,
    sa.Column("source", Text, primary_key=True),
    sa.Column("fact", Text, primary_key=True),
    sa.Column("row_id", Text, primary_key=True),
    sa.Column("reason", Text, primary_key=True),
    sa.Column("detail", Text),
    sa.Column("times", sa.Integer, nullable=False),
    instant("seen_at", nullable=False),
)

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("value", Text, nullable=False),
)

# --- derived from facts; `deskpulse rebuild` drops and recomputes these ----------------------

dirty_slots = sa.Table(
    "dirty_slots",
    metadata,
    sa.Column("fact", Text, primary_key=True),  # fact table and date column: contacts.closed_at
    sa.Column("slot", sa.Integer, primary_key=True),  # quarter hours since 1970 UTC
)

# One row per KPI and six hours (UTC): its values in four columns of equal length, in slot order.
kpi_blocks = sa.Table(
    "kpi_blocks",
    metadata,
    sa.Column("kpi", Text, primary_key=True),
    sa.Column("block", sa.Integer, primary_key=True),  # spans of six hours since 1970 UTC
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("slots", sa.LargeBinary, nullable=False),  # uint8: quarter hour of the block
    sa.Column("sets", sa.LargeBinary, nullable=False),  # label_sets.id, uint16 or uint32
    sa.Column("codes", sa.LargeBinary, nullable=False),  # uint16: histogram bucket; durations only
    sa.Column("data", sa.LargeBinary, nullable=False),  # the value; empty where all are 1
)

# Blocks of a week put together, with sums ready, so that a year is a few dozen rows to read. A
# bundle is there or not; where there is one it holds exactly what its blocks do.
kpi_bundles = sa.Table(
    "kpi_bundles",
    metadata,
    sa.Column("kpi", Text, primary_key=True),
    sa.Column("bundle", sa.Integer, primary_key=True),  # spans of 28 blocks since 1970 UTC
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("quarters", sa.LargeBinary, nullable=False),  # n and sum of each quarter hour
    sa.Column("by_set", sa.LargeBinary, nullable=False),  # n and sum of each label set
    sa.Column("sets", sa.LargeBinary, nullable=False),  # these three as in kpi_blocks
    sa.Column("codes", sa.LargeBinary, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

# Four bundles counted, so that a year by agent or queue is a few numbers to read. Like a bundle a
# month is there or not, and never without the bundles of its weeks.
kpi_months = sa.Table(
    "kpi_months",
    metadata,
    sa.Column("kpi", Text, primary_key=True),
    sa.Column("month", sa.Integer, primary_key=True),  # spans of 4 bundles since 1970 UTC
    sa.Column("by_set", sa.LargeBinary, nullable=False),  # as in kpi_bundles
    sa.Column("below", sa.LargeBinary, nullable=False),  # of durations: less than round numbers
    sa.Column("by_agent", sa.LargeBinary, nullable=False),  # bucket counts of durations
    sa.Column("by_work", sa.LargeBinary, nullable=False),  # and by all labels but the agent
)

# The values of a month by kind of work (all labels but the agent), so that a filter by queue reads
# its own. They come and go with their month.
kpi_parts = sa.Table(
    "kpi_parts",
    metadata,
    sa.Column("kpi", Text, primary_key=True),
    sa.Column("month", sa.Integer, primary_key=True),
    sa.Column("work", sa.Integer, primary_key=True),  # label_sets.id
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("slots", sa.LargeBinary, nullable=False),  # quarter hour of each value, uint16
    sa.Column("sets", sa.LargeBinary, nullable=False),  # these three as in kpi_blocks
    sa.Column("codes", sa.LargeBinary, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)


def _as_it_is(table: sa.Table) -> None:
    """PostgreSQL would compress these values, which saves little and is undone at each reading."""
    for column in table.c:
        if isinstance(column.type, sa.LargeBinary):
            order = f"ALTER TABLE {table.name} ALTER COLUMN {column.name} SET STORAGE EXTERNAL"
            ddl = sa.DDL(order)  # type: ignore[no-untyped-call]
            sa.event.listen(table, "after_create", ddl.execute_if(dialect="postgresql"))


for _blobs in (kpi_blocks, kpi_bundles, kpi_months, kpi_parts):
    _as_it_is(_blobs)

label_sets = sa.Table(
    "label_sets",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=True),
    sa.Column("labels", Text, nullable=False, unique=True),  # JSON object, keys sorted
)

# Blocks whose values hang on rows of other blocks: recomputed now and then, not at every tick.
late_blocks = sa.Table(
    "late_blocks",
    metadata,
    sa.Column("kpi", Text, primary_key=True),
    sa.Column("block", sa.Integer, primary_key=True),
)

# With which definition a KPI's values were computed: a changed one is computed anew.
kpi_definitions = sa.Table(
    "kpi_definitions",
    metadata,
    sa.Column("kpi", Text, primary_key=True),
    sa.Column("fingerprint", Text, nullable=False),
    sa.Column("first_block", sa.Integer),  # of the facts, when the filling began
    sa.Column("last_block", sa.Integer),
    sa.Column("filled_from", sa.Integer),  # blocks before it are still to be computed; null: none
)

FACTS = {
    table.name: table
    for table in (contacts, rounds, events, ratings, orders, cases, agents, presence, shifts)
}
DERIVED = (
    dirty_slots, late_blocks, kpi_blocks, kpi_bundles, kpi_months, kpi_parts, label_sets,
    kpi_definitions,
)  # fmt: skip
