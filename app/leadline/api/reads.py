"""What reads: Leadline's own queries, and Marquez's."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from starlette.routing import BaseRoute

from leadline.core.settings import Settings

from .marquez.openapi import marquez_paths
from .marquez.routes import marquez_routes
from .queries.openapi import query_paths
from .queries.reader import Reader
from .queries.routes import query_routes


class Reads(NamedTuple):
    """`paths`: what OpenAPI's document says of them."""

    routes: Sequence[BaseRoute] = ()
    paths: Mapping[str, Any] = {}


NOTHING = Reads()


def reads_of(settings: Settings) -> Reads:
    """They share one reader, which bounds them together."""
    reader = Reader(settings)
    return Reads([*query_routes(reader), *marquez_routes(reader)], query_paths() | marquez_paths())
