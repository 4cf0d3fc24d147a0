"""/oncall.ics: who is on call, for calendars. Only with the token of the configuration."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from alerts.telling.feed import BACK, feed
from alerts.telling.standing_store import past_overrides
from connectors.errors import StoreError
from dashboard.data import Feed
from dashboard.data import feed as store_feed
from dashboard.words import as_language

_KEPT = {"Cache-Control": "private, max-age=300"}


async def oncall_calendar(request: Request) -> Response:
    source = store_feed()
    token = source.settings.alerts.calendar_token
    if token is None:
        return PlainTextResponse("there is no such page\n", status_code=404)
    given = request.query_params.get("token", "")
    if not secrets.compare_digest(given.encode(), token.get_secret_value().encode()):
        return PlainTextResponse("the token is missing or wrong\n", status_code=403)
    language = as_language(request.query_params.get("lang"))
    person = request.query_params.get("person") or None
    try:
        content = await run_in_threadpool(_content, source, person, language)
    except StoreError as error:
        return PlainTextResponse(f"{error}\n", status_code=503)
    return Response(content, media_type="text/calendar; charset=utf-8", headers=_KEPT)


def _content(source: Feed, person: str | None, language: str | None) -> bytes:
    now = datetime.now(UTC)
    with source.looking() as connection:
        taken = past_overrides(connection, now - BACK)
    usual = source.settings.app.language
    rotas = source.settings.telling_plan.rotas
    return feed(rotas, taken, now=now, language=as_language(language) or usual, person=person)
