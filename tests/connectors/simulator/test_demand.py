"""When customers write: the calendar of a Chinese shop, seeds, bursts and incidents."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from connectors.simulator.demand import BINS, arrivals, expected, order_instants
from connectors.simulator.instants import HOUR
from connectors.simulator.promos import bursts, incidents, promo
from connectors.simulator.settings import QUEUES, SimulatorSettings

SETTINGS = SimulatorSettings(contacts_per_day=3000)
PRESALE, AFTERSALES, JD, LIVE, WECHAT, OVERSEAS = range(6)


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def count(number: int, when: int, seed: int = 1) -> int:
    settings = SimulatorSettings(seed=seed, contacts_per_day=3000)
    return len(arrivals(settings, QUEUES[number], number=number, day=when, midnight=0))


def test_the_same_seed_and_day_bring_the_same_customers():
    first = arrivals(SETTINGS, QUEUES[0], number=0, day=day("2026-05-05"), midnight=0)
    again = arrivals(SETTINGS, QUEUES[0], number=0, day=day("2026-05-05"), midnight=0)
    other = arrivals(
        SimulatorSettings(seed=2), QUEUES[0], number=0, day=day("2026-05-05"), midnight=0
    )

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_arrivals_are_sorted_and_within_their_day():
    found = arrivals(SETTINGS, QUEUES[LIVE], number=LIVE, day=day("2026-05-07"), midnight=1000)

    assert (np.diff(found) >= 0).all()
    assert found[0] >= 1000
    assert found[-1] < 1000 + 24 * HOUR


def test_an_ordinary_day_brings_about_the_contacts_asked_for():
    ordinary = [day("2026-04-13") + n for n in range(14)]
    expected_total = np.mean(
        [sum(expected(SETTINGS, q, d).sum() for q in QUEUES) for d in ordinary]
    )

    assert expected_total == pytest.approx(3000, rel=0.06)


def test_double_eleven_brings_several_times_the_contacts_and_orders_of_an_ordinary_wednesday():
    ordinary, big = day("2026-09-23"), day("2026-11-11")

    assert count(PRESALE, big) > 2.5 * count(PRESALE, ordinary)
    orders = [len(order_instants(SETTINGS, day=d, midnight=0)) for d in (ordinary, big)]
    assert orders[1] > 4 * orders[0]


@pytest.mark.parametrize(
    ("when", "tag"),
    [
        ("2025-06-18", "618"),
        ("2026-10-21", "double11"),
        ("2026-11-01", "double11"),
        ("2026-12-12", "double12"),
        ("2026-04-18", "member_day"),
        ("2026-02-17", "spring_festival"),
        ("2026-10-03", "national_day"),
        ("2026-04-15", None),
    ],
)
def test_the_calendar_knows_its_days(when: str, tag: str | None):
    assert promo(day(when)).tag == tag


def test_presale_peaks_in_the_evening_and_sleeps_at_night():
    rates = expected(SETTINGS, QUEUES[PRESALE], day("2026-04-15")).reshape(24, BINS // 24).sum(1)

    assert rates.argmax() in (20, 21)
    assert rates[3] < rates[21] / 10


def test_aftersales_peak_on_monday_and_presale_at_the_weekend():
    monday, saturday = day("2026-04-13"), day("2026-04-11")

    def total(number: int, when: int) -> float:
        return float(expected(SETTINGS, QUEUES[number], when).sum())

    assert total(AFTERSALES, monday) > 1.2 * total(AFTERSALES, saturday)
    assert total(PRESALE, saturday) > 1.05 * total(PRESALE, monday)


def test_overseas_customers_write_while_the_shop_sleeps():
    rates = expected(SETTINGS, QUEUES[OVERSEAS], day("2026-04-15")).reshape(24, BINS // 24).sum(1)

    assert rates[2] > rates[11]


def test_every_fortnight_has_its_incident_and_it_is_felt():
    days = range(day("2026-03-01"), day("2026-06-01"))
    logistics = [d for d in days if any(i.kind == "logistics" for i in incidents(1, d))]
    quiet = [d for d in days if not incidents(1, d)]

    assert logistics
    assert len(quiet) > len(days) / 2
    assert np.mean([count(AFTERSALES, d) for d in logistics]) > 1.3 * np.mean(
        [count(AFTERSALES, d) for d in quiet]
    )


def test_live_streams_drop_products_in_the_evening():
    thursday = day("2026-04-16")
    drops = [b for b in bursts(1, thursday) if b.queue == "抖音"]

    assert [19.5 < b.hour < 22 for b in drops] == [True, True, True]
    assert not [b for b in bursts(1, day("2026-04-15")) if b.queue == "抖音"]
