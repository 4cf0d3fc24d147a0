"""Real workers that start in a moment: a process imports everything once and forks each one off.

Run as a process it takes commands on its standard input and answers each with a line:
`start` with the worker's process id, `kill` once that worker is gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path


class WarmWorkers:
    """One worker at a time, each a process of its own, ended by SIGKILL."""

    def __init__(self, config: Path, log: Path) -> None:
        argv = [sys.executable, "-m", "benchmarks.warm_worker", str(config)]
        with log.open("ab") as out:
            self._nest = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True
            )
        self._hear()

    def start(self) -> None:
        self._say("start")

    def kill(self) -> None:
        self._say("kill")

    def close(self) -> None:
        self._nest.communicate()

    def _say(self, word: str) -> None:
        assert self._nest.stdin
        self._nest.stdin.write(f"{word}\n")
        self._nest.stdin.flush()
        self._hear()

    def _hear(self) -> None:
        assert self._nest.stdout
        if not self._nest.stdout.readline():
            raise RuntimeError("the process that starts the workers ended; see the worker's log")


def _serve(config: str) -> None:
    from dashboard.cli import main
    from dashboard.commands import serve  # noqa: F401 - imported before any worker needs it

    _answer("ready")
    worker = 0
    for line in sys.stdin:
        if line == "start\n":
            worker = os.fork()
            if not worker:
                _become(config)
                main(["worker", "-c", config])
            _answer(worker)
        elif worker:
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)
            worker = 0
            _answer("gone")
    if worker:
        os.kill(worker, signal.SIGKILL)


def _become(config: str) -> None:
    """A process as one that was started by itself: no share in what its parent hears or says."""
    os.chdir(Path(config).parent)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)


def _answer(words: object) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[1])
