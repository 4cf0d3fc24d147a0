"""The web server: the pages, /healthz and the document, in one ASGI app.

Start it with `streamlit run dashboard/asgi.py`, `python -m dashboard.asgi` or any ASGI server; the
configuration is the file that DESKPULSE_CONFIG names.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from streamlit import config

from dashboard.data import feed
from dashboard.delivery import QuickAssets, load_assets
from dashboard.document import document
from dashboard.theme import streamlit_theme
from dashboard.view import view_of

log = logging.getLogger(__name__)

# Without an address Streamlit asks an outside service for one and listens everywhere.
OPTIONS: Mapping[str, object] = {
    "server.address": "127.0.0.1",
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.showEmailPrompt": False,
    "browser.serverAddress": "127.0.0.1",
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    **streamlit_theme(),
}
PAGES = ("/", "/queues", "/sources")


def configure() -> None:
    """Our options, unless the command line, the environment or a config.toml says otherwise."""
    for name, value in OPTIONS.items():
        if not config.is_manually_set(name):
            config.set_option(name, value)


async def healthz(_request: Request) -> Response:
    """Alive, and how old the data are: what the watchdog of each page asks for every few seconds."""
    pulse = await run_in_threadpool(lambda: feed().pulse(datetime.now(UTC)))
    return JSONResponse(pulse.as_json(), headers={"Cache-Control": "no-store"})


async def page(request: Request) -> Response:
    source = feed()
    view = view_of(
        request.query_params,
        language=source.language,
        browser_locale=request.headers.get("accept-language", "").split(",")[0],
        poll_s=source.poll_s,
    )
    return HTMLResponse(document(view.language), headers={"Cache-Control": "no-cache"})


@asynccontextmanager
async def _lifespan(_app: st.App) -> AsyncIterator[None]:
    # Imported before the first viewer comes: 50 of them would wait behind the import lock.
    import pyarrow  # noqa: F401

    from dashboard import charts  # noqa: F401 - also imports pandas and altair, builds the specs

    await run_in_threadpool(lambda: feed().warm(datetime.now(UTC)))
    # Streamlit collects all garbage after each rerun; what is frozen isn't looked at again, which
    # takes a rerun from about 100 ms to a few.
    gc.collect()
    gc.freeze()
    log.info("event=pages_ready")
    yield


configure()
app = st.App(
    Path(__file__).with_name("app.py"),
    lifespan=_lifespan,
    routes=[Route("/healthz", healthz), *(Route(path, page) for path in PAGES)],
    middleware=[Middleware(QuickAssets, assets=load_assets(document("en")))],
)
