"""Random facts, written the way the sync writes them: with what they make dirty.

Times crowd where definitions turn: on quarter hours, on thresholds, a microsecond beside them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connectors import schema, write
from connectors.columns import to_micros
from connectors.dirty import save_dirty
from connectors.rounds import Round
from connectors.store import Store
from metrics.kpi import Registry
from metrics.refresh import refresh_dirty

SPRING = datetime(2026, 3, 28, 20, tzinfo=UTC)  # over the night when Europe's clocks change
AUTUMN = datetime(2026, 10, 24, 20, tzinfo=UTC)  # and the night when they change back
SPAN_S = 3 * 86400
SOURCES = ("src", "shop")
DAY_S = 86400
# Waits at which a definition turns, in seconds.
EDGES = (
    *(0, 0.000001, 4.999999, 5, 29.999999, 30, 30.000001, 100, 100.000001, 180, 180.000001, 300),
    *(300.000001, 1200, 1200.000001, 7200, 7200.000001, 14_400, 50_000, 86_400, 172_800),
)
FACTS = ("contacts", "events", "ratings", "orders", "cases", "presence", "agents")


def put(connection: sa.Connection, fact: str, **values: Any) -> None:
    """A fact row as a sync writes it: with what it makes dirty."""
    empty: dict[str, Any] = dict.fromkeys(column.name for column in schema.FACTS[fact].columns)
    row = empty | {"source": "src"} | values
    _, dirty = write.apply(connection, fact, [tuple(row.values())])
    save_dirty(connection, dirty)


class Chance:
    """Puts random facts into a store and changes them again."""

    def __init__(self, store: Store, seed: int, start: datetime = SPRING) -> None:
        self.store = store
        self.random = random.Random(seed)
        self.start = start
        self.end = start + timedelta(seconds=SPAN_S)

    def some(self, count: int, registry: Registry | None = None, *, at_once: int = 10) -> None:
        """`count` inserts, changes or deletions, `at_once` of them in a transaction like a poll.

        With a registry what they made dirty is computed after each.
        """
        acts = (self.contact, self.contact, self.contact, self.rounds, self.rounds, self.event,
                self.rating, self.rating, self.order, self.case, self.presence, self.agent,
                self.touch, self.touch, self.delete)  # fmt: skip
        for done in range(0, count, at_once):
            with self.store.begin() as connection:
                for _ in range(min(at_once, count - done)):
                    self.random.choice(acts)(connection)
            if registry is not None:
                refresh_dirty(self.store, registry)

    def at(self) -> int:
        """A moment within the span; many lie on a quarter hour."""
        second = self.random.uniform(0, SPAN_S)
        if self.random.random() < 0.25:
            second = round(second / 900) * 900
        return to_micros(self.start) + round(second * 1e6)

    def about(self, days: float) -> int:
        """Mostly within the span, at times up to so many days beside it."""
        aside = self.random.uniform(-days, days) * DAY_S if self.random.random() < 0.2 else 0
        return self.at() + round(aside * 1e6)

    def after(self, moment: int) -> int:
        """Not before a moment: often as late as some definition allows, else up to 40 hours."""
        if self.random.random() < 0.6:
            return moment + round(self.random.choice(EDGES) * 1e6)
        return moment + round(self.random.uniform(0, 40 * 3600) * 1e6)

    def maybe(self, value: Any, share: float = 0.6) -> Any:
        return value if self.random.random() < share else None

    def one_of(self, *names: str) -> str:
        return self.random.choice(names)

    def number(self, most: int) -> str:
        return str(self.random.randint(1, most))

    def _put(self, connection: sa.Connection, fact: str, **values: Any) -> None:
        put(connection, fact, source=self.random.choice(SOURCES), **values)

    def contact(self, connection: sa.Connection) -> None:
        opened = self.about(9)
        queued = self.maybe(self.after(opened))
        status = self.one_of("open", "bot", "closed", "closed", "closed", "snoozed")
        # A bot alone: closed, without a hand-over and without an answer of a person.
        alone = status == "closed" and self.random.random() < 0.2
        self._put(
            connection, "contacts", contact_id=self.number(60),
            channel=self.one_of("chat", "mail"), queue=self.one_of("A", "B", "C"),
            team=self.maybe(self.one_of("red", "blue")), agent_id=self.maybe(self.one_of(*"xyz")),
            customer_key=self.maybe(self.one_of(*"KLMN"), 0.8), status=status,
            opened_at=opened, queued_at=None if alone else queued,
            assigned_at=self.maybe(self.after(opened)),
            first_reply_at=None if alone else self.maybe(self.after(
                queued if queued and self.random.random() < 0.7 else opened)),
            closed_at=self.maybe(self.after(self.after(opened)), 0.8),
            abandoned_at=self.maybe(self.after(queued or opened)),
            reopen_count=self.random.choice([None, 0, 0, 1, 3]),
            transfer_count=self.random.choice([None, 0, 0, 1, 2]),
            bot_only=alone or self.maybe(False), outbound_only=self.random.random() < 0.15,
        )  # fmt: skip

    def touch(self, connection: sa.Connection) -> None:
        """A contact of which one thing changes and nothing else."""
        table = schema.contacts
        raw = [sa.type_coerce(column, sa.types.NullType()) for column in table.columns]
        known = connection.execute(sa.select(*raw)).cursor.fetchall()
        if not known:
            return
        row = dict(zip(table.columns.keys(), self.random.choice(known), strict=True))
        opened = row["opened_at"]
        changes: list[tuple[str, Any]] = [
            ("queue", self.one_of("A", "B", "C")), ("channel", self.one_of("chat", "mail")),
            ("team", self.one_of("red", "blue")), ("agent_id", self.maybe(self.one_of(*"xyz"))),
            ("customer_key", self.maybe(self.one_of(*"KLMN"))), ("reopen_count", 1),
            ("transfer_count", 1), ("closed_at", self.maybe(self.after(opened))),
            ("assigned_at", self.maybe(self.after(opened))),
            ("abandoned_at", self.maybe(self.after(opened))),
            ("outbound_only", not row["outbound_only"]),
        ]  # fmt: skip
        if not row["bot_only"]:
            changes += [("status", self.one_of("open", "closed")),
                        ("queued_at", self.maybe(self.after(opened))),
                        ("first_reply_at", self.maybe(self.after(opened)))] * 2  # fmt: skip
        name, value = self.random.choice(changes)
        put(connection, "contacts", **row | {name: value})

    def rounds(self, connection: sa.Connection) -> None:
        made, moment = [], self.at()
        for _ in range(self.random.randint(0, 3)):
            answered = self.after(moment)
            by = self.one_of("human", "human", "bot", "assisted")
            again = sorted({self.random.randint(moment, answered) for _ in range(2)} - {moment})
            person = answered if by == "human" else self.maybe(self.after(answered))
            made.append(Round(moment, answered, by, self.maybe(self.one_of(*"xyz")), person,
                              tuple(again if self.random.random() < 0.4 else ())))  # fmt: skip
            moment = self.after(answered) + 1
        if self.random.random() < 0.5:  # nobody has answered the last one yet
            again = [moment + 7_000_000] if self.random.random() < 0.5 else []
            made.append(Round(moment, asked_again=tuple(again)))
        source, contact = self.random.choice(SOURCES), self.number(60)
        save_dirty(connection, write.replace_rounds(connection, source, {contact: made}))

    def event(self, connection: sa.Connection) -> None:
        self._put(
            connection, "events", event_id=self.number(60), contact_id=self.number(65),
            kind=self.one_of("closed", "closed", "first_response", "reply", "handed_over"),
            at=self.at(), value_s=self.maybe(float(self.random.randint(0, 9000)), 0.8),
            agent_id=self.maybe(self.one_of(*"xyz")),
        )  # fmt: skip

    def rating(self, connection: sa.Connection) -> None:
        kind = self.one_of("csat", "nps", "review")
        scale = 10.0 if kind == "nps" else self.random.choice([5.0, 5.0, 100.0])
        score = self.maybe(round(self.random.randint(0, 10) * scale / 10), 0.8)
        rated = self.at()
        self._put(
            connection, "ratings", rating_id=self.number(60), contact_id=self.maybe(
                self.number(65)), order_ref=self.maybe(self.number(20)), kind=kind, scale=scale,
            score=None if score is None else float(score), asked_at=self.maybe(self.at()),
            rated_at=None if score is None else self.maybe(rated, 0.9),
            answered_at=self.maybe(self.after(rated)),
        )  # fmt: skip

    def order(self, connection: sa.Connection) -> None:
        placed = self.about(100)
        paid = self.maybe(self.random.choice([self.at(), self.after(placed)]), 0.8)
        shipped = self.maybe(self.random.choice([self.at(), self.after(paid or placed)]))
        self._put(
            connection, "orders", order_id=self.number(50), order_ref=self.maybe(self.number(99)),
            customer_key=self.maybe(self.one_of(*"KLMN"), 0.8), placed_at=placed, paid_at=paid,
            promised_ship_at=self.maybe(shipped or self.at(), 0.3), shipped_at=shipped,
            promised_at=self.maybe(self.at()), delivered_at=self.maybe(self.after(placed)),
            amount=self.maybe(self.random.randint(0, 9900) / 100, 0.9),
            category=self.maybe(self.one_of("tea", "cups")), seller=self.maybe(self.one_of(*"pq")),
            status=self.one_of("unpaid", "paid", "paid", "shipped", "done"),
        )  # fmt: skip

    def case(self, connection: sa.Connection) -> None:
        opened = self.at()
        self._put(
            connection, "cases", case_id=self.number(40), contact_id=self.maybe(self.number(60)),
            opened_at=opened, handled_at=self.maybe(self.after(opened)),
            closed_at=self.maybe(self.after(opened)), amount=self.maybe(3.25),
            kind=self.maybe(self.one_of("complaint", "refund", "return")),
            reason=self.maybe(self.one_of("质量问题", "late")),
            status=self.one_of("pending", "returning", "done", "refused"),
        )  # fmt: skip

    def presence(self, connection: sa.Connection) -> None:
        since = self.at()
        self._put(
            connection, "presence", presence_id=self.number(30), agent_id=self.one_of(*"xyz"),
            state=self.one_of("online", "available", "busy", "away", "offline"), since=since,
            until=self.maybe(self.after(since), 0.8),
        )  # fmt: skip

    def agent(self, connection: sa.Connection) -> None:
        self._put(
            connection, "agents", agent_id=self.one_of(*"xyz"), name="X", active=True,
            team=self.maybe(self.one_of("red", "blue")),
        )  # fmt: skip

    def delete(self, connection: sa.Connection) -> None:
        fact = self.random.choice(FACTS)
        ids = [self.one_of(*"xyz")] if fact == "agents" else [self.number(60)]
        source = self.random.choice(SOURCES)
        save_dirty(connection, write.remove(connection, fact, source, ids))

    def read_now(self, as_of: datetime | None = None) -> datetime:
        """As after a poll: the sources were read at the end of the span, or when is said."""
        moment = as_of or self.end
        rows = [{"source": one, "status": "ok", "poll_s": 2.0, "rows": 0, "as_of": moment}
                for one in SOURCES]  # fmt: skip
        with self.store.begin() as connection:
            connection.execute(schema.sources.delete())
            connection.execute(schema.sources.insert(), rows)
        return moment

    def borders(self, count: int) -> Sequence[datetime]:
        """Random borders on quarter hours within the span, ascending."""
        steps = sorted(self.random.sample(range(1, SPAN_S // 900), count))
        return [self.start + timedelta(seconds=900 * step) for step in steps]
