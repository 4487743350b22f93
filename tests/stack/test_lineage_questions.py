"""Lineage asked by column, by version, between two nodes, as it was and as it was known."""

import json
import sys
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client
from msgspec.structs import replace

from leadline.cli import main
from leadline.cli.lineage import draw
from leadline.core.errors import UsageError
from leadline.core.settings import Settings
from leadline.events.records import EdgeObserved, EntityReported, Event, Transformation
from leadline.history.connection import reading
from leadline.history.edges import Times
from leadline.history.fine_lineage import Point, fine_walk
from leadline.history.lineage import Lineage, walk
from leadline.history.node import NodeRef
from leadline.history.nodes import resolve, with_owners
from leadline.history.paths import between

from .facts import DAY, HOUR, JOBS, MINUTE, NOON, edge, io, owner, put, run_event, running_store

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """raw -> clean -> features -> scores, and raw -> report; scores is read from clean too; a wide fan of its own."""
    with running_store(tmp_path_factory.mktemp("questions")) as settings:
        put(settings, _edges())
        put(settings, [owner("DATASET", "s3://lake", "scores", "team-scores")])
        # Known a day later: the edge from raw to clean held only until then.
        put(settings, [replace(edge("raw", "clean", "clean", NOON, NOON + HOUR), revision=2)], NOON + DAY)
        put(settings, [replace(edge("crm", "clean", "clean", NOON + HOUR), revision=2)], NOON + DAY)
        yield settings


def _edges() -> Iterator[Event]:
    for source, target in (
        ("raw", "clean"),
        ("clean", "features"),
        ("features", "scores"),
        ("clean", "scores"),
        ("raw", "report"),
    ):
        yield edge(source, target, target, NOON)
    yield _column("raw.name", "clean.name", "DIRECT/IDENTITY")
    yield _column("clean.name", "features.name_hash", "DIRECT/TRANSFORMATION", masking=True)
    yield _column("clean.age", "features.", "INDIRECT/FILTER")
    yield _column("features.name_hash", "scores.score")
    yield _version("features", "1", "model", "7", "train-1")
    yield _version("model", "7", "scores", "2026-11-21", "score-1")
    yield _version("model", "8", "scores", "2026-11-22", "score-2")
    yield run_event("ingest", "i-1", "START", NOON, outputs=[io("raw"), *map(io, ("clean", "features", "report"))])


def _column(source: str, target: str, how: str = "", *, masking: bool = False) -> EdgeObserved:
    (source_name, source_field), (target_name, target_field) = source.split("."), target.split(".")
    ways = [Transformation(type=how.split("/", maxsplit=1)[0], subtype=how.split("/")[1], masking=masking)] if how else []
    return replace(
        edge(source_name, target_name, target_name, NOON),
        event_id=f"{source}>{target}",
        granularity="COLUMN",
        source_field=source_field,
        target_field=target_field,
        transformations=ways,
    )


def _version(source: str, source_version: str, target: str, target_version: str, run: str) -> EdgeObserved:
    return replace(
        edge(source, target, target, NOON),
        event_id=f"{source}@{source_version}>{target}@{target_version}",
        granularity="RUN",
        source_version=source_version,
        target_version=target_version,
        run_id=run,
    )


@pytest.fixture(scope="module")
def client(store: Settings) -> Iterator[Client]:
    with reading(store) as client:
        yield client


def data(name: str) -> NodeRef:
    return NodeRef("DATASET", "s3://lake", name)


def names(found: Lineage) -> set[str]:
    return {reached.name for reached in found.nodes if reached.kind != "JOB"}


def columns(client: Client, of: str, up: bool) -> dict[str, int]:
    name, field = of.split(".")
    found = fine_walk(client, Point(data(name), field), "up" if up else "down", "COLUMN")
    assert found.truncated == ""
    return {f"{point.node.name}.{point.part}": distance for point, distance in found.distances}


def test_a_column_is_followed_to_its_sources(client: Client) -> None:
    """Through every hop, with the columns that decided which rows there are."""
    assert columns(client, "scores.score", up=True) == {
        "features.name_hash": 1,
        "clean.name": 2,
        "clean.age": 2,
        "raw.name": 3,
    }


def test_a_column_is_followed_to_what_it_decides(client: Client) -> None:
    """A filter reaches all columns of its target, and so all that any of them makes."""
    assert columns(client, "clean.age", up=False) == {"features.": 1, "scores.score": 2}
    assert columns(client, "raw.name", up=False) == {"clean.name": 1, "features.name_hash": 2, "scores.score": 3}


def test_transformations_come_with_the_edge(client: Client) -> None:
    """How a value came over, and that it cannot be seen any more."""
    found = fine_walk(client, Point(data("features"), "name_hash"), "up", "COLUMN", depth=1)
    (edge,) = [edge for edge in found.edges if edge.source.part == "name"]
    assert [(how.type, how.subtype, how.masking) for how in edge.transformations] == [("DIRECT", "TRANSFORMATION", True)]
    assert found.truncated == "depth"


def test_a_version_is_followed_through_its_runs(client: Client) -> None:
    """What version 7 was trained on and scored, and nothing of version 8."""
    seven = Point(data("model"), "7")
    up, down = fine_walk(client, seven, "up", "RUN"), fine_walk(client, seven, "down", "RUN")
    assert [(point.node.name, point.part) for point, _ in up.distances] == [("features", "1")]
    assert [(point.node.name, point.part) for point, _ in down.distances] == [("scores", "2026-11-21")]
    assert {edge.run_id for edge in (*up.edges, *down.edges)} == {"train-1", "score-1"}


def test_what_lies_between_two_nodes(client: Client) -> None:
    """Every way, not one of them; and nothing beside them."""
    found = between(walk(client, data("clean"), "down"), walk(client, data("scores"), "up"))
    assert names(found) == {"features", "scores"}
    assert {(edge.source.name, edge.target.name) for edge in found.edges} == {
        ("clean", "features"),
        ("clean", "scores"),
        ("features", "scores"),
    }
    assert between(walk(client, data("report"), "down"), walk(client, data("scores"), "up")).nodes == []


def test_as_it_was_and_as_it_was_known(client: Client) -> None:
    """Two axes: a correction that became known later changes what was, never what was known."""
    made_from = {
        (as_of, known_at): names(walk(client, data("clean"), "up", as_of=as_of, known_at=known_at))
        for as_of in (None, NOON, NOON + 2 * HOUR)
        for known_at in (None, NOON + HOUR)
    }
    assert made_from == {
        (None, None): {"crm"},
        (None, NOON + HOUR): {"raw"},
        (NOON, None): {"raw"},
        (NOON, NOON + HOUR): {"raw"},
        (NOON + 2 * HOUR, None): {"crm"},
        (NOON + 2 * HOUR, NOON + HOUR): {"raw"},
    }


def test_since_leaves_out_what_no_run_confirmed(client: Client) -> None:
    """What was last seen before is not part of the answer."""
    assert names(walk(client, data("clean"), "up", since=NOON + HOUR)) == {"crm"}
    assert names(walk(client, data("features"), "up", since=NOON + HOUR)) == set()


def test_columns_as_known_then(client: Client) -> None:
    """The same axes hold below the level of jobs."""
    before = Times(known_at=NOON - HOUR)
    assert fine_walk(client, Point(data("scores"), "score"), "up", "COLUMN", times=before).distances == []


def test_other_names_are_one_node(store: Settings, client: Client) -> None:
    """A walk goes on from every name of what it comes to, says why they are one, and forgets it when that is taken back."""
    named = EntityReported(
        event_id="alias-1",
        event_time=NOON,
        producer="tests/1",
        source="glue",
        kind="DATASET",
        namespace="glue",
        name="db.renamed",
        aspect="alias",
        values={"kind": "DATASET", "namespace": "s3://lake", "name": "renamed", "reason": "TABLE"},
    )
    first, second = edge("origin", "renamed", "first", NOON), edge("renamed", "end", "second", NOON)
    put(store, [named, first, replace(second, source_namespace="glue", source_name="db.renamed")])
    found = walk(client, data("end"), "up")
    assert {(reached.name, reached.distance) for reached in found.nodes if reached.kind != "JOB"} == {
        ("db.renamed", 1),
        ("renamed", 1),
        ("origin", 2),
    }
    assert [(alias.other.name, alias.node.name, alias.reason, alias.source) for alias in found.aliases] == [
        ("db.renamed", "renamed", "TABLE", "glue")
    ]
    assert found.unresolved == 1
    drawn = "\n".join(draw(found))
    assert "= renamed (TABLE, said by glue)" in drawn
    assert drawn.index("db.renamed") < drawn.index("origin")
    assert names(walk(client, data("end"), "up", as_of=NOON - HOUR)) == set()
    put(store, [replace(named, event_id="alias-2", event_time=NOON + HOUR, values={}, deleted=True)])
    assert names(walk(client, data("end"), "up")) == {"db.renamed"}


def test_impact_says_whose_it_is(client: Client) -> None:
    """Each node downstream with its owner, where one is known."""
    found = with_owners(client, walk(client, data("features"), "down"))
    assert {(reached.name, reached.owner) for reached in found.nodes if reached.kind != "JOB"} == {("scores", "team-scores")}


def test_the_command_draws_them(store: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """What a person sees; a way from the end to the beginning is found too, and where there is none it is said."""
    monkeypatch.setenv("CLICKHOUSE", store.clickhouse)
    monkeypatch.setenv("CLICKHOUSE_USER", store.clickhouse_user)
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", store.clickhouse_password)
    monkeypatch.setenv("LEADLINE_DATA", str(store.data / "elsewhere"))

    def drawn(*arguments: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["leadline", "lineage", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfd.readouterr()
        assert int(end.value.code or 0) == code, err
        return out + err

    column = drawn("features", "--column", "name_hash")
    assert "clean name" in column
    assert "by features: DIRECT/TRANSFORMATION masked" in column
    assert "model 7" in drawn("scores", "--version", "2026-11-21")
    assert "run score-1" in drawn("scores", "--version", "2026-11-21")
    assert "team-scores" in drawn("clean", "--down")
    assert drawn("scores", "--to", "clean") == drawn("clean", "--to", "scores")
    assert "no way leads" in drawn("report", "--to", "scores", code=1)
    assert "exclude each other" in drawn("clean", "--to", "scores", "--column", "x", code=2)
    assert "as known at" in drawn("clean", "--known-at", "2026-11-21T13:00")


def test_a_fan_of_ten_thousand_columns(store: Settings) -> None:
    """It ends, within its bounds, and says that there is more."""
    put(store, (_column(f"wide.c{n}", "hub.x") for n in range(100)))
    put(store, [replace(_column("hub.x", "hub2.y"), event_id="cycle"), _column("hub2.y", "hub.x")])
    with reading(store) as client:
        found = fine_walk(client, Point(data("hub"), "x"), "up", "COLUMN", max_points=50)
        assert (len(found.distances), found.truncated) == (50, "nodes")
        cycle = fine_walk(client, Point(data("hub2"), "y"), "down", "COLUMN")
        assert [point.part for point, _ in cycle.distances] == ["x"]


def test_a_job_of_the_same_name_has_no_columns(store: Settings, client: Client) -> None:
    """features is a job too: where a column or a version is asked, the data is meant; else both are listed."""
    put(store, [run_event("features", "f-1", "START", NOON)])
    assert resolve(client, "features", data=True) == data("features")
    with pytest.raises(UsageError, match="several nodes fit 'features'"):
        resolve(client, "features")


def test_temporary_data_is_left_out_of_the_picture_alone(
    store: Settings, client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tree goes on behind it, also where it comes back to itself; --temporary and --json have it."""
    staged = "sold__dbt_tmp"
    put(store, [edge("till", staged, "stage", NOON), edge(staged, staged, "merge", NOON), edge(staged, "sold", "swap", NOON)])
    put(store, [run_event("swap", "swap-1", "COMPLETE", NOON, outputs=[io("sold")])])
    put(store, [edge(staged, "audit", "look", NOON), edge("audit", "sold", "swap", NOON)])
    for name in ("CLICKHOUSE", "CLICKHOUSE_USER", "CLICKHOUSE_PASSWORD"):
        monkeypatch.setenv(name, store.to_environ()[name])

    def asked(*options: str) -> str:
        monkeypatch.setattr(sys, "argv", ["leadline", "lineage", "s3://lake/sold", *options])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return capsys.readouterr().out

    drawn = asked()
    assert staged not in drawn
    assert all(name in drawn for name in ("swap", "stage", "merge", "till", "look", "audit"))
    assert "temporary data left out: 1; --temporary draws it" in drawn
    assert drawn.count("till") == 1
    assert staged in asked("--temporary")
    assert "left out" not in asked("--temporary")
    marked = {node["name"]: node["temporary"] for node in json.loads(asked("--json"))["nodes"]}
    assert marked[staged] and not marked["till"]
    assert staged in draw_of(client, staged), "what is asked about is drawn, whatever it is"


def draw_of(client: Client, name: str) -> str:
    return "\n".join(draw(walk(client, data(name), "up")))


def alias_of(name: str, other: str, at: int, **more: object) -> EntityReported:
    """The table `other` of a catalogue is the dataset `name`."""
    return EntityReported(
        event_id=f"alias/{other}/{at}",
        event_time=at,
        producer="t/1",
        source="glue",
        kind="DATASET",
        namespace="glue",
        name=other,
        aspect="alias",
        values={"kind": "DATASET", "namespace": "s3://lake", "name": name, "reason": "TABLE"},
        **more,  # type: ignore[arg-type]
    )


def test_what_is_said_of_names_later_changes_nothing_of_before(store: Settings, client: Client) -> None:
    """Said again, or taken back: what the names meant then, and what was known of them then, stays."""
    table = NodeRef("DATASET", "glue", "db.visits")
    put(store, [edge("clicks", "visits", "count", NOON), alias_of("visits", "db.visits", NOON)])

    def asked() -> list[set[str]]:
        times: list[dict[str, int]] = [{"as_of": NOON + HOUR}, {"known_at": NOON + HOUR}]
        return [names(walk(client, table, "up", **one)) for one in times]  # type: ignore[arg-type]

    before = asked()
    assert before == [{"visits", "clicks"}] * 2
    put(store, [alias_of("visits", "db.visits", NOON + 2 * HOUR)], NOON + DAY)
    assert asked() == before
    put(store, [alias_of("visits", "db.visits", NOON + 3 * HOUR, deleted=True)], NOON + DAY)
    assert asked() == before
    assert names(walk(client, table, "up")) == set()


def test_what_is_used_or_confirmed_later_changes_nothing_of_before(store: Settings, client: Client) -> None:
    """Of jobs that only write: what was used and known by then. Of edges: what a run had confirmed by then."""
    put(store, [run_event("dump", "d-1", "START", NOON + HOUR, outputs=[io("dumped")])])
    put(store, [edge("orders", "sums", "add", NOON)])

    def asked() -> list[set[str]]:
        found = [
            walk(client, data("dumped"), "up", as_of=NOON, known_at=NOON + DAY),
            walk(client, data("dumped"), "up", as_of=NOON + 2 * HOUR, since=NOON + 90 * MINUTE),
            walk(client, data("dumped"), "up", known_at=NOON + DAY),
            walk(client, data("sums"), "up", as_of=NOON + 2 * HOUR, since=NOON + HOUR),
            walk(client, data("sums"), "up", as_of=NOON + 2 * HOUR, since=NOON - HOUR),
        ]
        return [{one.name for one in way.nodes} for way in found]

    before = asked()
    assert before == [set(), set(), {"dump"}, set(), {"orders", "add"}]
    put(store, [run_event("dump", "d-0", "START", NOON - HOUR, outputs=[io("dumped")])], NOON + 9 * DAY)
    put(store, [run_event("dump", "d-2", "START", NOON + 9 * HOUR, outputs=[io("dumped")])], NOON + 9 * DAY)
    confirmed = replace(edge("orders", "sums", "add", NOON), event_id="again", revision=2, last_seen=NOON + 3 * HOUR)
    put(store, [confirmed], NOON + 9 * DAY)
    assert asked() == before
    assert names(walk(client, data("sums"), "up", since=NOON + HOUR)) == {"orders"}


def test_a_job_reads_what_it_reads_now(store: Settings, client: Client) -> None:
    """Not what it read before, nor what only a test did; as of then it does. One without outputs reads all that it ever did."""
    moved = [replace(edge("was", "made", "move", NOON, NOON + HOUR), revision=2), edge("is", "made", "move", NOON + HOUR)]
    put(store, moved)
    put(store, [run_event("move", "1", "COMPLETE", NOON, inputs=[io("was")], outputs=[io("made")])])
    put(store, [run_event("move", "2", "START", NOON, inputs=[io("tried")], mode="TEST")])
    put(store, [run_event("move", "3", "COMPLETE", NOON + HOUR, inputs=[io("is")], outputs=[io("made")])])
    put(store, [run_event("glance", "1", "COMPLETE", NOON, inputs=[io("was"), io("is")])])
    move, glance = NodeRef("JOB", JOBS, "move"), NodeRef("JOB", JOBS, "glance")
    assert names(walk(client, move, "up")) == {"is"}
    assert names(walk(client, move, "up", as_of=NOON + 1)) == {"was"}
    assert names(walk(client, glance, "up")) == {"was", "is"}
