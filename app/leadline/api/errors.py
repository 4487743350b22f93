"""What is answered when a request cannot be served: always `{"error": code, "detail": sentence}`, and what helps."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from leadline.core.errors import Unavailable, UsageError

RETRY_AFTER_SECONDS = 2
BUSY = 429


class ApiError(Exception):
    """`error` is a code for programs, `detail` a sentence for people; `more` stands beside them in the answer."""

    def __init__(self, status: int, error: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.error = error
        self.detail = detail
        self.headers = headers
        self.more = more


def busy(detail: str) -> ApiError:
    return ApiError(BUSY, "busy", detail, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def to_response(error: ApiError) -> Response:
    body = msgspec.json.encode({"error": error.error, "detail": error.detail, **error.more})
    return Response(body, error.status, error.headers, "application/json")


def on_api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return to_response(error)


def on_unavailable(_request: Request, error: Exception) -> Response:
    """Kafka or the registry is away, or the registry does not take our schema: the sender keeps its events."""
    return to_response(ApiError(503, "unavailable", str(error), {"Retry-After": str(RETRY_AFTER_SECONDS)}))


def on_http_error(request: Request, error: Exception) -> Response:
    """What the router itself refuses: an unknown path, a method that there is not."""
    assert isinstance(error, HTTPException)
    name = HTTPStatus(error.status_code).name.lower()
    return to_response(ApiError(error.status_code, name, f"{request.method} {request.url.path}: {error.detail}", error.headers))


def on_failure(_request: Request, _error: Exception) -> Response:
    """A mistake of ours; the log has it."""
    return to_response(ApiError(500, "internal", "the API failed; its log says why"))


HANDLERS = {
    ApiError: on_api_error,
    Unavailable: on_unavailable,
    UsageError: on_unavailable,
    HTTPException: on_http_error,
    Exception: on_failure,
}
