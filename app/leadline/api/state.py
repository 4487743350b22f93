"""GET /healthz and /metrics on the API's own port, as they are on the role's health port."""

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadline.core.health import Progress


def state_routes(progress: Progress) -> list[Route]:
    async def healthz(_request: Request) -> Response:
        report = progress.report()
        return Response(msgspec.json.encode(report), 200 if report["ok"] else 503, media_type="application/json")

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", healthz), Route("/metrics", metrics)]
