"""Real processes of ours for the flow tests: started, watched through their log, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

LIMIT_S = 60.0


@dataclass
class Running:
    """A process with its log; all waits are bounded."""

    process: subprocess.Popen[bytes]
    log: Path

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, words: str, *, within_s: float = LIMIT_S) -> None:
        """Until the log holds the words; AssertionError shows the log."""
        deadline = time.monotonic() + within_s
        while words not in self.text():
            assert self.process.poll() is None, f"ended before {words!r}:\n{self.text()}"
            assert time.monotonic() < deadline, f"{words!r} not within {within_s} s:\n{self.text()}"
            time.sleep(0.05)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(LIMIT_S)

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT_S)


@contextmanager
def started(
    *arguments: str, log: Path, through_pipe: bool = False, **environment: str
) -> Iterator[Running]:
    """`deskpulse ARGUMENTS` as a process of its own; killed at the end if it still runs.

    `through_pipe`: for a process that may write no file, others keep its log.
    """
    argv = [sys.executable, "-m", "dashboard.cli", *arguments]
    with log.open("ab") as out:
        process = subprocess.Popen(
            argv,
            stdout=subprocess.PIPE if through_pipe else out,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env={**os.environ, **environment},
        )
    if process.stdout is not None:
        threading.Thread(target=_keep, args=(process.stdout, log), daemon=True).start()
    running = Running(process, log)
    try:
        yield running
    finally:
        if process.poll() is None:
            running.kill()


def _keep(lines: IO[bytes], log: Path) -> None:
    with lines, log.open("ab") as out:
        for line in lines:
            out.write(line)
            out.flush()


def deskpulse(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    argv = [sys.executable, "-m", "dashboard.cli", *arguments]
    return subprocess.run(
        argv, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True,
        timeout=LIMIT_S * 2, check=False,
    )  # fmt: skip


def write_config(folder: Path, **parts: Any) -> Path:
    """A deskpulse.toml with one generic source, one receiver and one rule."""
    values = {
        "store": "sqlite:///store.db", "source": "", "webhook": "http://127.0.0.1:9/", "poll": "1s",
        "source_down": "true", **parts,
    }  # fmt: skip
    path = folder / "deskpulse.toml"
    path.write_text(
        f"""
[store]
url = "{values["store"]}"
[alerts]
source_down = {values["source_down"]}
[[sources]]
name = "desk"
preset = "generic"
url = "{values["source"]}"
poll = "{values["poll"]}"
[[receivers]]
name = "leads"
type = "webhook"
url = "{values["webhook"]}"
secret = "hush-hush-secret"
[[rules]]
name = "queue-too-long"
metric = "queue_length"
by = ["queue"]
when = "> 2"
clear = "< 2"
severity = "critical"
receivers = ["leads"]
""",
        encoding="utf-8",
    )
    return path
