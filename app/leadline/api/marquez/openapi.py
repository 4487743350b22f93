"""Marquez's paths as OpenAPI describes them."""

import re
from typing import Any

from ..queries.openapi import ANSWERS
from .routes import PREFIX, QUESTIONS

_PARAMETER = re.compile(r"{(\w+)(?::path)?}")


def marquez_paths() -> dict[str, Any]:
    """A Paths object. Format: OpenAPI 3.1."""
    return {f"{PREFIX}/{path.replace(':path', '')}": {"get": _operation(path)} for path in QUESTIONS}


def _operation(path: str) -> dict[str, Any]:
    names = _PARAMETER.findall(path)
    return {
        "operationId": "marquez" + "".join(part.capitalize() for part in re.findall(r"\w+", path)),
        "summary": "As Marquez answers it",
        "tags": ["Marquez"],
        "parameters": [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names],
        "responses": ANSWERS,
    }
