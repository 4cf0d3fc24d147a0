"""Reading one source at its own pace, in the scheduler's threads; a hung source blocks only itself.

Back-fill and reconcile go on in small steps between polls, so that the live queue stays fresh
while years of history are read.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from alerts.freshness import SourceReading
from alerts.trouble import Trouble
from connectors.connect import connect
from connectors.errors import ConnectorError, SourceError, StatementError, StoreError
from connectors.ledger import record_failure
from connectors.settings import SourceSettings
from connectors.store import Store
from connectors.sync import Progress, SourceSync

log = logging.getLogger(__name__)
SHARE = 0.7  # of a poll interval that may go into history
LONGEST_STEP_S = 2.0


class SourcePolling:
    """Polls one source; `poll` is called by one scheduler job at a time."""

    def __init__(
        self,
        store: Store,
        settings: SourceSettings,
        folder: Path,
        *,
        clock: Callable[[], datetime],
        on_turn: Callable[[], None],
    ) -> None:
        self.settings = settings
        self._store = store
        self._folder = folder
        self._clock = clock
        self._on_turn = on_turn
        self.turns = 0  # polls that ended, well or not
        self._sync: SourceSync | None = None
        self._reconciling: Iterator[Progress] | None = None
        self._lock = threading.Lock()
        self._store_trouble = Trouble(log, "store_trouble", f"source={settings.name}")
        self._reading = SourceReading(settings.name, True, None, settings.poll, filling=True)

    def reading(self) -> SourceReading:
        """How reading goes, for the rules."""
        with self._lock:
            return self._reading

    def poll(self) -> None:
        """One poll and a step of history. Errors are recorded, never raised: the job goes on."""
        now = self._clock()
        try:
            syncing = self._opened()
            syncing.poll(now)
            self._heard(now)
            self._store_trouble.over()
            self._turn_over()
            try:
                self._go_on(syncing, now)
                syncing.ledger.trouble = None
            except SourceError as error:  # the live rows were read well: the source is not down
                self._reconciling = None
                syncing.ledger.trouble = str(error)
                log.error("event=history_trouble source=%s error=%s", self.settings.name, error)
        except (SourceError, StatementError) as error:
            self._failed(now, error)
        except StoreError as error:
            # Memory may be ahead of the store: start from what the store knows.
            self._reopen()
            self._store_trouble.failed(error)
        except Exception as error:  # the job must go on, and the page must say why it does not
            self._reopen()
            log.exception("event=poll_trouble source=%s", self.settings.name)
            kind = type(error).__name__
            trouble = f"source '{self.settings.name}' could not be read ({kind}); see the log"
            self._failed(now, SourceError(trouble))

    def close(self) -> None:
        self._reopen()

    def _opened(self) -> SourceSync:
        if self._sync is None:
            source = connect(self.settings, self._folder)
            self._sync = SourceSync(self._store, source)
            with self._lock:
                # A store filled earlier has numbers: they only need to be fresh.
                if self._sync.complete:
                    self._reading = SourceReading(
                        self.settings.name, True, self._reading.as_of, self.settings.poll
                    )
        return self._sync

    def _go_on(self, syncing: SourceSync, now: datetime) -> None:
        budget = min(self.settings.poll.total_seconds() * SHARE, LONGEST_STEP_S)
        until = time.monotonic() + budget
        filling = not syncing.complete
        while filling and time.monotonic() < until:
            syncing.backfill_page(self._clock())
            filling = not syncing.complete
            if not filling:
                log.info("event=backfilled source=%s rows=%d", self.settings.name, syncing.rows)
        if self._reconciling is None and syncing.reconcile_due(now):
            self._reconciling = iter(syncing.reconcile(self._clock))
        if self._reconciling is not None and next(self._reconciling, None) is None:
            self._reconciling = None

    def _heard(self, now: datetime) -> None:
        name, poll = self.settings.name, self.settings.poll
        with self._lock:
            if not self._reading.ok:
                log.info("event=source_back source=%s", name)
            self._reading = SourceReading(name, True, now, poll)

    def _failed(self, now: datetime, error: ConnectorError) -> None:
        name = self.settings.name
        with self._lock:
            first = self._reading.ok
            last = self._reading.as_of
            self._reading = SourceReading(name, False, last, self.settings.poll)
        if first:
            log.error("event=source_down source=%s error=%s", name, error)
        self._reconciling = None
        self._turn_over()
        try:
            record_failure(self._store, self.settings, now, error)
        except StoreError as trouble:
            self._store_trouble.failed(trouble)

    def _turn_over(self) -> None:
        self.turns += 1
        self._on_turn()

    def _reopen(self) -> None:
        self._reconciling = None
        if self._sync is not None:
            self._sync.source.close()
            self._sync = None
