"""`python -m alerts.digest.draw`: drawings as JSON on stdin, PNGs in base64 as JSON on stdout.

A process of its own because drawing holds the interpreter, and with it the worker's watch.
"""

from __future__ import annotations

import base64
import json
import logging
import sys

from alerts.digest.chart import png
from alerts.digest.plan import Drawing, Mark

log = logging.getLogger(__name__)


def main() -> None:
    """Draws what it can; a drawing that fails is null, and stderr says why."""
    found: list[str | None] = []
    for one in json.load(sys.stdin.buffer):
        one["marks"] = tuple(Mark(**mark) for mark in one["marks"])
        try:
            found.append(base64.b64encode(png(Drawing(**one))).decode())
        except Exception:  # one picture that fails must not take the others with it
            log.exception("event=not_drawn kind=%s", one.get("kind"))
            found.append(None)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    main()
