"""Authentication by token, if one is set. Programs send it as `Authorization: Bearer`; browsers exchange it for a
cookie in the form at /login."""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.model import message
from index.web import forms
from index.web.error_handlers import NOT_CACHED, Refused, as_json, way_back
from index.web.templating import render

COOKIE = "arshif"
COOKIE_DAYS = 30  # for which a browser stays logged in; by links from elsewhere too (SameSite=Lax): GET changes nothing
PUBLIC_PATHS = ("/healthz", "/readyz", "/login")  # reveal nothing about stored data
FEEDS = "/feeds/"
API_PATHS = ("/api/", "/export.", "/metrics", FEEDS)  # for programs, which cannot use a form
MAX_COOKIE_BYTES = 10_000  # of the Cookie header that are parsed


class TokenAuthMiddleware:
    """ASGI middleware that serves only requests that carry the token. No cache on the way may keep what it serves: it
    would show it to others (RFC 9111, 3.5)."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self._token = _digest(token)
        self._pass = cookie_value(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_open(scope["path"]):
            await self.app(scope, receive, send)
            return

        async def send_private(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["cache-control"] = NOT_CACHED
            await send(message)

        if self.is_authorized(Headers(scope=scope)):
            await self.app(scope, receive, send_private)
            return
        answer: Response
        request = Request(scope)
        if _is_form(request):
            answer = render(
                request, "login.html", 401, next=way_back(request) or "/", wrong=False, unsent=True, days=COOKIE_DAYS
            )
            answer.headers["www-authenticate"] = "Bearer"
        elif scope["path"].startswith(API_PATHS) or scope["method"] not in ("GET", "HEAD"):
            way = 'Basic realm="Arshif"' if scope["path"].startswith(FEEDS) else "Bearer"
            answer = as_json(401, message.Message("error.token"))
            answer.headers["www-authenticate"] = way
        else:
            asked = quote(scope["path"]) + (
                f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
            )
            answer = RedirectResponse(f"/login?next={quote(asked, safe='')}", 303)
        await answer(scope, receive, send_private)

    def _is_open(self, path: str) -> bool:
        return path in PUBLIC_PATHS or path.startswith("/static/")

    def is_authorized(self, headers: Headers) -> bool:
        """Whether a request carries the token or the cookie given for it, compared in constant time."""
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return hmac.compare_digest(_digest(given.strip()), self._token)
        if kind.lower() == "basic":  # for feed readers, which know nothing else: any user name, the token as password
            return hmac.compare_digest(_digest(_password(given)), self._token)
        try:
            kept = SimpleCookie(headers.get("cookie", "")[:MAX_COOKIE_BYTES]).get(COOKIE)
        except CookieError:
            return False
        return kept is not None and hmac.compare_digest(_digest(kept.value), _digest(self._pass))


def _is_form(request: Request) -> bool:
    """Whether a person sent a form of a page, who is to read the answer."""
    sent = request.method == "POST" and not request.url.path.startswith(API_PATHS)
    return sent and "text/html" in request.headers.get("accept", "")


def _password(given: str) -> str:
    try:
        return base64.b64decode(given.strip(), validate=True).decode("utf-8", "replace").partition(":")[2]
    except ValueError:
        return ""


def cookie_value(token: str) -> str:
    """The cookie's value that stands for the token without revealing it."""
    return hmac.new(token.encode(), b"arshif: a browser that knew the token", sha256).hexdigest()


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def router(token: str) -> APIRouter:
    """The routes of the login form for this token."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/login")
    def login_form(request: Request, next: str = "/") -> Response:
        """The login form."""
        return render(request, "login.html", next=_own(next), wrong=False, unsent=False, days=COOKIE_DAYS)

    @routes.post("/login")
    async def login(request: Request) -> Response:
        """Log a browser in, or show the form again."""
        try:
            form = await forms.fields(request)
        except Refused:  # our form is never that long
            form = {}
        target = _own(form.get("next", "/"))
        if not hmac.compare_digest(_digest(form.get("token", "")), _digest(token)):
            return render(request, "login.html", 403, next=target, wrong=True, unsent=False, days=COOKIE_DAYS)
        answer = RedirectResponse(target, 303, {"cache-control": "no-store"})
        secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
        answer.set_cookie(
            COOKIE, cookie_value(token), max_age=COOKIE_DAYS * 86_400, httponly=True, samesite="lax", secure=secure
        )
        return answer

    return routes


def _own(path: str) -> str:
    """A path on this server to continue at; the home page if it would lead elsewhere."""
    fine = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return quote(path, safe="/?&=%:+,;@!$'()*~-._[]") if fine else "/"
