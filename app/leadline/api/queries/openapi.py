"""Leadline's queries as OpenAPI describes them, with the parameters as they are checked."""

from typing import Any

import msgspec

from .routes import PREFIX, QUERIES, Query

ANSWERS: dict[str, Any] = {
    "200": {"description": "The answer."},
    "404": {"description": "Nothing is known under that name."},
    "429": {"description": "Eight questions are answered at once and others wait; ask again after Retry-After seconds."},
    "503": {"$ref": "#/components/responses/Unavailable"},
}
"""Of whatever asks the store."""


def query_paths() -> dict[str, Any]:
    """A Paths object. Format: OpenAPI 3.1."""
    return {f"{PREFIX}/{name}": {"get": _operation(name, query)} for name, query in QUERIES.items()}


def _operation(name: str, query: Query) -> dict[str, Any]:
    _, shapes = msgspec.json.schema_components([query.of], ref_template="#/components/schemas/{name}")
    shape = shapes[query.of.__name__]
    return {
        "operationId": f"get{name.capitalize()}",
        "summary": query.summary,
        "description": " ".join(shape.get("description", "").split()),
        "tags": ["Questions"],
        "parameters": [
            {"name": field, "in": "query", "required": field in shape["required"], "schema": schema}
            for field, schema in shape["properties"].items()
        ],
        "responses": {**ANSWERS, "400": {"description": "The parameters make no sense; the sentence says which."}},
    }
