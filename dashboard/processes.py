"""The processes that make up a running Deskpulse: worker, web server, and in a demo the shop.

Each is a process of its own, so that none can block or take down another. When one ends by
itself it is started again; when we are told to stop, all end.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dashboard.errors import SettingsError

log = logging.getLogger(__name__)
CONFIG_VARIABLE = "DESKPULSE_CONFIG"
STOP_WITHIN_S = 10.0
RESTART_PAUSE_S = 2.0


@dataclass(slots=True)
class Child:
    """A process to keep running."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, **self.environment}
        self.process = subprocess.Popen(self.argv, env=environment)  # noqa: S603 - our own argv


def deskpulse_argv(*arguments: str) -> list[str]:
    """A command of ours, run by the same Python."""
    return [sys.executable, "-m", "dashboard.cli", *arguments]


def web_argv(port: int, address: str) -> list[str]:
    """The web server. Options beat any config.toml that lies around."""
    entry = Path(__file__).parent / "asgi.py"
    return [
        sys.executable, "-m", "streamlit", "run", str(entry),
        "--server.port", str(port), "--server.address", address,
        "--server.headless", "true", "--browser.gatherUsageStats", "false",
        "--browser.serverAddress", address, "--server.fileWatcherType", "none",
    ]  # fmt: skip


def require_port(port: int, address: str) -> None:
    """Say at once that a port is taken, instead of starting a server that ends again and again."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            raise SettingsError(
                [f"port {port} of {address} is taken or not allowed; choose another with --port"]
            ) from None


def stop_event() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: object) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return stop


def keep_running(children: Sequence[Child], stop: threading.Event) -> None:
    """Start all, start again what ends, and end all when `stop` is set."""
    for child in children:
        if child.process is None:
            child.start()
    try:
        while not stop.wait(0.5):
            for child in children:
                if child.process is not None and child.process.poll() is not None:
                    log.error("event=process_ended name=%s code=%s", child.name,
                              child.process.returncode)  # fmt: skip
                    if stop.wait(RESTART_PAUSE_S):
                        break
                    child.start()
    finally:
        end(children)


def end(children: Sequence[Child]) -> None:
    """SIGTERM to all, then SIGKILL to those that do not end in time."""
    running = [c.process for c in children if c.process is not None and c.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_WITHIN_S
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
