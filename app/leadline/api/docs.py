"""GET /openapi.json and /docs: what the API takes and answers, for programs and for people."""

from collections.abc import Iterator, Mapping
from html import escape
from importlib import resources
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_NOTHING_ELSE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}code,pre{background:#eee}td{padding:0 1em 0 0}"
)


def docs_routes(more: Mapping[str, Any]) -> list[Route]:
    """`more`: paths of what is served beside what openapi.json describes."""
    document = msgspec.json.decode(resources.files(__package__).joinpath("openapi.json").read_bytes())
    for path, operations in more.items():
        document["paths"][path] = {**document["paths"].get(path, {}), **operations}
    text, page = msgspec.json.encode(document), _page(document)

    async def openapi(_request: Request) -> Response:
        return Response(text, media_type="application/json")

    async def docs(_request: Request) -> Response:
        return HTMLResponse(page, headers=_NOTHING_ELSE)

    return [Route("/openapi.json", openapi), Route("/docs", docs)]


def _page(document: Mapping[str, Any]) -> str:
    """Loads nothing, so that it can be read where nothing else is reached."""
    info = document["info"]
    parts = [f"<h1>{escape(info['title'])}</h1><p>{escape(info['description'])} <a href='openapi.json'>openapi.json</a></p>"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts += _operation(document, f"{method.upper()} {path}", operation)
    parts.append("<h2>Shapes</h2>")
    for name, schema in document["components"]["schemas"].items():
        shown = msgspec.json.format(msgspec.json.encode(schema), indent=2).decode()
        parts.append(f"<h3 id='{escape(name)}'>{escape(name)}</h3><pre>{escape(shown)}</pre>")
    return f"<!doctype html><meta charset='utf-8'><title>{escape(info['title'])}</title><style>{_STYLE}</style>{''.join(parts)}"


def _operation(document: Mapping[str, Any], heading: str, operation: Mapping[str, Any]) -> Iterator[str]:
    token = "" if operation.get("security") == [] else " Needs a token."
    text = f"{operation['summary']}. {operation.get('description', '')}{token}"
    yield f"<h2><code>{escape(heading)}</code></h2><p>{escape(text)}</p>"
    if asked := [one for one in operation.get("parameters", ()) if one["in"] == "query"]:
        names = (f"<code>{escape(one['name'])}</code>{' (needed)' if one['required'] else ''}" for one in asked)
        yield f"<p>Parameters: {', '.join(names)}</p>"
    yield "<table>"
    for status, answer in sorted(operation["responses"].items()):
        found = document["components"]["responses"][answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
        yield f"<tr><td>{status}<td>{escape(found['description'])}</tr>"
    yield "</table>"
