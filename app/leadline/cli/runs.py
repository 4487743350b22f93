"""leadline runs: what ran or is running, and whether it worked."""

import click

from leadline.core.clock import Micros, system_clock
from leadline.core.settings import load_settings
from leadline.history.connection import reading
from leadline.history.runs import FAILED, RUNNING, Run, find_code, list_runs

from .moment import Moment
from .output import Column, ago, duration, json_option, or_nothing, print_json, print_table, when


@click.command("runs")
@click.option("--running", "choice", flag_value="running", help="Only runs that have not ended.")
@click.option("--failed", "choice", flag_value="failed", help="Only runs that failed, were aborted or lost.")
@click.option("--job", "job_name", default="", help="Only runs of the job of this name.")
@click.option("--code", metavar="HASH", default="", help="Only runs of this source, whatever tool ran it; its start will do.")
@click.option("--since", type=Moment(), help="Only runs that started since then: 7d, 12h, 2026-11-21 (UTC).")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="At most so many.")
@json_option
def command(*, choice: str | None, job_name: str, code: str, since: Micros | None, limit: int, as_json: bool) -> None:
    """List runs, the newest first. Times are UTC."""
    states = {"running": RUNNING, "failed": FAILED}.get(choice or "", ())
    with reading(load_settings()) as client:
        code_hash = find_code(client, code) if code else ""
        runs = list_runs(client, states=states, job_name=job_name, code_hash=code_hash, since=since, limit=limit)
    if as_json:
        print_json(runs)
    elif runs:
        print_runs(runs, system_clock(), tools=bool(code))
    or_nothing(runs, "no run fits; `leadline runs` without options lists all")


def print_runs(runs: list[Run], now: Micros, *, tools: bool = False) -> None:
    """`tools`: with the tool that each ran in, where that is what tells them apart."""
    columns: list[Column | str] = [
        Column("state", keep=True),
        "job",
        *(["tool"] if tools else []),
        Column("started", keep=True),
        Column("took", keep=True, right=True),
        Column("slot", keep=True),
        Column("run", "cut"),
    ]
    rows = [
        (
            run.state,
            run.job_name,
            *([run.tool] if tools else []),
            ago(run.started_at, now),
            duration(run.duration_seconds),
            slot(run.nominal_at),
            run.run_id,
        )
        for run in runs
    ]
    print_table(columns, rows)


def slot(moment: Micros | None) -> str:
    """A slot at midnight is a day."""
    return when(moment).removesuffix("T00:00:00Z")
