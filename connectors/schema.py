"""All tables of our own store, and the one type that keeps instants honest.

What a column means lives higher up (metrics, alerts); reading and writing them lives with the
meaning. Migrations in migrations/versions lead to exactly this schema (a test compares).
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

_Text = sa.Text
_Big = sa.BigInteger
_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows by INTEGER only


def _time(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime, nullable=nullable)


def _fact(name: str, key: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    """A fact table: one row per (source, key)."""
    return sa.Table(
        name,
        metadata,
        sa.Column("source", _Text, primary_key=True),
        sa.Column(key, _Text, primary_key=True),
        *columns,
    )


contacts = _fact(
    "contacts",
    "contact_id",
    sa.Column("channel", _Text, nullable=False),
    sa.Column("queue", _Text, nullable=False),
    sa.Column("team", _Text),
    sa.Column("customer_key", _Text),
    sa.Column("order_ref", _Text),
    sa.Column("agent_id", _Text),
    sa.Column("status", _Text, nullable=False),
    sa.Column("priority", _Text),
    sa.Column("topic", _Text),
    _time("opened_at", nullable=False),
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
    sa.Column("source", _Text, primary_key=True),
    sa.Column("contact_id", _Text, primary_key=True),
    sa.Column("round_no", sa.Integer, primary_key=True),
    _time("asked_at", nullable=False),
    _time("answered_at"),
    sa.Column("answered_by", _Text),
    sa.Column("agent_id", _Text),
    _time("person_answered_at"),  # the first person's answer after it, a bot's not counted
    sa.Column("asked_again", sa.LargeBinary),  # int64 µs: the run's messages after its first
    _time("asked_last_at"),  # the last of those; unknown where there are none
    sa.Index(None, "answered_at"),
    sa.Index(None, "asked_at"),
    sa.Index(None, "asked_last_at"),
)

# What the help desk itself wrote down: every close, not just the last, and its own durations.
events = _fact(
    "events",
    "event_id",
    sa.Column("contact_id", _Text, nullable=False),
    sa.Column("kind", _Text, nullable=False),
    _time("at", nullable=False),
    sa.Column("value_s", sa.Float),
    sa.Column("agent_id", _Text),
    sa.Index(None, "at"),
    sa.Index(None, "source", "contact_id"),
)

ratings = _fact(
    "ratings",
    "rating_id",
    sa.Column("contact_id", _Text),
    sa.Column("order_ref", _Text),
    sa.Column("product_ref", _Text),
    sa.Column("kind", _Text, nullable=False),
    sa.Column("score", sa.Float),
    sa.Column("scale", sa.Float, nullable=False),
    _time("asked_at"),
    _time("rated_at"),
    _time("answered_at"),
    sa.Column("sentiment", sa.Float),
    sa.Column("topics", _Text),
    sa.Index(None, "rated_at"),
    sa.Index(None, "asked_at"),
    sa.Index(None, "source", "contact_id"),
)

orders = _fact(
    "orders",
    "order_id",
    sa.Column("order_ref", _Text),
    sa.Column("customer_key", _Text),
    _time("placed_at", nullable=False),
    _time("paid_at"),
    _time("promised_ship_at"),
    _time("promised_at"),
    _time("shipped_at"),
    _time("delivered_at"),
    sa.Column("amount", sa.Float),
    sa.Column("discount", sa.Float),
    sa.Column("freight", sa.Float),
    sa.Column("items", sa.Integer),
    sa.Column("category", _Text),
    sa.Column("seller", _Text),
    sa.Column("region", _Text),
    sa.Column("payment", _Text),
    sa.Column("promo", _Text),
    sa.Column("status", _Text, nullable=False),
    sa.Column("product_ref", _Text),  # product, seller and category are those of the first item
    sa.Column("sellers", sa.Integer),
    sa.Column("seller_region", _Text),
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
    sa.Column("order_ref", _Text),
    sa.Column("contact_id", _Text),
    sa.Column("kind", _Text),
    sa.Column("reason", _Text),
    _time("opened_at", nullable=False),
    _time("handled_at"),
    _time("closed_at"),
    sa.Column("amount", sa.Float),
    sa.Column("status", _Text, nullable=False),
    sa.Index(None, "opened_at"),
    sa.Index(None, "closed_at"),
    sa.Index(None, "status"),
)

agents = _fact(
    "agents",
    "agent_id",
    sa.Column("name", _Text),
    sa.Column("team", _Text),
    sa.Column("active", sa.Boolean),
)

presence = _fact(
    "presence",
    "presence_id",
    sa.Column("agent_id", _Text, nullable=False),
    sa.Column("state", _Text, nullable=False),
    _time("since", nullable=False),
    _time("until"),
    sa.Index(None, "until"),
)

shifts = _fact(
    "shifts",
    "shift_id",
    sa.Column("agent_id", _Text, nullable=False),
    sa.Column("queue", _Text),
    _time("starts_at", nullable=False),
    _time("ends_at", nullable=False),
    sa.Index(None, "starts_at"),
)

# --- what the sync remembers ---------------------------------------------------------------

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("source", _Text, primary_key=True),
    sa.Column("status", _Text, nullable=False),  # ok, down, backfill
    _time("as_of"),  # the clock just before the last good read
    _time("tried_at"),
    sa.Column("error", _Text),
    sa.Column("poll_s", sa.Float, nullable=False),
    sa.Column("rows", _Big, nullable=False, default=0),  # facts read since the store was made
    sa.Column("backfill_done", _Big),
    sa.Column("backfill_total", _Big),
    sa.Column("presence_known", sa.Boolean),
    sa.Column("waits_known", sa.Boolean),
    sa.Column("agents_known", sa.Boolean),
)

marks = sa.Table(
    "marks",
    metadata,
    sa.Column("source", _Text, primary_key=True),
    sa.Column("statement", _Text, primary_key=True),
    sa.Column("mark", _Text),  # the highest key seen, as JSON so that 9 and "9" stay apart
    sa.Column("complete", sa.Boolean, nullable=False),  # the back-fill of this statement is done
    _time("reconciled_at"),
)

rejected = sa.Table(
    "rejected",
    metadata,
    sa.Column("source", _Text, primary_key=True),
    sa.Column("fact", _Text, primary_key=True),
    sa.Column("row_id", _Text, primary_key=True),
    sa.Column("reason", _Text, primary_key=True),
    sa.Column("detail", _Text),
    sa.Column("times", sa.Integer, nullable=False),
    _time("seen_at", nullable=False),
)

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", _Text, primary_key=True),
    sa.Column("value", _Text, nullable=False),
)

# --- derived from facts; `deskpulse rebuild` drops and recomputes these ----------------------

dirty_slots = sa.Table(
    "dirty_slots",
    metadata,
    sa.Column("fact", _Text, primary_key=True),  # fact table and date column: contacts.closed_at
    sa.Column("slot", sa.Integer, primary_key=True),  # quarter hours since 1970 UTC
)

# One row per KPI and six hours (UTC): its values in four columns of equal length, in slot order.
kpi_blocks = sa.Table(
    "kpi_blocks",
    metadata,
    sa.Column("kpi", _Text, primary_key=True),
    sa.Column("block", sa.Integer, primary_key=True),  # spans of six hours since 1970 UTC
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("slots", sa.LargeBinary, nullable=False),  # uint8: quarter hour of the block
    sa.Column("sets", sa.LargeBinary, nullable=False),  # label_sets.id, uint16 or uint32
    sa.Column("codes", sa.LargeBinary, nullable=False),  # uint16: histogram bucket; durations only
    sa.Column("data", sa.LargeBinary, nullable=False),  # the value; empty where all are 1
)

label_sets = sa.Table(
    "label_sets",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("labels", _Text, nullable=False, unique=True),  # JSON object, keys sorted
)

# Blocks whose values hang on rows of other blocks: recomputed now and then, not at every tick.
late_blocks = sa.Table(
    "late_blocks",
    metadata,
    sa.Column("kpi", _Text, primary_key=True),
    sa.Column("block", sa.Integer, primary_key=True),
)

# With which definition a KPI's values were computed: a changed one is computed anew.
kpi_definitions = sa.Table(
    "kpi_definitions",
    metadata,
    sa.Column("kpi", _Text, primary_key=True),
    sa.Column("fingerprint", _Text, nullable=False),
    sa.Column("first_block", sa.Integer),  # of the facts, when the filling began
    sa.Column("last_block", sa.Integer),
    sa.Column("filled_from", sa.Integer),  # blocks before it are still to be computed; null: none
)

# --- alerts ------------------------------------------------------------------------------------

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("fingerprint", _Text, primary_key=True),
    sa.Column("rule", _Text, nullable=False),
    sa.Column("metric", _Text, nullable=False),
    sa.Column("labels", _Text, nullable=False),
    sa.Column("severity", _Text, nullable=False),
    sa.Column("status", _Text, nullable=False),
    _time("pending_since", nullable=False),
    _time("fired_at"),
    _time("last_breach_at", nullable=False),
    _time("clear_since"),
    _time("no_data_since"),
    _time("resolved_at"),
    sa.Column("episode", sa.Integer, nullable=False, default=0),
    sa.Column("value", sa.Float),
    sa.Column("peak", sa.Float),
    sa.Column("op", _Text, nullable=False),  # of the threshold: >, >=, <, <=
    sa.Column("threshold", sa.Float, nullable=False),
    _time("updated_at", nullable=False),
)

transitions = sa.Table(
    "transitions",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("fingerprint", _Text, nullable=False),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("rule", _Text, nullable=False),
    sa.Column("labels", _Text, nullable=False),
    sa.Column("severity", _Text, nullable=False),
    sa.Column("old", _Text),
    sa.Column("new", _Text, nullable=False),
    sa.Column("cause", _Text, nullable=False),  # breach, clear, gone, withdrawn
    _time("at", nullable=False),
    _time("since"),  # when the breach of this episode began
    sa.Column("value", sa.Float),
    sa.Column("threshold", sa.Float),
    sa.Index(None, "at"),
    sa.Index(None, "fingerprint", "at"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("key", _Text, nullable=False, unique=True),
    sa.Column("receiver", _Text, nullable=False),
    sa.Column("fingerprint", _Text, nullable=False),
    sa.Column("episode", sa.Integer, nullable=False),
    sa.Column("reason", _Text, nullable=False),
    sa.Column("payload", _Text, nullable=False),
    _time("created_at", nullable=False),
    _time("next_at", nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    _time("leased_until"),
    sa.Column("leased_by", _Text),
    _time("sent_at"),
    sa.Column("state", _Text, nullable=False),  # pending, sent, dead
    sa.Column("error", _Text),
    sa.Column("http_status", sa.Integer),
    sa.Index(None, "state", "next_at"),
    sa.Index(None, "receiver", "fingerprint"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("outbox_id", _Big, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    _time("at", nullable=False),
    sa.Column("outcome", _Text, nullable=False),
    sa.Column("error", _Text),
    sa.Index(None, "outbox_id"),
)

# Which spans a digest has told: one row per digest and span, so that none is told twice.
digests = sa.Table(
    "digests",
    metadata,
    sa.Column("name", _Text, nullable=False),
    _time("until", nullable=False),
    _time("since", nullable=False),
    _time("due_at", nullable=False),
    _time("made_at", nullable=False),
    sa.Column("state", _Text, nullable=False),  # begun (nothing sent: just configured), queued
    sa.Column("messages", sa.Integer, nullable=False),  # in the outbox
    sa.PrimaryKeyConstraint("name", "until"),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("worker_id", _Text, primary_key=True),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("host", _Text, nullable=False),
    _time("started_at", nullable=False),
    _time("beat_at", nullable=False),
    sa.Column("leader", sa.Boolean, nullable=False),
    sa.Column("ticks", _Big, nullable=False, default=0),
    sa.Column("skipped", _Big, nullable=False, default=0),
    sa.Column("tick_ms", sa.Float),
    sa.Column("error", _Text),
)

FACTS = {
    table.name: table
    for table in (contacts, rounds, events, ratings, orders, cases, agents, presence, shifts)
}
DERIVED = (dirty_slots, late_blocks, kpi_blocks, label_sets, kpi_definitions)
