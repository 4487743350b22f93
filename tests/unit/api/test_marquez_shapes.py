"""Marquez's shapes, made from rows."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from leadline.api.marquez.dataset_versions import facets_then
from leadline.api.marquez.facets import FacetsOfRuns, Said
from leadline.api.marquez.fields import fields_of_facets
from leadline.api.marquez.graph import graph_nodes
from leadline.api.marquez.job_version import code_of, job_version
from leadline.api.marquez.jobs import JobFacts, job_shape, job_type
from leadline.api.marquez.node_rows import tag_names
from leadline.api.marquez.run_graph import Write, maker_of
from leadline.api.marquez.run_rows import IoRow, RunRow, run_shape
from leadline.api.marquez.shapes import Edge, Job
from leadline.api.marquez.stats import intervals
from leadline.core.clock import from_datetime, isoformat, to_datetime
from leadline.core.errors import UsageError
from leadline.history.nodes import Node

NOON = 1_795_262_400_000_000
NO_FACETS = FacetsOfRuns({}, {})


def run_row(**fields: Any) -> RunRow:
    row = RunRow(
        run_id="r",
        job_namespace="n",
        job_name="j",
        state="RUNNING",
        processing_type="",
        started_at=NOON,
        ended_at=None,
        nominal_at=None,
        nominal_end_at=None,
        parent_job_name="",
        duration_seconds=None,
        parameters={},
        code_repository="",
        code_path="",
        code_commit="",
        code_hash="",
        first_event_at=NOON,
        last_event_at=NOON,
    )
    return msgspec.structs.replace(row, **fields)


def io_row(name: str, direction: str = "INPUT", version: str = "") -> IoRow:
    return IoRow("r", "n", "j", direction, "DATASET", "d", name, version)


def test_a_run_in_marquez_own_words() -> None:
    """Camel case, times in UTC, null for what is not known, no version of the job while it runs."""
    found = msgspec.json.decode(msgspec.json.encode(run_shape(run_row(), [io_row("in")], NO_FACETS)))
    assert found == {
        "id": "r",
        "createdAt": "2026-11-21T12:00:00Z",
        "updatedAt": "2026-11-21T12:00:00Z",
        "nominalStartTime": None,
        "nominalEndTime": None,
        "state": "RUNNING",
        "startedAt": "2026-11-21T12:00:00Z",
        "endedAt": None,
        "durationMs": None,
        "args": {},
        "jobVersion": None,
        "inputDatasetVersions": [{"datasetVersionId": {"namespace": "d", "name": "in", "version": ""}, "facets": {}}],
        "outputDatasetVersions": [],
        "facets": {},
    }


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("RUNNING", "RUNNING"), ("COMPLETE", "COMPLETED"), ("FAIL", "FAILED"), ("ABORT", "ABORTED"), ("LOST", "FAILED")],
)
def test_states(ours: str, theirs: str) -> None:
    """Marquez knows no lost runs."""
    assert run_shape(run_row(state=ours), [], NO_FACETS).state == theirs


def test_facets_of_a_use_are_verbatim() -> None:
    """Those of what was read do not stand at what was written, and numbers stay as they were written."""
    facets = FacetsOfRuns({}, {(("n", "j", "r"), "INPUT", "d", "x"): {"f": msgspec.Raw(b'{"a": 1.50}')}})
    run = run_shape(run_row(), [io_row("x"), io_row("x", "OUTPUT")], facets)
    assert b'{"a": 1.50}' in msgspec.json.encode(run.input_dataset_versions)
    assert run.output_dataset_versions[0].facets == {}


def test_job_version_is_by_content() -> None:
    """The order and the repetition of what it uses make none; the source's hash counts for more than the commit."""
    read, written = ("INPUT", "DATASET", "d", "a"), ("OUTPUT", "DATASET", "d", "b")
    code = code_of("", "git", "job.py", "aaa")
    assert job_version("n", "j", code, [read, written]) == job_version("n", "j", code, [written, read, read])
    assert job_version("n", "j", code, [read]) != job_version("n", "j", code, [written])
    assert job_version("n", "j", code, []) != job_version("n", "j", code_of("", "git", "job.py", "bbb"), [])
    assert code_of("hash", "git", "job.py", "aaa") == code_of("hash", "git", "job.py", "bbb")


def job_node() -> Node:
    return Node("JOB", "n", "etl.load", "", "", "", "", "", "", {}, NOON, NOON)


def test_a_job_without_runs() -> None:
    """By design alone it is there."""
    job = job_shape(job_node(), JobFacts([], None, None, [], None, {}))
    assert (job.type, job.latest_run, job.latest_runs, job.current_version) == ("BATCH", None, [], None)
    assert (job.simple_name, job.parent_job_name, job.location) == ("etl.load", None, None)


@pytest.mark.parametrize(
    ("facet", "location"),
    [(b'{"url": "https://git/x"}', "https://git/x"), (b'{"url": 1}', None), (b"[]", None), (b"{}", None)],
)
def test_location_of_a_job(facet: bytes, location: str | None) -> None:
    """A facet that is not as OpenLineage has it is passed over."""
    known = JobFacts([], None, None, [], None, {"sourceCodeLocation": msgspec.Raw(facet)})
    assert job_shape(job_node(), known).location == location


def test_types_of_jobs() -> None:
    """What is not said is a batch."""
    assert [job_type(text) for text in ("", "BATCH", "streaming", "SERVICE")] == ["BATCH", "BATCH", "STREAM", "SERVICE"]


def test_tags_are_words() -> None:
    """With a value where there is one."""
    assert tag_names({"tier": "gold", "pii": "", "raw": "true"}) == ["pii", "raw", "tier=gold"]


def test_fields_have_the_tags_that_are_about_them() -> None:
    """And a schema that is none has no fields."""
    schema = msgspec.Raw(b'{"fields": [{"name": "a", "type": "INT"}, {"name": "b"}]}')
    tags = msgspec.Raw(b'{"tags": [{"key": "pii", "value": "", "field": "b"}, {"key": "x", "value": "y"}]}')
    assert [(one.name, one.type, one.tags) for one in fields_of_facets({"schema": schema, "tags": tags})] == [
        ("a", "INT", []),
        ("b", None, ["pii"]),
    ]
    assert fields_of_facets({"schema": msgspec.Raw(b'{"fields": 3}')}) == []


def test_facets_of_then() -> None:
    """Of each facet the content that was said last by then."""
    said = [Said("n", "d", "schema", value, first) for value, first in (('"new"', 3), ('"old"', 1))]
    assert {name: bytes(value) for name, value in facets_then(said, 2).items()} == {"schema": b'"old"'}
    assert bytes(facets_then(said, 3)["schema"]) == b'"new"'
    assert facets_then(said, 0) == {}


def write(run_id: str, at: int) -> Write:
    return Write("DATASET", "d", "x", "", "n", "maker", run_id, at)


def test_maker_of_an_unknown_version() -> None:
    """The run that wrote last before the reader ended, and never the reader itself."""
    writes = [write("late", 9), write("last", 5), write("first", 1)]
    assert maker_of(io_row("x"), 6, writes) == ("n", "maker", "last")
    assert maker_of(io_row("x"), 0, writes) is None
    itself = Write("DATASET", "d", "x", "", "n", "j", "r", 5)
    assert maker_of(io_row("x"), 6, [itself]) is None


def test_edges_stand_at_both_ends() -> None:
    """In at one node, out at the other."""
    job: Job = job_shape(job_node(), JobFacts([], None, None, [], None, {}))
    edge = Edge(origin="dataset:d:x", destination="job:n:etl.load")
    (node,) = graph_nodes({"job:n:etl.load": job}, [edge])
    assert (node.type, node.in_edges, node.out_edges) == ("JOB", [edge], [])


@pytest.mark.parametrize(
    ("period", "timezone", "number", "first", "last"),
    [
        ("DAY", "UTC", 24, "2026-11-20T13:00:00Z", "2026-11-21T13:00:00Z"),
        ("week", "UTC", 7, "2026-11-15T00:00:00Z", "2026-11-22T00:00:00Z"),
        ("WEEK", "Asia/Kolkata", 7, "2026-11-14T18:30:00Z", "2026-11-21T18:30:00Z"),
    ],
)
def test_intervals(period: str, timezone: str, number: int, first: str, last: str) -> None:
    """Without gaps, and the one that is under way is the last."""
    found = intervals(period, timezone, NOON + 1)
    assert len(found) == number
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert (isoformat(found[0][0]), isoformat(found[-1][1])) == (first, last)


def test_days_are_as_long_as_they_are() -> None:
    """The day on which clocks go back has 25 hours."""
    now = from_datetime(to_datetime(NOON).replace(month=10, day=26))
    lengths = [(end - begin) // 3_600_000_000 for begin, end in intervals("WEEK", "Europe/Berlin", now)]
    assert sorted(lengths) == [24] * 6 + [25]


@pytest.mark.parametrize(
    "wrong", [("YEAR", "UTC"), ("DAY", "Mars"), ("DAY", "../etc/passwd"), ("DAY", "Europe"), ("DAY", "a" * 5_000), ("DAY", "")]
)
def test_no_intervals(wrong: tuple[str, str]) -> None:
    """Another period, and what is no time zone."""
    with pytest.raises(UsageError):
        intervals(*wrong, NOON)
