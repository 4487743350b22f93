"""Routes whose parameters hold any text."""

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from leadline.api.marquez.encoded_route import EncodedRoute


async def _nothing(_request: Request) -> Response:
    return Response()


ROUTE = EncodedRoute("/namespaces/{namespace}/jobs/{job}", _nothing, methods=["GET"])


@given(st.text(min_size=1), st.text(min_size=1))
def test_names_come_back(namespace: str, job: str) -> None:
    """Whatever was encoded is there again, slashes and percent signs among it."""
    path = f"/namespaces/{quote(namespace, safe='')}/jobs/{quote(job, safe='')}"
    match, found = ROUTE.matches({"type": "http", "method": "GET", "path": "/", "raw_path": path.encode()})
    assert match is Match.FULL
    assert found["path_params"] == {"namespace": namespace, "job": job}


def test_a_slash_that_is_one_divides() -> None:
    """What was not encoded is another path."""
    scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/namespaces/s3://lake/jobs/x"}
    assert ROUTE.matches(scope)[0] is Match.NONE
