"""The routes that read: Leadline's own queries, and Marquez's."""

from starlette.routing import BaseRoute

from leadline.core.settings import Settings

from .marquez.routes import marquez_routes
from .queries.reader import Reader
from .queries.routes import query_routes


def read_routes(settings: Settings) -> list[BaseRoute]:
    """They share one reader, which bounds them together."""
    reader = Reader(settings)
    return [*query_routes(reader), *marquez_routes(reader)]
