"""The acknowledge link over HTTP: GET shows, POST acknowledges. What is shown is deciding.py's."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, unquote

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerts.ack_links import AckToken, BadLink, OldLink, reading_links
from alerts.actions import act, actions_on
from alerts.render import Wording
from alerts.store import load_some
from connectors.errors import StoreError
from dashboard.ack.deciding import Filled, Shown, Stage, answer, filled, seen
from dashboard.ack.page import ack_page
from dashboard.data import Feed, feed
from dashboard.view import view_of
from dashboard.words import Language, words

log = logging.getLogger(__name__)
COOKIE, COOKIE_S = "deskpulse_name", 365 * 86_400
MOST_READ = 8_192  # bytes of a form
# The page holds one form and its own style; the address is a key and must not travel on.
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
}
_STATUS = {Stage.BAD: 400, Stage.OLD: 410, Stage.OVER: 410, Stage.UNKNOWN: 503}


async def acknowledge(request: Request) -> Response:
    """GET and POST of /ack/TOKEN."""
    form = filled(await _form(request)) if request.method == "POST" else None
    return await run_in_threadpool(_respond, request, form)


def _respond(request: Request, form: Filled | None) -> Response:
    source, now = feed(), datetime.now(UTC)
    language = _language(request, source)
    kept = unquote(request.cookies.get(COOKIE, ""))
    try:
        shown = _shown(source, str(request.path_params["token"]), form, now)
    except StoreError as error:
        log.error("event=ack_failed error=%s", error)
        shown = Shown(Stage.UNKNOWN)
    settings = source.settings
    wording = Wording(language, source.zone, settings.alerts.public_url, source.kpis)
    name = form.name if form is not None else filled({"name": kept}).name
    page = ack_page(shown, wording, words(language), now=now, name=name)
    status = _STATUS.get(shown.stage, 422 if shown.trouble else 200)
    response = HTMLResponse(page, status_code=status, headers=dict(HEADERS))
    if shown.stage is Stage.DONE and form is not None:
        response.set_cookie(COOKIE, quote(form.name), max_age=COOKIE_S, path="/ack",
                            httponly=True, samesite="lax")  # fmt: skip
    return response


def _shown(source: Feed, raw: str, form: Filled | None, now: datetime) -> Shown:
    with source.looking() as connection:
        links = reading_links(connection, source.settings.alerts)
        try:
            if links is None:
                raise BadLink
            token = links.read(raw, now=now)
        except OldLink:
            return Shown(Stage.OLD)
        except BadLink:
            return Shown(Stage.BAD)
        shown = _seen(connection, token, now)
    if form is None:
        return shown
    with source.changing() as connection:  # looked at anew: others may have been quicker
        after, action = answer(_seen(connection, token, now), form, token, now=now)
        if action is not None:
            act(connection, action)
            log.info("event=acknowledged receiver=%r fingerprint=%s", token.receiver,
                     token.fingerprint)  # fmt: skip
    return after


def _seen(connection: sa.Connection, token: AckToken, now: datetime) -> Shown:
    alert = load_some(connection, [token.fingerprint]).get(token.fingerprint)
    done = actions_on(connection, token.fingerprint, token.episode)
    return seen(alert, done, token, now=now)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; one that is too long has none."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_READ:
            return {}
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def _language(request: Request, source: Feed) -> Language:
    view = view_of(
        request.query_params,
        language=source.language,
        browser_locale=request.headers.get("accept-language", "").split(",")[0],
        poll_s=source.poll_s,
    )
    return view.language
