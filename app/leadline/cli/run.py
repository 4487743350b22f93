"""leadline run: one run with its data, its changes and its relatives."""

from collections.abc import Mapping

import click

from leadline.core.clock import Micros, system_clock
from leadline.core.settings import load_settings
from leadline.history.attempts import Attempt
from leadline.history.changes import Change
from leadline.history.connection import reading
from leadline.history.runs import Run, RunDetails, RunExtent, find_run, run_details

from .output import ago, duration, json_option, print_json, print_pairs, print_table, when
from .runs import print_runs, slot


@click.command("run")
@click.argument("run_id", metavar="ID")
@click.option("--job", "job_name", default="", help="Which job's run, where several share the id.")
@json_option
def command(run_id: str, job_name: str, as_json: bool) -> None:
    """Show the run whose ID is or starts with this."""
    with reading(load_settings()) as client:
        details = run_details(client, find_run(client, run_id, job_name))
    if as_json:
        print_json(details)
    else:
        _print(details, system_clock())


def _print(details: RunDetails, now: Micros) -> None:
    run, extent = details.run, details.extent
    print_pairs(
        [
            ("run", run.run_id),
            ("job", run.job_name),
            ("namespace", run.job_namespace),
            ("state", run.state),
            ("started", f"{when(run.started_at)}  ({ago(run.started_at, now)})" if run.started_at is not None else ""),
            ("ended", when(run.ended_at) if run.ended_at is not None else ""),
            ("took", duration(run.duration_seconds) if run.duration_seconds is not None else ""),
            ("slot", slot(run.nominal_at) if run.nominal_at is not None else ""),
            ("used", used(extent)),
            ("exit code", "" if extent.exit_code is None else str(extent.exit_code)),
            ("tool", "  ".join([run.tool, *(f"{name}={value}" for name, value in extent.tool_ids.items())])),
            ("in the tool", extent.tool_url),
            ("host", run.host),
            ("place", place(extent.resource)),
            ("owner", run.owner),
            ("actor", run.actor),
            ("command", extent.command),
            ("in", extent.working_directory),
            ("code", code(run)),
            ("code hash", run.code_hash),
            ("trace", extent.traceparent),
            ("error", run.error_message),
        ]
    )
    if details.io:
        print_table(
            ["direction", "kind", "name", "namespace", "version"],
            [(part.direction.lower(), part.kind, part.name, part.namespace, part.version) for part in details.io],
            title="\ndata",
        )
    if details.changes:
        print_changes(details.changes, "\nchanged since the run before")
    if details.attempts:
        _print_attempts(details.attempts, run.run_id, now)
    if details.parent:
        click.echo("\nparent")
        print_runs([details.parent], now)
    if details.children:
        click.echo("\nchildren")
        print_runs(details.children, now)
    click.echo(f"\nits log: leadline logs {run.run_id}")


def _print_attempts(attempts: list[Attempt], run_id: str, now: Micros) -> None:
    print_table(
        ["try", "state", "started", "run"],
        [
            (f"{one.number} of {one.attempts}", one.state, ago(one.started_at, now), one.run_id + " *" * (one.run_id == run_id))
            for one in attempts
        ],
        title="\ntries of its slot",
    )


_PLACES = (
    "cloud.provider",
    "cloud.availability_zone",
    "host.type",
    "host.id",
    "k8s.cluster.name",
    "k8s.namespace.name",
    "k8s.pod.name",
    "faas.name",
    "container.image.name",
    "hw.gpu.count",
    "hw.model",
)
"""What of a place a person looks for; `--json` has all of it."""


def place(resource: Mapping[str, str]) -> str:
    told = dict(resource)
    told["cloud.availability_zone"] = told.get("cloud.availability_zone") or told.get("cloud.region", "")
    if told.get("hw.gpu.count"):
        told["hw.gpu.count"] += " x"
    return "  ".join(told[name] for name in _PLACES if told.get(name))


def used(extent: RunExtent) -> str:
    """Processor time and memory, where they are known."""
    cpu, memory = extent.cpu_seconds, extent.peak_memory_bytes
    parts = [f"{duration(cpu)} of processor"] if cpu is not None else []
    parts += [f"{memory / 2**20:,.0f} MB at most"] if memory is not None else []
    return ", ".join(parts)


def code(run: Run) -> str:
    """File, commit and repository."""
    commit = f"{run.code_commit}{' (changed)' if run.code_dirty else ''}" if run.code_commit else ""
    return "  ".join(filter(None, [run.code_path, commit, run.code_repository]))


def print_changes(changes: list[Change], title: str) -> None:
    print_table(
        ["what", "of", "before", "after"],
        [(change.what, change.subject or change.job_name, change.before, change.after) for change in changes],
        title=title,
    )
