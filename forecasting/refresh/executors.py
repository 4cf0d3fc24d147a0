"""Where tasks run: in this process, in processes of this machine, or on a Dask cluster. All are
`concurrent.futures` executors, so that what is done knows no difference.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, TypeVar

from forecasting.errors import NoCluster

T = TypeVar("T")
R = TypeVar("R")
ALONE = 4  # tasks below which starting processes costs more than it saves
AHEAD = 4  # tasks handed out per worker: enough to keep it busy, few enough to stay small
ANSWER_WITHIN = "10s"
_LOOK_S = 2.0


class Here(Executor):
    """Runs each task at once, in this process."""

    def submit(self, fn: Callable[..., R], /, *args: Any, **kwargs: Any) -> Future[R]:
        done: Future[R] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the caller hears it from the future
            done.set_exception(error)
        return done


@contextmanager
def executor_for(tasks: int, *, processes: int | None, dask: str | None) -> Iterator[Executor]:
    """The executor of the settings; NoCluster when the Dask scheduler can't be used."""
    count = min(processes or os.cpu_count() or 1, tasks)
    if dask and tasks:
        with _cluster(dask) as executor:
            yield executor
    elif count <= 1 or tasks < ALONE:
        yield Here()
    else:
        pool = ProcessPoolExecutor(
            count, mp_context=get_context("spawn"), initializer=_end_with, initargs=(os.getpid(),)
        )
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError:
        raise NoCluster(
            "[forecast] dask needs the extra package: pip install 'deskpulse[dask]'"
        ) from None
    try:
        client: Any = Client(  # type: ignore[no-untyped-call]
            address, timeout=ANSWER_WITHIN, set_as_default=False
        )
    except (OSError, TimeoutError):
        raise NoCluster(
            f"no Dask scheduler answers at {address}; start it or take dask out of [forecast]"
        ) from None
    try:
        executor: Executor = client.get_executor(pure=False, retries=2)
        yield executor
    finally:
        client.close()


def spread(
    executor: Executor, work: Callable[[T], R], tasks: Iterable[T], *, workers: int
) -> Iterator[R]:
    """Results as they come; some tasks per worker are handed out. A task's error is raised."""
    at_once = 1 if isinstance(executor, Here) else AHEAD * workers
    waiting: set[Future[R]] = set()
    for task in tasks:
        waiting.add(executor.submit(work, task))
        while len(waiting) >= at_once:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in done)
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        yield from (one.result() for one in done)


def _end_with(parent: int) -> None:
    """A worker whose parent was killed would wait for ever: it looks after it."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
