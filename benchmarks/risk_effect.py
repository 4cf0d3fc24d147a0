"""Does the measured effect of acting tell the truth? Simulated shops where it is known.

Each shop is scored, listed, held out and measured by the code that runs in earnest; only time, the
people who act and what that does to their customers are simulated.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from benchmarks.figures import head, say
from connectors import schema
from connectors.columns import from_micros
from connectors.risk_tables import changed_orders, worklist
from connectors.simulator.acting import Acting, complaints_after
from connectors.simulator.instants import LocalDays
from connectors.simulator.records import Order
from connectors.simulator.settings import SimulatorSettings
from connectors.simulator.shop import shop_day
from connectors.store import Store, open_store
from forecasting.risk import listing
from forecasting.risk.effect import Effect
from forecasting.risk.jobs import RiskPlan, fitted
from forecasting.risk.listing import Change
from forecasting.risk.model import RiskModel
from forecasting.risk.outcomes import measured_effect
from forecasting.risk.reading import read_facts
from forecasting.risk.rescoring import Rescoring
from forecasting.risk.settings import RiskSettings
from forecasting.risk.store import save_model
from forecasting.risk.worklist import Status

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = datetime(2026, 3, 1, tzinfo=ZONE)
DAYS, SEEDS = 34, 100
LOOKS = (20, 24, 28, 32)  # days on which somebody scores and acts
OUTCOME = timedelta(days=14)
PREVENTS, TOUCHED = 0.6, 0.8  # of complaints by acting; of listed orders by people
PLAN = RiskPlan(
    RiskSettings(
        line=0.08, capacity=60, holdout=0.3, quiet=timedelta(days=10), outcome_after=OUTCOME
    ),
    ZONE,
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One shop: what was measured, and how many of its listed orders complain if nobody acts."""

    effect: Effect
    listed: int
    untreated: int


def run() -> None:
    """Share of the 90 % intervals that hold the true effect."""
    head(f"Effect of acting on {SEEDS} simulated shops: prevents {PREVENTS:.0%} of the complaints "
         f"of the {TOUCHED:.0%} that people touch")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        model = model_of(Path(folder) / "model.db", seed=1000)
        trials = [trial(Path(folder) / f"{seed}.db", seed, model) for seed in range(SEEDS)]
    truth = true_effect(trials)
    say("listed orders per shop", f"{np.mean([one.listed for one in trials]):.0f}")
    say("true effect, complaints of 100 listed", f"{100 * truth:.1f}")
    measured = [one.effect.difference for one in trials if one.effect.difference is not None]
    say("measured, mean", f"{100 * np.mean(measured):.1f}")
    say("90 % intervals that hold the truth", f"{covered(trials, truth)} of {SEEDS}", "about 90")


def true_effect(trials: Iterable[Trial]) -> float:
    """By intention to treat: of all listed orders those that would complain, would be touched, and
    would then not complain."""
    found = list(trials)
    rate = sum(one.untreated for one in found) / sum(one.listed for one in found)
    return rate * TOUCHED * PREVENTS


def covered(trials: Iterable[Trial], truth: float) -> int:
    """How many intervals hold the truth."""
    return sum(
        one.effect.low is not None and one.effect.high is not None
        and one.effect.low <= truth <= one.effect.high
        for one in trials
    )  # fmt: skip


def model_of(path: Path, *, seed: int) -> RiskModel:
    """The model of such a shop, fitted on two months of another one."""
    store = _shop(path, list(_orders(seed, days=60)))
    with store.read() as connection:
        facts = read_facts(connection)
    store.close()
    return fitted(facts, PLAN, FIRST + timedelta(days=70))


def trial(path: Path, seed: int, model: RiskModel) -> Trial:
    """Run one shop to its end."""
    orders = {one.ref: one for one in _orders(seed, days=DAYS)}
    store = _shop(path, list(orders.values()))
    with store.begin() as connection:
        save_model(connection, model, now=FIRST)
    people, acting = np.random.default_rng((seed, 7)), Acting(seed, PREVENTS)
    scoring = Rescoring(PLAN)
    for day in LOOKS:
        now = FIRST + timedelta(days=day)
        with store.begin() as connection:  # so that the job looks at all again
            connection.execute(
                changed_orders.insert(), [{"order_ref": r, "times": 1} for r in orders]
            )
        scoring.run(store, now=now)
        _act(store, orders, acting, people, now)
    end = FIRST + timedelta(days=LOOKS[-1]) + OUTCOME + timedelta(days=1)
    with store.read() as connection:
        effect = measured_effect(connection, model.complaint, after=OUTCOME, now=end)
        listed = connection.execute(sa.select(worklist.c.order_ref, worklist.c.listed_at)).all()
    store.close()
    path.unlink()
    untreated = sum(_complains(orders[ref], at) for ref, at in listed)
    return Trial(effect, len(listed), untreated)


def _act(
    store: Store, orders: dict[str, Order], acting: Acting, people: np.random.Generator,
    now: datetime,
) -> None:  # fmt: skip
    """People touch most of what was listed today; where that works, no complaint comes."""
    with store.begin() as connection:
        for one in listing.items(connection):
            if one.listed_at != now or people.random() >= TOUCHED:
                continue
            listing.change(connection, one.source, one.order_ref, Change(Status.CONTACTED),
                           author="simulated", now=now)  # fmt: skip
            if acting.works(one.order_ref):
                _forget(connection, orders[one.order_ref], now)


def _forget(connection: sa.Connection, order: Order, now: datetime) -> None:
    """The complaints that would have come don't."""
    at = _millis(now)
    for one in complaints_after(order, PLAN.settings.case_kinds, at):
        if one is order.review:
            mine = schema.ratings.c.rating_id == order.ref
            connection.execute(schema.ratings.update().where(mine).values(score=5))
        else:
            number = next(n for n, case in enumerate(order.cases) if case is one)
            gone = schema.cases.c.case_id == f"{order.ref}-{number}"
            connection.execute(schema.cases.delete().where(gone))


def _complains(order: Order, listed_at: datetime) -> bool:
    start, end = _millis(listed_at), _millis(listed_at + OUTCOME)
    kinds = PLAN.settings.case_kinds
    later = {id(one) for one in complaints_after(order, kinds, end)}
    return any(id(one) not in later for one in complaints_after(order, kinds, start))


def _orders(seed: int, *, days: int) -> Iterator[Order]:
    settings = SimulatorSettings(seed=seed, contacts_per_day=200, orders_per_day=120)
    calendar = LocalDays(ZONE)
    first = FIRST.date().toordinal()
    for day in range(first, first + days):
        yield from shop_day(settings, calendar, day).orders


def _shop(path: Path, orders: list[Order]) -> Store:
    """A store that holds the whole life of these orders; who asks as of an instant sees no more."""
    store = open_store(f"sqlite:///{path}", migrate=True)
    with store.begin() as connection:
        connection.execute(schema.orders.insert(), [_order(one) for one in orders])
        cases = [_case(one, n) for one in orders for n in range(len(one.cases))]
        connection.execute(schema.cases.insert(), cases)
        connection.execute(schema.ratings.insert(), [_rating(o) for o in orders if o.review])
    return store


def _order(one: Order) -> dict[str, object]:
    names = ("category", "seller", "region", "payment", "promo", "amount", "discount", "freight",
             "items")  # fmt: skip
    times = (
        "placed_at",
        "paid_at",
        "promised_ship_at",
        "promised_at",
        "shipped_at",
        "delivered_at",
    )
    status = "cancelled" if one.cancelled_at is not None else "received"
    return {
        "source": "shop", "order_id": one.ref, "order_ref": one.ref, "status": status,
        "customer_key": str(one.customer), **{name: getattr(one, name) for name in names},
        **{name: _instant(getattr(one, name)) for name in times},
    }  # fmt: skip


def _case(order: Order, number: int) -> dict[str, object]:
    one = order.cases[number]
    return {"source": "shop", "case_id": f"{order.ref}-{number}", "order_ref": order.ref,
            "kind": one.kind, "reason": one.reason, "opened_at": _instant(one.opened_at),
            "status": "done"}  # fmt: skip


def _rating(order: Order) -> dict[str, object]:
    one = order.review
    assert one is not None
    return {"source": "shop", "rating_id": order.ref, "order_ref": order.ref, "kind": "review",
            "score": one.score, "scale": 5.0, "rated_at": _instant(one.rated_at)}  # fmt: skip


def _instant(millis: int | None) -> datetime | None:
    return None if millis is None else from_micros(millis * 1000)


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


if __name__ == "__main__":
    run()
