"""Answers as Marquez encodes them."""

from typing import Any

import msgspec
from starlette.responses import Response


def as_json(value: Any) -> Response:
    """Of shapes, and of dicts and lists of them."""
    return Response(msgspec.json.encode(value), media_type="application/json")
