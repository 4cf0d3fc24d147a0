"""/readyz and /metrics: for load balancers, watch services and Prometheus."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.errors import StoreError
from dashboard.data import feed
from dashboard.health.exposition import CONTENT_TYPE, exposition
from dashboard.health.gather import Health
from dashboard.health.readiness import Reason, reasons

NO_STORE = {"Cache-Control": "no-store"}


async def readyz(_request: Request) -> Response:
    """200 when alerts can be relied on, else 503; the reasons in words either way."""
    found = await run_in_threadpool(_reasons)
    body = {
        "status": "not ready" if found else "ready",
        "reasons": [{"what": one.what, "name": one.name, "text": one.text} for one in found],
    }
    return JSONResponse(body, status_code=503 if found else 200, headers=NO_STORE)


async def metrics(_request: Request) -> Response:
    body = await run_in_threadpool(lambda: exposition(_figures()))
    return Response(body, media_type=CONTENT_TYPE, headers=NO_STORE)


def _reasons() -> list[Reason]:
    source = feed()
    try:
        signs = source.signs(datetime.now(UTC))
    except StoreError as error:
        return [Reason("store", "", str(error))]
    return reasons(signs, tick=source.settings.tick)


def _figures() -> Health | None:
    try:
        return feed().figures(datetime.now(UTC))
    except StoreError:
        return None
