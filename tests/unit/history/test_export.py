"""The export as OpenLineage's events: valid by its schema, and read by our own ingress to the same edges."""

import json
from collections.abc import Iterable
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # no stubs are locked
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.adapters.openlineage import check, decode, to_events
from leadline.core.clock import isoformat
from leadline.events.records import EdgeObserved, EntityReported, JobDeclared
from leadline.history.document import to_json
from leadline.history.export.graph import Graph, GraphEdge, GraphNode
from leadline.history.export.openlineage import job_events, untold
from leadline.history.fine_lineage import How
from leadline.history.lineage import JobUse
from leadline.history.node import NodeRef, job
from leadline.lineage.graph import step

NOON = 1_795_262_400_000_000
SCHEMA = json.loads((Path(__file__).parent / "OpenLineage-2-0-2.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6)
"""All but what the ingress refuses in a name."""
DATA = st.one_of(
    st.builds(NodeRef, st.sampled_from(["DATASET", "ARTIFACT", "MODEL", "FEATURE_VIEW"]), st.just("s3://lake"), NAMES),
    st.builds(NodeRef, st.just("MODEL"), st.just("mlflow://prod"), NAMES),
)
HOWS = st.builds(How, st.sampled_from(["DIRECT", "INDIRECT"]), st.sampled_from(["IDENTITY", "FILTER", ""]), st.booleans())


def edge(
    maker: NodeRef, source: NodeRef, target: NodeRef, source_field: str = "", target_field: str = "", *how: How
) -> GraphEdge:
    granularity = "COLUMN" if source_field else "JOB"
    return GraphEdge(granularity, source, source_field, target, target_field, maker, NOON, None, NOON, how)


@st.composite
def jobs(draw: st.DrawFn) -> list[GraphEdge]:
    """Of a few jobs: every output from every input, and some of their columns."""
    found = []
    for name in draw(st.lists(NAMES, unique=True, min_size=1, max_size=3)):
        maker = job("airflow://prod", name)
        # OpenLineage knows data by namespace and name alone: of one kind within a job, whether read or written.
        data = draw(st.lists(DATA, unique_by=lambda ref: (ref.namespace, ref.name), min_size=1, max_size=4))
        inputs, outputs = (draw(st.lists(st.sampled_from(data), unique=True, min_size=1, max_size=3)) for _ in "io")
        found += [edge(maker, source, target) for source in inputs for target in outputs]
        columns = st.tuples(st.sampled_from(inputs), st.sampled_from(outputs), NAMES, NAMES | st.just(""))
        for source, target, from_field, to_field in draw(st.lists(columns, unique=True, max_size=4)):
            found.append(edge(maker, source, target, from_field, to_field, *draw(st.lists(HOWS, max_size=2))))
    return found


def graph(edges: Iterable[GraphEdge], *nodes: GraphNode, uses: list[JobUse] | None = None) -> Graph:
    return Graph(None, None, None, list(nodes), list(edges), uses or [])


def taken_in(exported: Graph) -> list[EdgeObserved]:
    """Through JSON, the schema, the ingress's own check and mapping, and the lineage processor."""
    observed = []
    for event in job_events(exported, NOON):
        line = to_json(event)
        VALIDATOR.validate(json.loads(line))
        document = decode(line.encode())
        assert check(document) == []
        assert isinstance(document, dict)
        for made in to_events(document):
            if isinstance(made, JobDeclared):
                observed += [found for found in step(None, made, NOON)[1] if isinstance(found, EdgeObserved)]
    return observed


def key(found: EdgeObserved) -> tuple[object, ...]:
    return (
        found.granularity,
        NodeRef(found.source_kind, found.source_namespace, found.source_name),
        found.source_field,
        NodeRef(found.target_kind, found.target_namespace, found.target_name),
        found.target_field,
        job(found.job_namespace, found.job_name),
        frozenset((how.type, how.subtype, how.masking) for how in found.transformations),
    )


def exported_key(found: GraphEdge) -> tuple[object, ...]:
    hows = frozenset((how.type, how.subtype, how.masking) for how in found.transformations)
    return (found.granularity, found.source, found.source_field, found.target, found.target_field, found.job, hows)


@given(jobs())
@settings(max_examples=200)
def test_a_round_trip_gives_the_same_edges(edges: list[GraphEdge]) -> None:
    """Of jobs and of columns, whatever the names."""
    assert {key(found) for found in taken_in(graph(edges))} == {exported_key(found) for found in edges}
    assert untold(graph(edges)).pairs == 0


@given(jobs(), st.randoms(use_true_random=False))
def test_what_cannot_be_told_is_counted(edges: list[GraphEdge], random: object) -> None:
    """Where some edges of a job are missing, all of the others come back, and so many more as were said."""
    pairs = [found for found in edges if found.granularity == "JOB"][::2]
    back = {key(found) for found in taken_in(graph(pairs))}
    assert back >= {exported_key(found) for found in pairs}
    assert len(back) - len(pairs) == untold(graph(pairs)).pairs


def test_jobs_without_edges() -> None:
    """Of one that only writes, or only reads, that is told; of one whose edges have ended nothing."""
    raw, clean = NodeRef("DATASET", "s3://lake", "raw"), NodeRef("DATASET", "s3://lake", "clean")
    ingest, old = job("a", "ingest"), job("a", "old")
    uses = [JobUse(ingest, raw, "OUTPUT"), JobUse(old, raw, "INPUT"), JobUse(old, clean, "OUTPUT")]
    first, second = job_events(graph([], uses=uses), NOON)
    assert [one["name"] for one in first["outputs"]] == ["raw"]
    assert (first["eventTime"], first["inputs"]) == (isoformat(NOON), [])
    assert (second["inputs"], second["outputs"]) == ([], [])


def test_owners_come_along() -> None:
    """Of jobs and of data, as the facets that the ingress takes them from."""
    maker, raw, clean = job("a", "make"), NodeRef("DATASET", "s3://lake", "raw"), NodeRef("DATASET", "s3://lake", "clean")
    nodes = [GraphNode("JOB", "a", "make", "ada", "", "Makes"), GraphNode("DATASET", "s3://lake", "clean", "bob")]
    (event,) = job_events(graph([edge(maker, raw, clean)], *nodes), NOON)
    told = [made for made in to_events(event) if isinstance(made, EntityReported)]
    assert {(one.name, one.aspect, *one.values.values()) for one in told} == {
        ("make", "ownership", "ada"),
        ("make", "documentation", "Makes"),
        ("clean", "ownership", "bob"),
    }
