"""Random facts, written the way the sync writes them: with what they make dirty."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connectors import schema, write
from connectors.rounds import Round
from connectors.schema import to_micros
from connectors.store import Store

START = datetime(2026, 3, 28, 20, tzinfo=UTC)  # over the night when Europe's clocks change
SPAN_S = 3 * 86400


class Chance:
    """Puts random facts into a store and changes them again."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.random = random.Random(seed)

    def some(self, count: int) -> None:
        """`count` inserts, changes or deletions, each its own transaction like a poll."""
        acts = (self.contact, self.rating, self.order, self.case, self.rounds, self.delete)
        for _ in range(count):
            with self.store.begin() as connection:
                self.random.choice(acts)(connection)

    def at(self, after: int | None = None) -> int:
        low = 0 if after is None else after - to_micros(START)
        return to_micros(START) + self.random.randint(low, SPAN_S * 1_000_000)

    def maybe(self, value: Any) -> Any:
        return value if self.random.random() < 0.6 else None

    def _put(self, connection: sa.Connection, fact: str, **values: Any) -> None:
        row = ("src", *(values.get(c.name) for c in list(schema.FACTS[fact].columns)[1:]))
        _, dirty = write.apply(connection, fact, [row])
        write.save_dirty(connection, dirty)

    def contact(self, connection: sa.Connection) -> None:
        opened = self.at()
        queued = self.maybe(self.at(opened))
        self._put(
            connection, "contacts", contact_id=str(self.random.randint(1, 30)), channel="chat",
            queue=self.random.choice("AB"), opened_at=opened, queued_at=queued,
            first_reply_at=self.maybe(self.at(opened)), closed_at=self.maybe(self.at(opened)),
            abandoned_at=self.maybe(self.at(opened)), waiting_since=None,
            status=self.random.choice(["open", "bot", "closed", "abandoned"]),
            bot_only=self.random.random() < 0.2, outbound_only=self.random.random() < 0.2,
        )  # fmt: skip

    def rating(self, connection: sa.Connection) -> None:
        score = self.maybe(float(self.random.randint(0, 5)))
        self._put(
            connection, "ratings", rating_id=str(self.random.randint(1, 20)),
            contact_id=self.maybe(str(self.random.randint(1, 30))),
            kind=self.random.choice(["csat", "review"]), score=score, scale=5.0,
            asked_at=self.maybe(self.at()), rated_at=None if score is None else self.at(),
        )  # fmt: skip

    def order(self, connection: sa.Connection) -> None:
        self._put(
            connection, "orders", order_id=str(self.random.randint(1, 20)), placed_at=self.at(),
            paid_at=self.maybe(self.at()), shipped_at=self.maybe(self.at()),
            promised_ship_at=self.maybe(self.at()), amount=self.maybe(12.5), status="paid",
        )  # fmt: skip

    def case(self, connection: sa.Connection) -> None:
        self._put(
            connection, "cases", case_id=str(self.random.randint(1, 20)), opened_at=self.at(),
            closed_at=self.maybe(self.at()), amount=self.maybe(3.25), kind="return",
            reason=self.maybe("质量问题"), status=self.random.choice(["done", "pending"]),
        )  # fmt: skip

    def rounds(self, connection: sa.Connection) -> None:
        asked = self.at()
        answered = self.at(asked)
        by = self.random.choice(["human", "bot"])
        made = [Round(asked, answered, by, "a", answered if by == "human" else None)]
        dirty = write.replace_rounds(
            connection, "src", {str(self.random.randint(1, 30)): self.maybe(made) or []}
        )
        write.save_dirty(connection, dirty)

    def delete(self, connection: sa.Connection) -> None:
        fact = self.random.choice(["contacts", "ratings", "orders", "cases"])
        ids = [str(self.random.randint(1, 30))]
        write.save_dirty(connection, write.remove(connection, fact, "src", ids))

    def read_now(self) -> None:
        """As after a poll: the source was read at the end of the span."""
        with self.store.begin() as connection:
            connection.execute(schema.sources.delete())
            connection.execute(
                schema.sources.insert().values(
                    source="src", status="ok", poll_s=2, rows=0,
                    as_of=START + timedelta(seconds=SPAN_S),
                )
            )  # fmt: skip


def moments(chance: random.Random, count: int) -> Sequence[datetime]:
    """Random borders on quarter hours within the span, ascending."""
    steps = sorted(chance.sample(range(SPAN_S // 900), count))
    return [START + timedelta(seconds=900 * step) for step in steps]
