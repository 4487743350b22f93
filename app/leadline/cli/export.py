"""leadline export: what Leadline knows, for other systems."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from leadline.core.clock import Micros, system_clock
from leadline.core.errors import UsageError
from leadline.core.settings import load_settings
from leadline.history.connection import reading
from leadline.history.document import to_json
from leadline.history.edges import Times
from leadline.history.export.graph import Graph, whole_graph
from leadline.history.export.openlineage import job_events, untold

from .moment import Moment


@click.group("export")
def command() -> None:
    """Write what Leadline knows for other systems."""


@command.command("lineage")
@click.option("--as-of", type=Moment(), help="As it was then: 2026-11-21T08:00 (UTC), or how long ago: 7d.")
@click.option("--known-at", type=Moment(), help="As it was known then: what came later changes nothing of it.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "openlineage"]),
    default="json",
    show_default=True,
    help="One document, or a JobEvent a line.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; left out: standard output.")
def lineage(as_of: Micros | None, known_at: Micros | None, form: str, output: Path | None) -> None:
    """Write the whole graph of jobs: nodes with owners, edges with when they held.

    As OpenLineage it is what `POST /api/v1/lineage` takes, of Leadline as of others: one event a job, with its inputs, outputs,
    owner and columns. When edges began and ended is in the JSON alone.
    """
    with reading(load_settings()) as client:
        graph = whole_graph(client, Times(as_of, known_at))
    now = next((time for time in (as_of, known_at) if time is not None), None)
    lines = iter([to_json(graph, indent=2)]) if form == "json" else _events(graph, system_clock() if now is None else now)
    _write(lines, output)
    if form == "openlineage":
        _warn(graph)


def _events(graph: Graph, at: Micros) -> Iterator[str]:
    return (to_json(event) for event in job_events(graph, at))


def _write(lines: Iterator[str], output: Path | None) -> None:
    if output is None:
        for line in lines:
            click.echo(line)
        return
    try:
        with output.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}") from error


def _warn(graph: Graph) -> None:
    """On standard error, since the other has the events."""
    missing = untold(graph)
    if missing.pairs:
        click.echo(f"{missing.pairs} pairs of input and output will be taken for edges that are none", file=sys.stderr)
    if missing.columns or missing.controls:
        click.echo(
            f"not told: {missing.columns} edges between columns of what is no output, "
            f"{missing.controls} between jobs that wait for each other",
            file=sys.stderr,
        )
