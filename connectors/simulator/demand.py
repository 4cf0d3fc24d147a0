"""When customers write and order: rates by five minutes, and arrivals drawn from them.

Pure: the shop's calendar and a seed go in, instants come out. Who the customers are and what
becomes of them lives elsewhere.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from connectors.simulator.instants import MINUTE
from connectors.simulator.promos import bursts, incidents, promo
from connectors.simulator.settings import Queue, SimulatorSettings

Rates = npt.NDArray[np.float64]
Instants = npt.NDArray[np.int64]

BINS = 288
BIN = 5 * MINUTE
_PER_HOUR = 12
# Weight of each hour of the day, from midnight; only the proportions matter.
RHYTHMS = {
    "presale": (1.6, .9, .5, .3, .25, .3, .6, 1.4, 2.9, 4.6, 5.6, 5.5,
                4.6, 4.6, 5.2, 5.3, 5.2, 4.8, 4.5, 5.6, 7.0, 7.6, 6.4, 3.6),
    "aftersales": (.9, .5, .3, .2, .2, .3, .8, 2.0, 4.6, 7.2, 7.8, 7.0,
                   5.2, 5.6, 7.0, 7.1, 6.6, 5.6, 4.4, 4.6, 5.2, 5.0, 3.8, 2.0),
    "live": (2.2, 1.2, .6, .3, .25, .3, .5, 1.0, 1.8, 2.8, 3.4, 3.6,
             3.9, 3.9, 3.9, 4.0, 4.0, 4.2, 5.2, 8.5, 11.5, 11.5, 8.5, 4.8),
    "overseas": (6.0, 6.0, 5.5, 5.0, 4.5, 4.0, 3.5, 3.2, 3.0, 2.8, 2.6, 2.5,
                 2.5, 2.7, 3.0, 3.6, 4.2, 4.8, 5.0, 5.2, 5.6, 6.0, 6.2, 6.2),
}  # fmt: skip
# Monday to Sunday
_WEEKS = {
    "presale": (0.96, 0.96, 0.97, 0.98, 1.0, 1.07, 1.06),
    "aftersales": (1.14, 1.05, 1.02, 1.0, 0.99, 0.91, 0.89),
    "live": (0.9, 1.04, 0.92, 1.04, 0.95, 1.08, 1.07),
    "overseas": (1.1, 1.05, 1.02, 1.0, 1.0, 0.93, 0.9),
}
_EVENING = 20 * _PER_HOUR
# The part of after-sales contacts that does not come from an order of ours having trouble.
_UNPROMPTED = 0.72
_DAY_NOISE = 0.07


def _curve(rhythm: str) -> Rates:
    """The share of a day that falls into each five minutes."""
    weights = np.array(RHYTHMS[rhythm])
    centres = (np.arange(BINS) + 0.5) / _PER_HOUR
    curve: Rates = np.interp(centres, np.arange(24) + 0.5, weights, period=24)
    shares: Rates = curve / curve.sum()
    return shares


_CURVES = {rhythm: _curve(rhythm) for rhythm in RHYTHMS}


def weekday(day: int) -> int:
    """0 is Monday."""
    return (day - 1) % 7


def expected(
    settings: SimulatorSettings, queue: Queue, day: int, *, foreseen: float = 1.0
) -> Rates:
    """Contacts per five minutes of a day by the calendar alone; `foreseen` damps its promotions."""
    today = promo(day)
    factor = today.aftersales if queue.aftersales else today.presale
    level = settings.contacts_per_day * queue.share * _WEEKS[queue.rhythm][weekday(day)]
    rates = level * (1 + (factor - 1) * foreseen) * _CURVES[queue.rhythm]
    if today.evening != 1.0 and not queue.aftersales:
        rates[_EVENING:] *= 1 + (today.evening - 1) * foreseen
    return rates


def arrivals(
    settings: SimulatorSettings, queue: Queue, *, number: int, day: int, midnight: int
) -> Instants:
    """The instants at which customers write to a queue on their own account on a local day."""
    rng = np.random.default_rng((settings.seed, 1, number, day))
    rates = expected(settings, queue, day) * np.exp(rng.normal(0, _DAY_NOISE))
    if queue.aftersales and settings.orders:
        rates *= _UNPROMPTED
    _add_incidents(settings, queue, day, rates)
    found = [_draw(rng, rates, midnight)]
    for burst in bursts(settings.seed, day):
        if burst.queue == queue.name:
            count = rng.poisson(burst.share * settings.contacts_per_day)
            hours = burst.hour + rng.beta(1.3, 2.0, count) * burst.minutes / 60
            found.append(midnight + (hours * 60 * MINUTE).astype(np.int64))
    return np.sort(np.concatenate(found))


def order_instants(settings: SimulatorSettings, *, day: int, midnight: int) -> Instants:
    """The instants at which orders are placed on a local day."""
    rng = np.random.default_rng((settings.seed, 2, day))
    today = promo(day)
    rates = settings.orders * today.orders * _WEEKS["presale"][weekday(day)] * _CURVES["presale"]
    if today.evening != 1.0:
        rates[_EVENING:] *= today.evening
    return np.sort(_draw(rng, rates * np.exp(rng.normal(0, _DAY_NOISE)), midnight))


def _draw(rng: np.random.Generator, rates: Rates, midnight: int) -> Instants:
    bins = np.repeat(np.arange(BINS), rng.poisson(rates))
    return midnight + ((bins + rng.random(len(bins))) * BIN).astype(np.int64)


def _add_incidents(settings: SimulatorSettings, queue: Queue, day: int, rates: Rates) -> None:
    for incident in incidents(settings.seed, day):
        first = int(incident.starts_hour * _PER_HOUR)
        last = min(BINS, int((incident.starts_hour + incident.hours) * _PER_HOUR))
        rates[first:last] *= _INCIDENT_FACTORS[incident.kind][queue.aftersales]


# kind -> (factor before the sale, factor after the sale)
_INCIDENT_FACTORS = {"logistics": (1.05, 1.6), "system": (2.4, 1.25), "quality": (1.0, 1.35)}
