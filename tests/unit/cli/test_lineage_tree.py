"""The tree that `leadline lineage` draws; pure."""

import click
from hypothesis import given
from hypothesis import strategies as st

from leadline.cli.lineage import caveats, draw
from leadline.history.lineage import Direction, JobUse, Lineage, LineageEdge
from leadline.history.node import NodeRef, job


def data(name: str) -> NodeRef:
    return NodeRef("DATASET", "s3://lake", name)


def edge(source: str, target: str, by: str) -> LineageEdge:
    return LineageEdge(data(source), data(target), job("airflow", by), 0, None, 0)


def lineage(
    node: NodeRef, edges: list[LineageEdge], uses: list[JobUse], direction: Direction = "up", truncated: str = ""
) -> Lineage:
    return Lineage(node, direction, 10, [], edges, uses, None, None, truncated, 0)


def drawn(found: Lineage) -> str:
    return click.unstyle("\n".join(draw(found)))


def test_jobs_stand_between_data() -> None:
    """Up: each node hangs below the job that made the one above; a job that only writes is a leaf."""
    found = lineage(
        data("predictions"),
        [edge("features", "predictions", "score"), edge("raw", "features", "features")],
        [JobUse(job("airflow", "ingest"), data("raw"), "OUTPUT")],
    )
    assert drawn(found).splitlines() == [
        "dataset predictions s3://lake",
        "└╴made by score airflow",
        "  └╴dataset features s3://lake",
        "    └╴made by features airflow",
        "      └╴dataset raw s3://lake",
        "        └╴made by ingest airflow",
    ]


def test_cycles_and_diamonds_are_drawn_once() -> None:
    """A node that comes again is marked with an arrow and not drawn anew."""
    text = drawn(lineage(data("a"), [edge("b", "a", "j"), edge("c", "b", "j"), edge("a", "c", "j"), edge("c", "a", "k")], []))
    assert text.count("dataset a") == 2
    assert "dataset a s3://lake ↑" in text


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 3)), unique=True, max_size=20),
    st.sets(st.integers(1, 6)),
)
def test_what_is_behind_data_that_is_left_out_is_drawn(ends: list[tuple[int, int, int]], left_out: set[int]) -> None:
    """Of any graph: all that is reached but what is left out, each with its branches once, whatever comes back to itself."""
    found = lineage(data("0"), [edge(str(source), str(target), f"by-{maker}") for source, target, maker in ends], [])
    reached, fresh = {0}, [0]
    while fresh:
        at = fresh.pop()
        next_ones = {source for source, target, _ in ends if target == at} - reached
        reached |= next_ones
        fresh += next_ones
    lines = click.unstyle("\n".join(draw(found, {data(str(number)) for number in left_out}))).splitlines()
    shown = {line.split("dataset ")[1].split()[0] for line in lines if "dataset " in line}
    assert shown == {str(number) for number in reached - left_out}


def test_a_chain_deeper_than_pythons_stack() -> None:
    """Two thousand hops are drawn."""
    edges = [edge(str(number + 1), str(number), "j") for number in range(2000)]
    assert drawn(lineage(data("0"), edges, [])).count("made by") == 2000


def test_a_job_as_the_root() -> None:
    """The data of the job hangs directly below it."""
    score = job("airflow", "score")
    found = lineage(score, [], [JobUse(score, data("features"), "INPUT")])
    assert drawn(found).splitlines() == ["job score airflow", "└╴dataset features s3://lake"]


def test_hostile_names_are_shown_safely() -> None:
    """Markup stays text, and nothing steers the terminal."""
    text = drawn(lineage(data("[bold]x\x1b[31m\n"), [], []))
    assert "[bold]x\\x1b[31m\\n" in text
    assert "\x1b" not in text


def test_doubts_are_said() -> None:
    """A cut walk says by what, and how to go on."""
    assert caveats(lineage(data("a"), [], [], truncated="depth")) == [
        "there may be more: the walk was cut off by depth; --depth goes further"
    ]
