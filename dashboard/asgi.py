"""The web server: the pages, what machines ask, and the document, in one ASGI app.

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

from dashboard.ack.endpoint import acknowledge
from dashboard.data import feed
from dashboard.delivery import Asset, QuickAssets, asset, load_assets
from dashboard.document import document
from dashboard.duty.calendar_route import oncall_calendar
from dashboard.health.routes import metrics, readyz
from dashboard.pages.menu import paths
from dashboard.theme import streamlit_theme
from dashboard.view import view_of
from dashboard.watchdog import script

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
    # A full collection after each rerun takes 80 ms and more, and holds up every other viewer.
    "runner.postScriptGC": False,
    **streamlit_theme(),
}


def configure() -> None:
    """Our options, unless the command line, the environment or a config.toml says otherwise."""
    for name, value in OPTIONS.items():
        if not config.is_manually_set(name):
            config.set_option(name, value)
    config.set_option("client.showSidebarNavigation", True)  # st.navigation needs it


async def healthz(_request: Request) -> Response:
    """Alive, and how old the data are. The watchdog of each page asks every few seconds."""
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

    # Pages import pandas and altair, and build the charts' specs.
    import dashboard.pages.app  # noqa: F401

    await run_in_threadpool(lambda: feed().warm(datetime.now(UTC)))
    # What is frozen isn't looked at by any later collection; there is a lot of it.
    gc.collect()
    gc.freeze()
    log.info("event=pages_ready")
    yield


def _assets() -> dict[str, Asset]:
    name, body = script()
    return load_assets(document("en")) | {f"/{name}": asset(name, body)}


configure()
app = st.App(
    Path(__file__).parent / "pages" / "app.py",
    lifespan=_lifespan,
    routes=[
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/ack/{token}", acknowledge, methods=["GET", "POST"]),
        Route("/oncall.ics", oncall_calendar),
        *(Route(path, page) for path in paths()),
    ],
    middleware=[Middleware(QuickAssets, assets=_assets())],
)
