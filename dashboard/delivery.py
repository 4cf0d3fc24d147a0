"""The scripts of the pages from memory, compressed once.

Streamlit reads each from disk through a thread, uncompressed, a hundred times per first visit:
most of a cold load was waiting for that.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.file_util import get_static_dir

# Their names carry a hash of their content, so that a browser may keep them for good.
_CACHED = b"public, immutable, max-age=31536000"
_REFERENCE = re.compile(r'"\./(static/[\w./$-]+\.(?:js|css))"')
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    compressed: bytes
    media_type: bytes


class QuickAssets:
    """ASGI middleware: answers for the assets it holds, hands everything else on."""

    def __init__(self, app: ASGIApp, assets: dict[str, Asset]) -> None:
        self.app = app
        self.assets = assets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asset = self.assets.get(scope["path"]) if scope["type"] == "http" else None
        if asset is None or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        headers = [
            (b"content-type", asset.media_type),
            (b"cache-control", _CACHED),
            (b"vary", b"accept-encoding"),
        ]
        body = asset.body
        if b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b""):
            body = asset.compressed
            headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(
            {"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body}
        )


def load_assets(document: str) -> dict[str, Asset]:
    """The assets that a document refers to, by their path in a URL."""
    static = Path(get_static_dir())
    found = {}
    for name in sorted(set(_REFERENCE.findall(document))):
        path = static / name
        if path.is_file():
            found[f"/{name}"] = asset(name, path.read_bytes())
    return found


def asset(name: str, body: bytes) -> Asset:
    # The machine's own table of types may know others, which a browser refuses for a script.
    kind = b"text/css" if name.endswith(".css") else b"text/javascript"
    return Asset(body, gzip.compress(body, _LEVEL, mtime=0), kind + b"; charset=utf-8")
