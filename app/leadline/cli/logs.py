"""leadline logs: what a run wrote to its log."""

import sys
import time

import click
import msgspec

from leadline.core.errors import LeadlineError
from leadline.core.settings import load_settings
from leadline.history.connection import reading
from leadline.history.logs import LEVELS, LogRow, logs_of_run
from leadline.history.runs import find_run
from leadline.track.redact import without_credentials

from .log_text import read
from .log_text.text import lines
from .output import json_option, or_nothing, print_json_line, safe, when

MB = 1_000_000
PROGRESS_SECONDS = 1.0


class FetchedLine(msgspec.Struct, frozen=True):
    """One line of text that stays elsewhere, as --json prints it."""

    pointer_kind: str
    pointer: str
    text: str


@click.command("logs")
@click.argument("run_id", metavar="RUN")
@click.option("--job", "job_name", default="", help="Which job's run, where several share the id.")
@click.option(
    "--level",
    type=click.Choice(LEVELS, case_sensitive=False),
    default="DEBUG",
    help="Only lines of this level or above.",
)
@click.option("--limit", default=10_000, show_default=True, type=click.IntRange(1, 1_000_000), help="Only the last so many.")
@click.option("--fetch", is_flag=True, help="Read the log text that stays elsewhere too, with your own rights there.")
@click.option(
    "--tail", default=10.0, show_default=True, type=click.FloatRange(0.001, 1_000), help="With --fetch: the last MB of each."
)
@json_option
def command(  # noqa: PLR0917 - click passes them by name
    run_id: str, job_name: str, level: str, limit: int, fetch: bool, tail: float, as_json: bool
) -> None:
    """Print the log of the run whose id is or starts with RUN. --json prints JSON lines.

    --fetch reads what is behind pointers: files of this host, web pages, S3 and CloudWatch (with boto3), Google Cloud Storage
    (with google-cloud-storage). What cannot be read is said on standard error, and the exit code is 1.
    """
    with reading(load_settings()) as client:
        run = find_run(client, run_id, job_name)
        rows = logs_of_run(client, run.job, run.run_id, level=level, limit=limit)
    failed = False
    for row in rows:
        if as_json:
            print_json_line(msgspec.structs.replace(row, pointer=without_credentials(row.pointer)) if row.pointer else row)
        else:
            _print(row)
        if fetch and row.pointer:
            failed |= not _fetch(row, int(tail * MB), run.host, as_json)
    or_nothing(rows, f"the store has no log line of run {run.run_id} at this level")
    if failed:
        sys.exit(1)


def _print(row: LogRow) -> None:
    if row.dropped:
        click.echo(f"... {row.dropped} lines were cut by a limit ...")
    if row.pointer:
        click.echo(safe(f"more in {row.pointer_kind}: {without_credentials(row.pointer)}"))
        return
    # A line may hold line breaks of its own: they are kept, what else steers a terminal is not.
    first, *rest = [*row.message.splitlines(), *row.exception.splitlines()] or [""]
    click.echo(safe(f"{when(row.time)} {row.level:<8} {row.logger}: {first}"))
    for line in rest:
        click.echo(f"    {safe(line)}")


def _fetch(row: LogRow, last: int, host: str, as_json: bool) -> bool:
    """Whether all of it could be read."""
    place = without_credentials(row.pointer)
    try:
        text = read(row.pointer_kind, row.pointer, last=last, host=host, progress=_Progress(place))
        if text.cut:
            click.echo(f"earlier text is left out: these are the last {last / MB:g} MB (--tail)", err=True)
        for line in lines(text.chunks):
            if as_json:
                print_json_line(FetchedLine(row.pointer_kind, place, line))
            else:
                click.echo(f"    {safe(line)}")
    except LeadlineError as error:
        click.echo(safe(f"leadline: {error}"), err=True)
        return False
    return True


class _Progress:
    """Says once a second on standard error how much has come."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._said = time.monotonic()

    def __call__(self, done: int) -> None:
        if time.monotonic() - self._said >= PROGRESS_SECONDS:
            self._said = time.monotonic()
            click.echo(safe(f"{self._place}: {done / MB:.1f} MB"), err=True)
