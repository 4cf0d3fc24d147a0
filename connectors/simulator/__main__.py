"""The simulated shop as a process: makes a history where there is none, then lives on in real time.

Run by `deskpulse demo`; also `python -m connectors.simulator --url sqlite:///shop.db --days 30`.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import click
import sqlalchemy as sa

from connectors.engine import parse_url
from connectors.simulator.errors import SimulatorError
from connectors.simulator.feed import Feed, write_history
from connectors.simulator.settings import SimulatorSettings


def main() -> int:
    given = _arguments()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    settings = SimulatorSettings(
        seed=given.seed, days=given.days, contacts_per_day=given.contacts_per_day,
        layout=given.layout,
    )  # fmt: skip
    engine = sa.create_engine(parse_url(given.url))
    try:
        feed = _open(engine, settings)
        if not given.history_only:
            feed.run(stop, _clock(feed.as_of, given.speed))
    except SimulatorError as error:
        click.echo(f"simulator: {error}", err=True)
        return 1
    finally:
        engine.dispose()
    return 0


def _open(engine: sa.Engine, settings: SimulatorSettings) -> Feed:
    """Go on with the shop that is there, or make its history first."""
    now = datetime.now(UTC)
    try:
        return Feed(engine, settings, now=now)
    except SimulatorError:
        with click.progressbar(
            length=settings.days + 1, label="making the shop's history", file=sys.stderr
        ) as bar:
            write_history(
                engine, settings, now=now, progress=lambda done, _: bar.update(done - bar.pos)
            )
    return Feed(engine, settings, now=datetime.now(UTC))


def _clock(start: datetime, speed: float) -> Callable[[], datetime]:
    """The wall clock, or one that runs `speed` times as fast from where the shop stands."""
    if speed == 1.0:
        return lambda: datetime.now(UTC)
    began = datetime.now(UTC)
    return lambda: start + (datetime.now(UTC) - began) * speed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url", required=True, help="database of the shop")
    parser.add_argument("--days", type=int, default=60, help="days of history")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=1.0, help="seconds of the shop per second")
    parser.add_argument("--contacts-per-day", type=int, default=1200)
    parser.add_argument("--layout", default="generic", help="generic or chatwoot")
    parser.add_argument("--history-only", action="store_true", help="end when it is written")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
