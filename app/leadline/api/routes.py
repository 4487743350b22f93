"""The API's routes, behind its guard."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from leadline.core.health import Progress

from .docs import docs_routes
from .drain import Drain
from .errors import HANDLERS
from .guard import Guard
from .ingest import Ingest
from .lineage import Lineage
from .reads import NOTHING, Reads
from .state import state_routes
from .tokens import Tokens


def make_api(
    ingest: Ingest, lineage: Lineage, progress: Progress, tokens: Tokens, *, loopback: bool, reads: Reads = NOTHING
) -> Starlette:
    """An ASGI application. `loopback`: it listens for this machine alone."""
    return Starlette(
        routes=[
            Route("/api/v1/events", ingest.events, methods=["POST"]),
            Route("/api/v1/lineage", lineage.events, methods=["POST"]),
            Route("/api/v1/lineage/batch", lineage.events, methods=["POST"]),
            *state_routes(progress),
            *docs_routes(reads.paths),
            *reads.routes,
        ],
        middleware=[Middleware(Drain), Middleware(Guard, tokens=tokens, loopback=loopback)],
        exception_handlers=HANDLERS,
    )
