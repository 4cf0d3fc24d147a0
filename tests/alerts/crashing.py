"""A small worker for tests to kill: queue lengths from a file, alerts to a receiver.

    python -m tests.alerts.crashing STORE_URL LENGTHS_FILE RECEIVER_URL

Says `answered` when a receiver took a message, before that is stored.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.book import AlertBook, SourceWatch, rule_book
from alerts.delivery import Delivery, Post
from alerts.pipeline import Reading, evaluate_and_record
from alerts.store import begin_term
from alerts.transports.kinds import TRANSPORTS, Kind
from alerts.transports.webhook import Webhook
from connectors.store import open_store
from tests.alerts.factories import ZH, queues, receiver, rule, source


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


class Telling(Webhook):
    def send(self, content: Any, wording: Any, *, now: datetime) -> int:
        status = super().send(content, wording, now=now)
        say("answered")
        return status


def main(store_url: str, lengths: str, receiver_url: str) -> None:
    TRANSPORTS["webhook"] = Kind(Telling)
    store = open_store(store_url)
    with store.begin() as connection:
        term = begin_term(connection)
    delivery = Delivery(
        [receiver(receiver_url)], Post(store, "w", {"leads": ZH}, timedelta(days=3))
    )
    delivery.start()
    book, rules = AlertBook(), rule_book([rule()], SourceWatch(on=False))
    say("ready")
    while True:
        now = datetime.now(UTC)
        reading = Reading(now, queues(json.loads(Path(lengths).read_text())), [source(now)])
        if evaluate_and_record(store, book, rules, reading, term=term).queued:
            delivery.wake()
        time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
