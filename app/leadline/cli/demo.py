"""leadline demo: a team's quarter on real data, with a fault to be found."""

import contextlib
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.core.clock import system_clock
from leadline.core.settings import Settings, load_settings
from leadline.history.alerts import open_episodes
from leadline.history.connection import reading

from .output import number, print_table, safe

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client
    from rich.progress import Progress

    from leadline.demo.plan import Plan
    from leadline.demo.workplace import Workplace


@click.command("demo")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="What is planted where.")
@click.option("--weeks", type=click.IntRange(4, 13), default=13, show_default=True, help="How much of the quarter is played.")
@click.option("--keep", is_flag=True, help="Leave the stack up at the end, until Ctrl-C.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Directory of all its state; kept.")
@click.option("--port-base", type=click.IntRange(1024, 65_500), default=19090, show_default=True, help="Of its own stack.")
def command(seed: int, weeks: int, keep: bool, data: Path | None, port_base: int) -> None:
    """Play a quarter of a team that predicts late flights, and explain what went wrong in it.

    January to June of 2013 is loaded at once, July to September replayed week by week. One commit makes predictions wrong,
    other changes are harmless, and one pipeline breaks. A stack whose addresses are configured, or that runs on the same data
    directory, is used; else one is started for the demo.
    """
    from leadline.demo.plan import make_plan

    plan = make_plan(seed, weeks)
    began = time.monotonic()
    with _directory(data, keep) as folder, _stack(folder, data, port_base) as settings:
        ready = time.monotonic()
        _play(plan, folder, settings)
        click.echo(f"\nstarted in {ready - began:.0f} s, played in {time.monotonic() - ready:.0f} s")
        _look_further(settings, folder, stays=keep or settings.data != folder)
        if keep:
            click.echo("\nthe stack stays up; Ctrl-C stops it")
            _until_interrupted()


def _play(plan: "Plan", folder: Path, settings: Settings) -> None:
    from leadline.demo import play, story, workplace
    from leadline.demo.tasks import backfill, replay

    since = system_clock()
    place = folder / "demo" / f"seed-{plan.seed}-{time.strftime('%Y%m%d-%H%M%S')}"
    with _progress() as progress:
        bar = progress.add_task("laying out the data and the repository", total=len(backfill()) + len(replay(plan)) + 1)
        site: Workplace = workplace.build(place, plan)
        play.play(site, plan, settings, lambda task: progress.update(bar, advance=1, description=task.key))
        progress.update(bar, description="waiting for the store")
        with reading(settings) as client:
            complete = play.await_store(client)
        progress.update(bar, advance=1, description="done")
    if not complete:
        click.echo("the store has not caught up yet, so what follows may lack the newest", err=True)
    with reading(settings) as client:
        _heading("Open alerts")
        _open_alerts(client)
        story.tell(client, plan, site.repository, since, (_heading, _say))


def _open_alerts(client: "Client") -> None:
    print_table(
        ["episode", "severity", "metric", "of", "value", "owner"],
        [
            (one.episode_id[:13], one.severity, one.metric, f"{one.kind} {one.name}", number(one.value), one.owner)
            for one in open_episodes(client)
        ],
    )


def _look_further(settings: Settings, folder: Path, stays: bool) -> None:
    _heading("How to look further")
    if not stays:
        click.echo("  leadline demo --keep    leaves the stack up at the end: make demo ARGS=--keep")
        return
    where = "" if settings.data != folder else f"LEADLINE_DATA={folder} "
    for line in (
        "leadline trend late-arrival calibration_gap",
        "leadline lineage predictions --up",
        "leadline lineage features --column delay",
        "leadline runs --failed",
        "leadline alerts --follow",
        "leadline sql \"SELECT slot, value FROM leadline.readings WHERE metric = 'auc' ORDER BY slot\"",
    ):
        click.echo(f"  {where}{line}")


@contextlib.contextmanager
def _directory(data: Path | None, keep: bool) -> Iterator[Path]:
    """The given one, else one that goes with the demo unless it is kept."""
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        yield data.absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="leadline-demo-"))
    try:
        yield folder
    finally:
        if keep:
            click.echo(f"the demo's data stays in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _stack(folder: Path, data: Path | None, port_base: int) -> Iterator[Settings]:
    """The configured stack, else one of the demo's own."""
    configured = load_settings(data=data)
    if configured.kafka and configured.schema_registry and configured.clickhouse:
        click.echo(f"using the stack at {configured.kafka}")
        yield configured
        return
    from rich.console import Console

    from leadline.local import Stack

    console = Console(highlight=False, stderr=True)
    with console.status("starting Leadline") as status:
        stack = Stack(folder, port_base, report=lambda name, what: status.update(f"{name}: {what}"))
        settings = stack.start()
    try:
        yield settings
    finally:
        stack.stop()


def _progress() -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    return Progress(*columns)


def _heading(text: str) -> None:
    click.echo(f"\n{click.style(safe(text), bold=True)}\n")


def _say(text: str) -> None:
    click.echo("\n".join(map(safe, text.splitlines())))


def _until_interrupted() -> None:
    stop = threading.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stop.set())
    stop.wait()
