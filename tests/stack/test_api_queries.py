"""Leadline's own queries over HTTP, on a real store: what the command line prints, and errors in one shape."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from starlette.requests import Request
from starlette.responses import Response

from leadline.api.errors import ApiError
from leadline.api.marquez.routes import QUESTIONS as MARQUEZ
from leadline.api.queries.answer import as_json
from leadline.api.queries.reader import Question, Reader
from leadline.api.queries.routes import PREFIX, QUERIES
from leadline.core.errors import Unavailable
from leadline.core.settings import Settings
from leadline.events.records import Event, Reading

from .api_process import Api, running_api
from .facts import HOUR, MINUTE, NOON, alert, change, edge, io, log_lines, metrics, owner, put, run_event, running_store

pytestmark = pytest.mark.stack

PREDICTIONS = [("kind", "DATASET"), ("namespace", "s3://lake"), ("name", "predictions")]
BAD, NOT_FOUND = (400, "bad_request"), (404, "not_found")
ANY_TEXT = 'a:b/c?d&e=f %2F \x1b[31m "quoted" 😀'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with running_store(tmp_path_factory.mktemp("store")) as settings:
        put(settings, _facts())
        yield settings


@pytest.fixture(scope="module")
def api(store: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(store, tmp_path_factory.mktemp("api")) as api:
        yield api


def _facts() -> Iterator[Event]:
    yield run_event("features", "f-0001", "START", NOON, inputs=[io("raw", version="v1")], outputs=[io("features")])
    yield run_event("features", "f-0001", "COMPLETE", NOON + MINUTE, code_hash="abcdef")
    yield run_event("score", "s-0001", "START", NOON + HOUR, inputs=[io("features")], outputs=[io("predictions")])
    yield run_event("score", "s-0001", "FAIL", NOON + HOUR + MINUTE, error_message="\x1b[31mNo such file")
    yield run_event("twin", "shared-id", "START", NOON)
    yield run_event("other twin", "shared-id", "START", NOON)
    yield run_event("any", "any-0001", "START", NOON, outputs=[io(ANY_TEXT)])
    yield edge("raw", "features", "features", NOON)
    yield edge("features", "predictions", "score", NOON + HOUR)
    yield edge("old", "features", "features", NOON - HOUR, NOON)
    yield change("features", "code.commit", "aaa", "bbb", NOON, run_id="f-0001")
    yield owner("DATASET", "s3://lake", "predictions", "ml-team", "+49 30 1")
    yield metrics("predictions", NOON, Reading(metric="mean", value=float("nan"), dims={"region": "eu"}))
    yield log_lines("score", "s-0001", ("INFO", "start"), ("ERROR", "broke"), at=NOON + HOUR)
    yield alert("aaaa-1", "eeee-1", "opened", NOON, job_namespace="airflow://prod", job_name="score", run_id="s-0001")


def command(store: Settings, *arguments: str) -> str:
    """What the command line prints."""
    done = subprocess.run(
        [sys.executable, "-m", "leadline.cli", *arguments],
        env={**os.environ, **store.to_environ()},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


SAME = {
    "nodes": ([("word", "lake"), ("word", "pred"), ("kind", "dataset")], ["lake", "pred", "--kind", "DATASET", "--json"]),
    "show": (PREDICTIONS, ["predictions", "--json"]),
    "runs": ([("state", "failed"), ("since", "2020-01-01")], ["--failed", "--since", "2020-01-01", "--json"]),
    "run": ([("id", "s-00")], ["s-00", "--json"]),
    "lineage": (
        [*PREDICTIONS, ("as_of", "2026-11-21T11:30Z"), ("depth", "3")],
        ["predictions", "--as-of", "2026-11-21T11:30Z", "--depth", "3", "--json"],
    ),
    "lineage down": ([*PREDICTIONS[:2], ("name", "raw"), ("direction", "down")], ["raw", "--down", "--json"]),
    "lineage between": (
        [*PREDICTIONS, ("to", "s3://lake/raw"), ("known_at", "2026-11-22")],
        ["predictions", "--to", "s3://lake/raw", "--known-at", "2026-11-22", "--json"],
    ),
    "lineage version": ([("node", "s3://lake/raw"), ("version", "v1")], ["s3://lake/raw", "--version", "v1", "--json"]),
    "explain": ([("id", "aaaa-1")], ["aaaa-1", "--json"]),
    "alerts": ([("which", "all"), ("limit", "5")], ["--all", "--limit", "5", "--json"]),
    "trend": (
        [("node", "predictions"), ("metric", "mean"), ("dim", "region=eu")],
        ["predictions", "mean", "--dim", "region=eu", "--json"],
    ),
    "logs": ([("id", "s-0001"), ("level", "ERROR")], ["s-0001", "--level", "ERROR", "--json"]),
}


@pytest.mark.parametrize("name", SAME)
def test_what_the_command_prints(store: Settings, api: Api, name: str) -> None:
    """GET /api/v1/leadline/COMMAND gives, byte for byte, what COMMAND --json prints."""
    asked, arguments = SAME[name]
    name = name.split(maxsplit=1)[0]
    answer = api.get(f"/api/v1/leadline/{name}", asked)
    assert answer.status == 200, answer.text
    assert len(answer.text) > 50
    assert answer.text == command(store, name, *arguments)


def test_explanation_is_text_where_it_is_asked_for(store: Settings, api: Api) -> None:
    """By Accept or by format; what steers a terminal is written out."""
    path = "/api/v1/leadline/explain"
    text = api.get(path, {"id": "s-0001", "format": "text"})
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert "\x1b" not in text.text
    assert "\\u001b[31mNo such file" in text.text
    assert api.get(path, {"id": "s-0001"}, Accept="text/plain").text == text.text
    assert api.get(path, {"id": "s-0001"}, Accept="*/*").json["failure"]["run"]["run_id"] == "s-0001"


def test_lineage_says_how_far_it_can_be_trusted(api: Api) -> None:
    """as_of, watermark, truncated and unresolved are in the answer; an edge of then is there then and not now."""
    near = api.get("/api/v1/leadline/lineage", [*PREDICTIONS, ("depth", "1")]).json
    assert (near["as_of"], near["watermark"], near["truncated"]) == (None, None, "depth")
    assert api.get("/api/v1/leadline/lineage", PREDICTIONS).json["unresolved"] == 1
    features = [("node", "s3://lake/features")]
    assert "old" not in api.get("/api/v1/leadline/lineage", features).text
    assert '"old"' in api.get("/api/v1/leadline/lineage", [*features, ("as_of", "2026-11-21T11:30:00Z")]).text


def test_names_hold_any_text(api: Api) -> None:
    """A node is found by its exact name, whatever is in it."""
    asked = {"kind": "DATASET", "namespace": "s3://lake", "name": ANY_TEXT}
    assert api.get("/api/v1/leadline/show", asked).json["node"]["name"] == ANY_TEXT


@pytest.mark.parametrize(
    ("path", "asked", "refused", "said"),
    [
        ("nodes", {"limit": "0"}, BAD, "limit"),
        ("nodes", {"kind": "TABLE"}, BAD, "DATASET"),
        ("nodes", {"q": "x"}, BAD, "`q`"),
        ("runs", {"since": "yesterday"}, BAD, "since"),
        ("runs", [("limit", "1"), ("limit", "2")], BAD, "2 times"),
        ("run", {}, BAD, "`id`"),
        ("run", {"id": "nowhere"}, NOT_FOUND, "nowhere"),
        ("run", {"id": "shared-id"}, BAD, "several runs"),
        ("show", {"kind": "DATASET", "name": "predictions"}, BAD, "namespace"),
        ("show", {"kind": "TABLE", "namespace": "n", "name": "m"}, BAD, "TABLE"),
        ("show", {"node": "nothing like it"}, NOT_FOUND, "no node fits"),
        ("lineage", {"node": "predictions", "column": "x", "version": "1"}, BAD, "exclude"),
        ("lineage", {"node": "predictions", "direction": "left"}, BAD, "direction"),
        ("trend", {"node": "predictions", "metric": "mean", "dim": "eu"}, BAD, "KEY=VALUE"),
        ("alerts", {"since": "7d"}, BAD, "which=all"),
        ("explain", {"id": "zzzz-1"}, NOT_FOUND, "zzzz-1"),
        ("elsewhere", {}, NOT_FOUND, "elsewhere"),
    ],
)
def test_errors_have_one_shape(
    api: Api, path: str, asked: dict[str, str] | list[tuple[str, str]], refused: tuple[int, str], said: str
) -> None:
    """A code for programs, a sentence for people that names the fault."""
    answer = api.get(f"/api/v1/leadline/{path}", asked)
    assert (answer.status, answer.error) == refused
    assert said in answer.json["detail"]


def test_same_guard(api: Api) -> None:
    """Without a token nothing is read, nor by pages of other sites."""
    assert api.ask("GET", "/api/v1/leadline/nodes", token="wrong").status == 401
    assert api.get("/api/v1/leadline/nodes", Origin="https://example.org").status == 403


def test_many_at_once(api: Api) -> None:
    """More requests than are asked at once wait for their turn, each with its own answer."""
    with ThreadPoolExecutor(40) as pool:
        found = list(pool.map(lambda n: api.get("/api/v1/leadline/nodes", {"limit": str(n % 3 + 1)}), range(80)))
    assert [len(answer.json) for answer in found] == [n % 3 + 1 for n in range(80)]


def test_store_away(store: Settings, tmp_path: Path) -> None:
    """503 with a sentence that names the store, and Retry-After."""
    away = Settings(clickhouse="http://127.0.0.1:9", data=store.data)
    with running_api(away, tmp_path) as api:
        answer = api.get("/api/v1/leadline/nodes")
        assert (answer.status, answer.error) == (503, "unavailable")
        assert "http://127.0.0.1:9" in answer.json["detail"]
        assert answer.headers["retry-after"]


REQUEST = Request({"type": "http", "query_string": b"", "headers": []})


def test_who_waits_too_long_is_told_to_come_again(store: Settings) -> None:
    """429 while all turns are taken; whoever has one gets the answer."""
    begun, go = threading.Event(), threading.Event()

    def slow(_client: Client, _request: Request) -> Response:
        begun.set()
        assert go.wait(30)
        return as_json([])

    async def ask() -> None:
        endpoint = Reader(store, at_once=1, patience_seconds=0.05).endpoint(slow)
        first = asyncio.ensure_future(endpoint(REQUEST))
        assert await asyncio.to_thread(begun.wait, 30)
        with pytest.raises(ApiError) as busy:
            await endpoint(REQUEST)
        go.set()
        assert (await first).status_code == 200
        assert (busy.value.status, busy.value.error) == (429, "busy")

    asyncio.run(ask())


def test_what_the_store_refuses(store: Settings) -> None:
    """Is no fault of who asks, nor something that is not there."""

    def wrong(client: Client, _request: Request) -> Response:
        return as_json(client.query("SELECT nothing").result_rows)

    with pytest.raises(ApiError) as refused:
        asyncio.run(_asked(store, wrong))
    assert (refused.value.status, refused.value.error) == (500, "store_refused")


def test_an_api_without_a_store() -> None:
    """Says which setting is missing."""
    with pytest.raises(Unavailable, match="CLICKHOUSE"):
        asyncio.run(_asked(Settings(), lambda _client, _request: as_json([])))


async def _asked(settings: Settings, question: Question) -> Response:
    return await Reader(settings).endpoint(question)(REQUEST)


def test_what_is_described_is_asked_as_it_is_described(api: Api) -> None:
    """Each path of openapi.json that reads is there and takes the parameters that it names; /docs names them all."""
    described = api.get("/openapi.json").json["paths"]
    reads = {path: found["get"] for path, found in described.items() if "Questions" in found.get("get", {}).get("tags", ())}
    assert f"{PREFIX}/lineage" in reads and len(reads) == len(QUERIES)
    for path, operation in reads.items():
        assert {one["name"] for one in operation["parameters"]} == set(QUERIES[path.rpartition("/")[2]].of.__struct_fields__)
    marquez = [path for path, found in described.items() if "Marquez" in found.get("get", {}).get("tags", ())]
    assert len(marquez) == len(MARQUEZ)
    page = api.get("/docs").text
    assert all(path in page for path in [*reads, *marquez])
