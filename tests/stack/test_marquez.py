"""Marquez's read endpoints on a real store: its shapes, its pages, and what is not carried."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from .api_process import Answer, Api, running_api
from .facts import put, running_store
from .marquez_facts import (
    DAILY,
    DATABASE,
    FIRST_RUN,
    LOAD,
    LOAD_RUN,
    ORDERS,
    REPORT,
    REPORT_RUN,
    SCHEDULER,
    SCHEMA,
    SQL,
    STATISTICS,
    facts,
)

pytestmark = pytest.mark.stack

RUN = """id createdAt updatedAt nominalStartTime nominalEndTime state startedAt endedAt durationMs args jobVersion
    inputDatasetVersions outputDatasetVersions facets"""
JOB = """id type name simpleName parentJobName parentJobUuid createdAt updatedAt namespace inputs outputs location description
    latestRun latestRuns facets currentVersion labels tags"""
DATASET = """id type name physicalName createdAt updatedAt namespace sourceName fields tags lastModifiedAt lastLifecycleState
    description currentVersion columnLineage facets deleted"""
DATASET_VERSION = """id type name physicalName createdAt version namespace sourceName fields tags lifecycleState description
    currentSchemaVersion createdByRun facets"""
JOB_VERSION = "id name createdAt version namespace location inputs outputs latestRun"
NODE = "id type data inEdges outEdges"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder: Path = tmp_path_factory.mktemp("marquez")
    with running_store(folder / "store") as settings:
        put(settings, facts())
        with running_api(settings, folder) as api:
            yield api


def of(*names: str) -> str:
    """A path of names, each encoded whole."""
    return "/api/v1/" + "/".join(quote(name, safe="") for name in names)


def has(found: Any, names: str) -> bool:
    """Whether these are all its fields."""
    return set(found) == set(names.split())


def read(api: Api, path: str, **given: str) -> Any:
    answer = api.get(path, given)
    assert answer.status == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json


def test_namespaces(api: Api) -> None:
    """Whatever something is named in, by name, with all that there are."""
    found = read(api, "/api/v1/namespaces", limit="2", offset="1")
    assert [one["name"] for one in found["namespaces"]] == ["designs", DATABASE]
    assert found["totalCount"] == 3
    assert found["namespaces"][1] == read(api, of("namespaces", DATABASE))
    assert set(found["namespaces"][1]) == {"name", "createdAt", "updatedAt", "ownerName", "description", "isHidden"}


def test_jobs(api: Api) -> None:
    """A job has what its newest successful run used, its runs and facets; names are taken whole."""
    job = read(api, of("namespaces", SCHEDULER, "jobs", LOAD))
    assert has(job, JOB)
    assert (job["simpleName"], job["parentJobName"], job["type"]) == ("load", "etl", "BATCH")
    assert job["inputs"] == [{"namespace": DATABASE, "name": ORDERS}]
    assert job["outputs"] == [{"namespace": DATABASE, "name": DAILY}]
    assert job["facets"] == {"sql": SQL}
    assert [run["id"] for run in job["latestRuns"]] == [LOAD_RUN, FIRST_RUN]
    assert job["latestRun"]["jobVersion"]["version"] == job["currentVersion"]
    listed = read(api, of("namespaces", SCHEDULER, "jobs"))
    assert [one["name"] for one in listed["jobs"]] == [LOAD, REPORT]
    assert listed["jobs"][0] == job
    assert listed["totalCount"] == 2
    assert read(api, of("namespaces", SCHEDULER, "jobs", REPORT))["currentVersion"] is None


def test_jobs_by_the_state_of_their_newest_run(api: Api) -> None:
    """lastRunStates picks among all jobs; a job by design is there without a run."""
    assert [one["name"] for one in read(api, "/api/v1/jobs")["jobs"]] == [LOAD, REPORT, "stream"]
    found = api.get("/api/v1/jobs", [("lastRunStates", "FAILED"), ("lastRunStates", "ABORTED")]).json
    assert ([one["name"] for one in found["jobs"]], found["totalCount"]) == ([REPORT], 1)
    stream = read(api, of("namespaces", "designs", "jobs", "stream"))
    assert (stream["type"], stream["latestRun"], stream["latestRuns"]) == ("STREAM", None, [])


def test_job_versions(api: Api) -> None:
    """By content, the newest first: another commit is another version, and each run knows its own."""
    path = of("namespaces", SCHEDULER, "jobs", LOAD, "versions")
    versions = read(api, path)["versions"]
    assert all(has(one, JOB_VERSION) for one in versions)
    assert [one["latestRun"]["id"] for one in versions] == [LOAD_RUN, FIRST_RUN]
    assert [one["latestRun"]["jobVersion"] for one in versions] == [one["id"] for one in versions]
    assert read(api, f"{path}/{versions[1]['version']}") == versions[1]
    assert read(api, path, limit="1", offset="1")["versions"] == versions[1:]


def test_runs(api: Api) -> None:
    """With versions that they read and wrote, and the facets of run, of its job and of each use."""
    listed = read(api, of("namespaces", SCHEDULER, "jobs", LOAD, "runs"), limit="1")
    assert (len(listed["runs"]), listed["totalCount"]) == (1, 2)
    run = read(api, of("jobs", "runs", LOAD_RUN))
    assert run == listed["runs"][0]
    assert has(run, RUN)
    assert (run["state"], run["durationMs"], run["args"]) == ("COMPLETED", 60_000, {"retries": "1"})
    assert run["startedAt"] == "2026-11-21T13:00:00Z"
    assert run["outputDatasetVersions"] == [
        {
            "datasetVersionId": {"namespace": DATABASE, "name": DAILY, "version": "2"},
            "facets": {"outputStatistics": STATISTICS},
        }
    ]
    nominal = {"nominalTime": {"nominalStartTime": "2026-11-21T00:00:00Z"}}
    assert run["facets"] == nominal
    facets = of("jobs", "runs", LOAD_RUN, "facets")
    assert read(api, facets, type="run") == {"runId": LOAD_RUN, "facets": nominal}
    assert read(api, facets, type="JOB") == {"runId": LOAD_RUN, "facets": {"sql": SQL}}
    assert read(api, of("jobs", "runs", REPORT_RUN))["state"] == "FAILED"


def test_datasets(api: Api) -> None:
    """With columns, their lineage, tags, source and facets."""
    dataset = read(api, of("namespaces", DATABASE, "datasets", DAILY))
    assert has(dataset, DATASET)
    assert [(field["name"], field["type"], field["description"]) for field in dataset["fields"]] == [
        ("day", "DATE", "local"),
        ("total", "NUMERIC", None),
    ]
    assert dataset["facets"]["schema"] == SCHEMA
    assert (dataset["sourceName"], dataset["currentVersion"], dataset["tags"]) == ("shop", "2", ["pii", "tier=gold"])
    assert [(one["name"], one["inputFields"][0]["field"]) for one in dataset["columnLineage"]] == [
        ("day", "placed"),
        ("total", "amount"),
    ]
    assert dataset["columnLineage"][1]["inputFields"] == [
        {
            "namespace": DATABASE,
            "dataset": ORDERS,
            "datasetVersion": None,
            "field": "amount",
            "transformationDescription": None,
            "transformationType": "AGGREGATION",
        }
    ]
    listed = read(api, of("namespaces", DATABASE, "datasets"), limit="1")
    assert (listed["datasets"], listed["totalCount"]) == ([dataset], 2)
    assert read(api, of("namespaces", DATABASE, "datasets", ORDERS))["id"] == {"namespace": DATABASE, "name": ORDERS}


def test_dataset_versions(api: Api) -> None:
    """Each with the run that made it and the facets that held then: the first had no schema yet."""
    path = of("namespaces", DATABASE, "datasets", DAILY, "versions")
    found = read(api, path)
    assert all(has(one, DATASET_VERSION) for one in found["versions"])
    assert [(one["version"], one["createdByRun"]["id"]) for one in found["versions"]] == [("2", LOAD_RUN), ("1", FIRST_RUN)]
    assert [[field["name"] for field in one["fields"]] for one in found["versions"]] == [["day", "total"], []]
    assert found["totalCount"] == 2
    assert read(api, f"{path}/2") == found["versions"][0]


def test_lineage(api: Api) -> None:
    """Up and down from a node, edges from data to job to data, and how far the answer can be trusted."""
    found = read(api, "/api/v1/lineage", nodeId=f"dataset:{DATABASE}:{DAILY}")
    orders, daily = f"dataset:{DATABASE}:{ORDERS}", f"dataset:{DATABASE}:{DAILY}"
    load, report = f"job:{SCHEDULER}:{LOAD}", f"job:{SCHEDULER}:{REPORT}"
    nodes = {node["id"]: node for node in found["graph"]}
    assert set(nodes) == {orders, daily, load, report}
    assert all(has(node, NODE) for node in found["graph"])
    assert nodes[load]["inEdges"] == [{"origin": orders, "destination": load}]
    assert nodes[load]["outEdges"] == [{"origin": load, "destination": daily}]
    assert nodes[daily]["outEdges"] == [{"origin": daily, "destination": report}]
    assert nodes[load]["type"] == "JOB" and has(nodes[load]["data"], JOB)
    assert nodes[daily]["type"] == "DATASET" and has(nodes[daily]["data"], DATASET)
    assert {name: found[name] for name in ("asOf", "truncated", "unresolved")} == {
        "asOf": None,
        "truncated": "",
        "unresolved": 1,
    }
    assert read(api, "/api/v1/lineage", nodeId=load)["graph"] == found["graph"]
    assert len(read(api, "/api/v1/lineage", nodeId=orders, depth="0")["graph"]) == 2


def test_column_lineage(api: Api) -> None:
    """Of a column, a dataset or a job; what decides about all columns is an input of each."""
    total = f"datasetField:{DATABASE}:{DAILY}:total"
    found = read(api, "/api/v1/column-lineage", nodeId=total)
    nodes = {node["id"].rpartition(":")[2]: node for node in found["graph"]}
    assert set(nodes) == {"total", "amount", "state"}
    assert (nodes["total"]["type"], nodes["total"]["data"]["fieldType"]) == ("DATASET_FIELD", "NUMERIC")
    assert [(one["field"], one["transformationType"]) for one in nodes["total"]["data"]["inputFields"]] == [
        ("amount", "AGGREGATION"),
        ("state", "FILTER"),
    ]
    assert nodes["total"]["inEdges"][0] == {"origin": total, "destination": nodes["amount"]["id"]}
    assert nodes["amount"]["outEdges"] == [{"origin": nodes["amount"]["id"], "destination": total}]
    whole = read(api, "/api/v1/column-lineage", nodeId=f"dataset:{DATABASE}:{DAILY}")
    assert len(whole["graph"]) == 5
    assert read(api, "/api/v1/column-lineage", nodeId=f"job:{SCHEDULER}:{LOAD}") == whole
    amount = f"datasetField:{DATABASE}:{ORDERS}:amount"
    assert len(read(api, "/api/v1/column-lineage", nodeId=amount)["graph"]) == 1
    assert len(read(api, "/api/v1/column-lineage", nodeId=amount, withDownstream="true")["graph"]) == 2
    assert read(api, "/api/v1/column-lineage", nodeId=f"{total}#2") == found


def test_upstream_runs(api: Api) -> None:
    """From a run to the one that made the version that it read."""
    found = read(api, "/api/v1/runlineage/upstream", runId=REPORT_RUN)["runs"]
    assert [(one["job"]["name"], one["run"]["id"], one["run"]["status"]) for one in found] == [
        (REPORT, REPORT_RUN, "FAILED"),
        (LOAD, LOAD_RUN, "COMPLETED"),
    ]
    assert found[0]["inputs"] == [{"namespace": DATABASE, "name": DAILY, "version": "2", "producedByRunId": LOAD_RUN}]
    assert found[1]["inputs"][0]["producedByRunId"] is None
    nearest = read(api, "/api/v1/runlineage/upstream", runId=REPORT_RUN, depth="0")
    assert (len(nearest["runs"]), nearest["truncated"]) == (1, "depth")


def test_events(api: Api) -> None:
    """As they came, the newest first or the oldest, between two times."""
    found = read(api, "/api/v1/events/lineage")
    assert [event["eventType"] for event in found["events"]] == ["COMPLETE", "START"]
    assert found["totalCount"] == 2
    assert read(api, "/api/v1/events/lineage", sortDirection="asc", limit="1")["events"] == found["events"][1:]
    before = read(api, "/api/v1/events/lineage", before="2026-11-21T13:01:00+00:00", after="2026-11-21T13:00:00Z")
    assert (before["events"], before["totalCount"]) == (found["events"][1:], 1)
    assert read(api, of("events", DATABASE))["events"] == []


def test_search(api: Api) -> None:
    """A part of a name, in any case, of jobs, datasets or both."""
    found = read(api, "/api/v1/search", q="DAILY")
    assert found["totalCount"] == 2
    assert [(one["type"], one["nodeId"]) for one in found["results"]] == [
        ("JOB", f"job:{SCHEDULER}:{REPORT}"),
        ("DATASET", f"dataset:{DATABASE}:{DAILY}"),
    ]
    assert read(api, "/api/v1/search", q="daily", filter="dataset", sort="update_at")["totalCount"] == 1
    assert read(api, "/api/v1/search", q="daily", namespace=DATABASE, before="2026-11-21")["totalCount"] == 0


def test_sources_and_tags(api: Api) -> None:
    """Sources are what datasets say, and their namespaces; tags are words."""
    sources = read(api, "/api/v1/sources")["sources"]
    assert [(one["name"], one["type"], one["connectionUrl"]) for one in sources] == [
        (DATABASE, "POSTGRES", DATABASE),
        ("shop", "POSTGRES", "postgres://db:5432/shop"),
    ]
    assert read(api, of("sources", "shop")) == sources[1]
    assert read(api, "/api/v1/tags") == {
        "tags": [{"name": "pii", "description": None}, {"name": "tier=gold", "description": None}]
    }


@pytest.mark.parametrize(("name", "total"), [("jobs", 3), ("datasets", 2), ("sources", 2)])
def test_totals(api: Api, name: str, total: int) -> None:
    """By the hour or the day, how many there were by then."""
    days = read(api, f"/api/v1/stats/{name}", period="WEEK", timezone="Asia/Kolkata")
    hours = read(api, f"/api/v1/stats/{name}", period="DAY")
    assert (len(days), len(hours)) == (7, 24)
    assert set(days[0]) == {"startInterval", "endInterval", "count"}
    assert all(one["count"] in (0, total) for one in [*days, *hours])


def test_event_stats(api: Api) -> None:
    """Events by type."""
    hours = read(api, "/api/v1/stats/lineage-events", period="day")
    assert len(hours) == 24
    assert set(hours[0]) == {"startInterval", "endInterval", "fail", "start", "complete", "abort"}


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.error


@pytest.mark.parametrize(
    "path",
    [
        of("namespaces", "nowhere"),
        of("namespaces", SCHEDULER, "jobs", "nothing"),
        of("namespaces", SCHEDULER, "jobs", LOAD, "versions", "0"),
        of("namespaces", DATABASE, "datasets", LOAD),
        of("namespaces", DATABASE, "datasets", DAILY, "versions", "3"),
        of("jobs", "runs", "nothing"),
        of("sources", "nothing"),
        "/api/v1/lineage?nodeId=dataset:postgres:nothing",
        f"/api/v1/column-lineage?nodeId=dataset:{quote(DATABASE)}:{quote(DAILY)}%2399",
        f"/api/v1/column-lineage?nodeId=datasetField:{quote(DATABASE)}:{quote(DAILY)}:nothing",
        "/api/v1/runlineage/upstream?runId=nothing",
        "/api/v2beta/search/jobs?q=x",
    ],
)
def test_what_is_not_there(api: Api, path: str) -> None:
    """404 in the one shape of errors."""
    assert refused(api.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces?limit=-1",
        "/api/v1/jobs?offset=x",
        "/api/v1/jobs?lastRunStates=LOST",
        "/api/v1/lineage",
        "/api/v1/lineage?nodeId=run:1",
        "/api/v1/lineage?nodeId=dataset:x",
        "/api/v1/column-lineage?nodeId=" + ":".join(["datasetField", *"x" * 60]),
        f"/api/v1/jobs/runs/{LOAD_RUN}/facets",
        f"/api/v1/jobs/runs/{LOAD_RUN}/facets?type=dataset",
        "/api/v1/events/lineage?sortDirection=up",
        "/api/v1/search",
        "/api/v1/search?q=x&filter=table",
        "/api/v1/stats/jobs?period=YEAR",
        "/api/v1/stats/jobs?period=WEEK&timezone=Mars",
    ],
)
def test_what_makes_no_sense(api: Api, path: str) -> None:
    """400 in the one shape of errors."""
    assert refused(api.get(path)) == (400, "bad_request")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", of("namespaces", DATABASE)),
        ("DELETE", of("namespaces", DATABASE)),
        ("PUT", of("namespaces", DATABASE, "datasets", DAILY)),
        ("POST", of("namespaces", DATABASE, "datasets", DAILY, "tags", "pii")),
        ("DELETE", of("namespaces", DATABASE, "datasets", DAILY, "fields", "day", "tags", "pii")),
        ("PUT", of("namespaces", SCHEDULER, "jobs", LOAD)),
        ("POST", of("namespaces", SCHEDULER, "jobs", LOAD, "runs")),
        ("POST", of("jobs", "runs", LOAD_RUN, "complete")),
        ("PUT", of("tags", "pii")),
        ("PUT", of("sources", "shop")),
    ],
)
def test_what_is_not_carried(api: Api, method: str, path: str) -> None:
    """Writes are refused, with what is done in their place."""
    answer = api.ask(method, path)
    assert refused(answer) == (501, "not_carried")
    assert "POST /api/v1/lineage" in answer.json["detail"]


HOSTILE = [
    "\x00",
    "a\\",
    "'; DROP TABLE x --",
    '"',
    "%",
    "%(a)s {x:String}",
    "\t\n\r",
    "\x1b[31m",
    "😀",
    "..",
    "#",
    "::" * 15,
    "a" * 5_000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_names_hold_any_text(api: Api, text: str) -> None:
    """Nothing that stands in a name is taken for anything else, nor ends in a failure."""
    paths = [
        of("namespaces", text),
        of("namespaces", text, "jobs", text),
        of("namespaces", DATABASE, "datasets", text),
        of("namespaces", DATABASE, "datasets", DAILY, "versions", text),
        of("jobs", "runs", text),
        of("sources", text),
    ]
    assert {api.get(path).status for path in paths} == {404}
    answers = [
        api.get("/api/v1/lineage", {"nodeId": f"dataset:{text}:{text}"}),
        api.get("/api/v1/column-lineage", {"nodeId": f"datasetField:{DATABASE}:{DAILY}:{text}"}),
        api.get("/api/v1/runlineage/upstream", {"runId": text}),
        api.get("/api/v1/search", {"q": text, "namespace": text}),
        api.get("/api/v1/stats/jobs", {"period": "DAY", "timezone": text}),
    ]
    assert {answer.status for answer in answers} <= {200, 400, 404}, [answer.text for answer in answers]


def test_same_guard(api: Api) -> None:
    """Without a token nothing is read or refused in particular."""
    assert api.ask("GET", "/api/v1/namespaces", token="wrong").status == 401
    assert api.ask("PUT", of("tags", "pii"), token="wrong").status == 401
