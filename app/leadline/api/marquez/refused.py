"""What Marquez lets its callers write, and Leadline learns from events alone."""

import functools

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from ..errors import ApiError
from .encoded_route import EncodedRoute

_EVENTS = "send OpenLineage events to POST /api/v1/lineage"
_TAGS = f"{_EVENTS} with the facet tags, or declare them where the job is tracked"
_WRITES = {
    "namespaces/{namespace}": f"namespaces are there as soon as something is named in them: {_EVENTS}",
    "sources/{source}": f"sources are what datasets say with the facet dataSource: {_EVENTS}",
    "tags/{tag}": _TAGS,
    "namespaces/{namespace}/datasets/{dataset}": _EVENTS,
    "namespaces/{namespace}/datasets/{dataset}/tags/{tag}": _TAGS,
    "namespaces/{namespace}/datasets/{dataset}/fields/{field}/tags/{tag}": _TAGS,
    "namespaces/{namespace}/jobs/{job}": _EVENTS,
    "namespaces/{namespace}/jobs/{job}/tags/{tag}": _TAGS,
    "namespaces/{namespace}/jobs/{job}/runs": _EVENTS,
    "jobs/runs/{id}/start": _EVENTS,
    "jobs/runs/{id}/complete": _EVENTS,
    "jobs/runs/{id}/fail": _EVENTS,
    "jobs/runs/{id}/abort": _EVENTS,
}
"""Paths under /api/v1, and what is done in their place."""


def refusals(prefix: str) -> list[BaseRoute]:
    return [
        EncodedRoute(f"{prefix}/{path}", functools.partial(_refuse, instead), methods=["PUT", "POST", "DELETE"])
        for path, instead in _WRITES.items()
    ]


async def _refuse(instead: str, request: Request) -> Response:
    """Raises ApiError."""
    raise ApiError(501, "not_carried", f"Leadline does not carry {request.method} here: {instead}")
