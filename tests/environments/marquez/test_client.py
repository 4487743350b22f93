"""Marquez's own Python client reads from Leadline: the API as a process, in front of a store; only the address is another.

Every method of the client that reads is called, and every one that writes is told what is done instead.
"""

import inspect
from collections.abc import Callable, Iterator

import marquez_client.client
import pytest
from marquez_client import MarquezClient
from marquez_client.errors import APIError
from marquez_client.models import DatasetType, JobType

from tests.stack.api_process import TOKEN, running_api
from tests.stack.facts import put, running_store
from tests.stack.marquez_facts import (
    DAILY,
    DATABASE,
    FIRST_RUN,
    LOAD,
    LOAD_RUN,
    ORDERS,
    REPORT,
    SCHEDULER,
    facts,
)

READS = {
    "get_namespace": lambda client: client.get_namespace(DATABASE)["name"] == DATABASE,
    "list_namespaces": lambda client: len(client.list_namespaces(limit=2, offset=1)["namespaces"]) == 2,
    "list_events": lambda client: (
        [event["eventType"] for event in client.list_events(limit=1)["events"]] == ["COMPLETE"]
        and len(client.list_events(SCHEDULER)["events"]) == 2
    ),
    "get_source": lambda client: client.get_source("shop")["connectionUrl"] == "postgres://db:5432/shop",
    "list_sources": lambda client: {one["name"] for one in client.list_sources()["sources"]} == {"shop", DATABASE},
    "get_dataset": lambda client: client.get_dataset(DATABASE, ORDERS)["id"] == {"namespace": DATABASE, "name": ORDERS},
    "get_dataset_version": lambda client: client.get_dataset_version(DATABASE, DAILY, "2")["createdByRun"]["id"] == LOAD_RUN,
    "list_dataset_versions": lambda client: (
        [one["version"] for one in client.list_dataset_versions(DATABASE, DAILY)["versions"]] == ["2", "1"]
    ),
    "list_datasets": lambda client: [one["name"] for one in client.list_datasets(DATABASE)["datasets"]] == [DAILY, ORDERS],
    "get_job": lambda client: client.get_job(SCHEDULER, REPORT)["latestRun"]["state"] == "FAILED",
    "list_jobs": lambda client: [one["name"] for one in client.list_jobs(SCHEDULER)["jobs"]] == [LOAD, REPORT],
    "list_job_runs": lambda client: (
        [one["id"] for one in client.list_job_runs(SCHEDULER, LOAD)["runs"]] == [LOAD_RUN, FIRST_RUN]
    ),
    "get_job_run": lambda client: client.get_job_run(LOAD_RUN)["jobVersion"]["name"] == LOAD,
    "get_column_lineage_by_dataset": lambda client: (
        len(client.get_column_lineage_by_dataset(DATABASE, DAILY, version="2")["graph"]) == 5
    ),
    "get_column_lineage_by_dataset_field": lambda client: (
        len(client.get_column_lineage_by_dataset_field(DATABASE, DAILY, "total", depth=1)["graph"]) == 3
    ),
    "get_column_lineage_by_job": lambda client: (
        len(client.get_column_lineage_by_job(SCHEDULER, LOAD, with_downstream=True)["graph"]) == 5
    ),
    "list_tags": lambda client: [one["name"] for one in client.list_tags()["tags"]] == ["pii", "tier=gold"],
}
WRITES = {
    "create_namespace": lambda client: client.create_namespace(DATABASE, "me"),
    "create_source": lambda client: client.create_source("shop", "postgresql", "jdbc:postgresql://db:5432/shop"),
    "create_dataset": lambda client: client.create_dataset(DATABASE, DAILY, DatasetType.DB_TABLE, DAILY, "shop"),
    "tag_dataset": lambda client: client.tag_dataset(DATABASE, DAILY, "pii"),
    "tag_dataset_field": lambda client: client.tag_dataset_field(DATABASE, DAILY, "total", "pii"),
    "create_job": lambda client: client.create_job(SCHEDULER, LOAD, JobType.BATCH),
    "create_job_run": lambda client: client.create_job_run(SCHEDULER, LOAD),
    "mark_job_run_as_started": lambda client: client.mark_job_run_as_started(LOAD_RUN),
    "mark_job_run_as_completed": lambda client: client.mark_job_run_as_completed(LOAD_RUN),
    "mark_job_run_as_failed": lambda client: client.mark_job_run_as_failed(LOAD_RUN),
    "mark_job_run_as_aborted": lambda client: client.mark_job_run_as_aborted(LOAD_RUN),
    "create_tag": lambda client: client.create_tag("pii"),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarquezClient]:
    folder = tmp_path_factory.mktemp("marquez")
    with running_store(folder / "store") as settings:
        put(settings, facts())
        with running_api(settings, folder) as api, pytest.MonkeyPatch.context() as patch:
            patch.setattr(marquez_client.client, "_HEADERS", dict(marquez_client.client._HEADERS))  # the client sets it for all
            yield MarquezClient(api.url, timeout_ms=60_000, api_key=TOKEN)


def test_no_method_is_left_out() -> None:
    """What the client can do is read or refused here."""
    methods = {name for name, _ in inspect.getmembers(MarquezClient, inspect.isfunction) if not name.startswith("_")}
    assert methods == READS.keys() | WRITES.keys()


@pytest.mark.filterwarnings("ignore:.*OpenLineage")
@pytest.mark.parametrize("name", READS)
def test_reads(client: MarquezClient, name: str) -> None:
    """The client gets what Leadline knows."""
    check: Callable[[MarquezClient], bool] = READS[name]
    assert check(client)


@pytest.mark.filterwarnings("ignore:.*OpenLineage")
@pytest.mark.parametrize("name", WRITES)
def test_is_refused(client: MarquezClient, name: str) -> None:
    """The client says so with its own error, behind which is what is done instead."""
    with pytest.raises(APIError) as refused:
        WRITES[name](client)
    answer = refused.value.__cause__.response
    assert (answer.status_code, answer.json()["error"]) == (501, "not_carried")
    assert "POST /api/v1/lineage" in answer.json()["detail"]


def test_lineage_of_what_the_client_lists(client: MarquezClient) -> None:
    """The client has no method for lineage; callers ask for it with a nodeId made of what it lists."""
    dataset = client.list_datasets(DATABASE)["datasets"][0]["id"]
    graph = client._get(client._url("/lineage"), params={"nodeId": f"dataset:{dataset['namespace']}:{dataset['name']}"})[
        "graph"
    ]
    assert {node["type"] for node in graph} == {"JOB", "DATASET"}
    assert len(graph) == 4
