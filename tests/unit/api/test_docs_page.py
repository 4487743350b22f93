"""What the API says of itself, for programs and for people."""

import re
from typing import Any

import pytest

from .served import Served


def test_every_path_that_is_described_is_there(api: Served) -> None:
    """With its method."""
    for path, methods in api.ask(method="GET", path="/openapi.json").json["paths"].items():
        for method in methods:
            assert api.ask(method=method.upper(), path=path).status not in (404, 405), path


def test_references_lead_somewhere(api: Served) -> None:
    """Within the document."""
    document = api.ask(method="GET", path="/openapi.json").json
    names = list(_references(document))
    assert names
    for name in names:
        assert name.startswith("#/components/")
        kind, _, of_kind = name.removeprefix("#/components/").partition("/")
        assert of_kind in document["components"][kind]


def _references(value: Any) -> Any:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def test_the_page_loads_nothing(api: Served) -> None:
    """It names every path; neither script, style nor picture comes from anywhere."""
    answer = api.ask(method="GET", path="/docs", token="")
    page = answer.data.decode()
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    for path in api.ask(method="GET", path="/openapi.json").json["paths"]:
        assert path in page
    assert not re.search(r"<(script|link|img|iframe)|\bsrc=|url\(|@import", page)


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json", "/metrics"])
def test_questions_are_asked_with_get(api: Served, path: str) -> None:
    """Anything else is refused, in the one shape."""
    assert api.ask(method="POST", path=path).error == "method_not_allowed"
