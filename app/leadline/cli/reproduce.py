"""leadline reproduce: what it takes to run a run again, and what of it is missing."""

from pathlib import Path

import click

from leadline.core.errors import LeadlineError
from leadline.core.settings import load_settings
from leadline.history.connection import reading
from leadline.history.reproduce import reproduce
from leadline.history.reproduction import Reproduction
from leadline.history.runs import find_run

from .output import json_option, print_json, print_pairs, safe, when
from .reproduction_files import files_of, requirements_text, run_script
from .section import print_section


@click.command("reproduce")
@click.argument("run_id", metavar="RUN")
@click.option("--job", "job_name", default="", help="Which job's run, where several share the id.")
@click.option(
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write requirements.txt, run.sh and README.md into this folder, which is made.",
)
@json_option
def command(run_id: str, job_name: str, folder: Path | None, as_json: bool) -> None:
    """Print what it takes to run RUN again, whose ID is or starts with this.

    That is the commit of the code and how to get it, the packages that were imported as a requirements.txt, the container
    image, parameters and seeds, the command line, and the inputs by version with where they lie. Then what is missing: changes
    that are in no commit, inputs without a version or overwritten since, an image without digest, unknown packages, redacted
    secrets. Exit code 0 also where something is missing, 1 where there is no such run.

    \b
    leadline reproduce RUN --output again && sh again/run.sh && leadline diff RUN NEW_RUN

    run.sh runs what the run's metadata say: read it before.
    """
    with reading(load_settings()) as client:
        found = reproduce(client, find_run(client, run_id, job_name))
    if folder is not None:
        _write(found, folder)
    if as_json:
        print_json(found)
    else:
        _print(found, folder)


def _write(found: Reproduction, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files_of(found).items():
            (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")
        (folder / "run.sh").chmod(0o755)
    except OSError as error:
        raise LeadlineError(f"{folder} cannot be written: {error}") from error


def _print(found: Reproduction, folder: Path | None) -> None:
    run = found.run
    print_pairs(
        [
            ("run", run.run_id),
            ("job", run.job_name),
            ("namespace", run.job_namespace),
            ("state", run.state),
            ("started", when(run.started_at)),
            ("repository", found.repository),
            ("commit", found.commit),
            ("branch", found.branch),
            ("Python", found.python),
            ("container", found.container),
            ("command", found.command),
            ("in", found.working_directory),
            *((f"parameter {name}", value) for name, value in sorted(found.parameters.items())),
            *((f"seed {name}", value) for name, value in sorted(found.seeds.items())),
        ]
    )
    if found.requirements:
        click.echo(f"\nrequirements.txt\n{_indented(requirements_text(found))}")
    if found.inputs:
        print_section(
            "inputs",
            ["input", "namespace", "version", "lies at", "seen since"],
            [
                (one.name, one.namespace, one.version or "-", one.location or "-", one.newer_version or "-")
                for one in found.inputs
            ],
        )
    if found.outputs:
        rows = [(one.name, one.namespace, one.version or "-") for one in found.outputs]
        print_section("outputs", ["output", "namespace", "version"], rows)
    click.echo(f"\nrun.sh\n{_indented(run_script(found))}")
    if found.missing:
        click.echo("\nmissing, or no longer there")
        for one in found.missing:
            click.echo(f"  {safe(one.sentence)}")
    if found.watermark is not None:
        click.echo(f"\ncomplete up to {when(found.watermark)}")
    if folder is not None:
        click.echo(safe(f"\nwritten to {folder}: requirements.txt, run.sh, README.md"))


def _indented(text: str) -> str:
    return "\n".join(f"  {safe(line)}".rstrip() for line in text.rstrip().split("\n"))
