"""leadline report completeness: which metadata is missing, of which job, and whose it is."""

import sys
from pathlib import Path

import click

from leadline.core.clock import system_clock
from leadline.core.errors import UsageError
from leadline.core.settings import load_settings
from leadline.history.completeness.judge import JobCompleteness
from leadline.history.completeness.policy import DEFAULT, Policy, parse_policy
from leadline.history.completeness.report import CompletenessReport, completeness, readings
from leadline.history.connection import reading
from leadline.history.document import document

from . import EXIT_FAILED
from .output import Column, json_option, print_json, print_table, safe, when
from .sending import send

_FILE = Path("completeness.toml")


@click.command("completeness")
@click.option("--file", type=click.Path(path_type=Path), help="What is asked of jobs; left out: a default.")
@click.option("--init", is_flag=True, help="Write the default to --file (completeness.toml) to begin with, and end.")
@click.option("--publish", is_flag=True, help="Send it as readings of the jobs too, so that bounds can be set on it.")
@click.option("--strict", is_flag=True, help="End with exit code 1 where anything is missing.")
@json_option
def command(file: Path | None, *, init: bool, publish: bool, strict: bool, as_json: bool) -> None:
    """Say what is missing of the metadata that every job must have, per job and owner.

    What is asked stands in one TOML file. --publish sends completeness.share, 0 to 1, and completeness.missing, 1 or 0 for each
    requirement, as metrics of the job: `leadline bound set` and `leadline trend` take them as any other.
    """
    if init:
        _init(file or _FILE)
        return
    policy = _policy(file)
    with reading(load_settings()) as client:
        report = completeness(client, policy, system_clock())
    if as_json:
        print_json(document(report) | {"complete": report.complete})
    else:
        _print(report)
    if publish:
        number = send(readings(report.jobs, report.judged_at))
        click.echo(f"published for {number} jobs", err=True)
    if strict and not report.complete:
        sys.exit(EXIT_FAILED)


def _init(file: Path) -> None:
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(DEFAULT)
    except FileExistsError:
        raise UsageError(f"{file} is there already; it was left as it is") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"wrote {safe(str(file))}")


def _policy(file: Path | None) -> Policy:
    if file is None:
        return parse_policy(DEFAULT, "the default")
    try:
        return parse_policy(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error


def _print(report: CompletenessReport) -> None:
    print_table(
        ["owner", Column("jobs", right=True), Column("complete", right=True), Column("share", right=True)],
        [(one.owner or "nobody", one.jobs, one.complete, f"{one.share:.0%}") for one in report.owners],
    )
    lacking = [one for one in report.jobs if one.missing]
    if lacking:
        click.echo()
        print_table(
            ["job", "namespace", "owner", Column("share", right=True), "missing"],
            [(one.job.name, one.job.namespace, one.owner, f"{one.share:.0%}", missing(one)) for one in lacking],
        )
    elif report.jobs:
        click.echo("nothing is missing")
    else:
        click.echo("no job was heard of lately")
    if report.watermark is not None:
        click.echo(f"complete up to {when(report.watermark)}")


def missing(job: JobCompleteness) -> str:
    """For example "owner, input_versions (raw)"."""
    return ", ".join(f"{lack.requirement} ({lack.detail})" if lack.detail else lack.requirement for lack in job.missing)
