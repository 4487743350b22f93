"""Answers as the commands print them."""

from collections.abc import Iterable
from typing import Any

from starlette.responses import Response

from leadline.history.document import to_json


def as_json(value: Any) -> Response:
    """One document, indented: what --json prints."""
    return Response(to_json(value, indent=2) + "\n", media_type="application/json")


def as_json_lines(values: Iterable[Any]) -> Response:
    """One document a line, for what --json prints line by line."""
    return Response("".join(f"{to_json(value)}\n" for value in values), media_type="application/x-ndjson")
