"""A process that stays for one job: it runs once per line on its standard input.

Each run is answered by a line that begins with ANSWER and says what was done; all other lines are
for the log. The process ends when its input does, so however we end, it ends too.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

ANSWER = "\x1e"


class JobProcess:
    """One such process; `ask` and `kill` may be called from different threads."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            list(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", errors="replace",
        )  # fmt: skip

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, say: Callable[[str], None]) -> tuple[int, str | None]:
        """One run: 0 and what was done, or the code that the process ended with and its last line;
        `say` hears the lines before."""
        asked, answers = self._process.stdin, self._process.stdout
        if asked is None or answers is None:
            raise ValueError("a staying process has pipes")
        try:
            asked.write("\n")
            asked.flush()
        except OSError:  # it has just ended
            pass
        last = None
        for line in map(str.rstrip, answers):
            if line.startswith(ANSWER):
                return 0, line.removeprefix(ANSWER)
            if last is not None:
                say(last)
            last = line
        return self._process.wait() or 1, last

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
