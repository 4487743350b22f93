"""Before every route: no pages of other sites, no strangers."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from .address import is_loopback
from .errors import ApiError, to_response
from .tokens import Tokens

OPEN = ("/healthz", "/docs", "/openapi.json")
"""Without a token: what probes and browsers ask for; nothing of what is stored is in them."""


class Guard:
    """`loopback`: only this machine reaches the API, so that another name in `Host` is a page's trick (DNS rebinding)."""

    def __init__(self, app: ASGIApp, *, tokens: Tokens, loopback: bool) -> None:
        self._app = app
        self._tokens = tokens
        self._loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope["path"], Headers(scope=scope)) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await to_response(refusal)(scope, receive, send)

    def _refusal(self, path: str, headers: Headers) -> ApiError | None:
        if "origin" in headers:
            return ApiError(403, "foreign_origin", "requests of web pages are refused: this one has an Origin")
        if self._loopback and not is_loopback(_host(headers)):
            return ApiError(403, "foreign_host", "this API is for this machine alone; call it 127.0.0.1 or localhost")
        if path not in OPEN and not self._tokens.hold(headers.get("authorization", "")):
            detail = "give one of the API's tokens as `Authorization: Bearer TOKEN`"
            return ApiError(401, "unauthorized", detail, {"WWW-Authenticate": "Bearer"})
        return None


def _host(headers: Headers) -> str:
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""
