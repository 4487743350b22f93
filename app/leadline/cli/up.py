"""leadline up: the whole stack on this machine, until Ctrl-C."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadline.core.settings import TOKEN_FILE, Settings, load_settings, shown

if TYPE_CHECKING:
    from rich.console import Console


@click.command("up")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Directory of all state (default: ~/.leadline).")
@click.option("--port-base", type=click.IntRange(1024, 65_500), default=19090, show_default=True, help="First of twenty ports.")
@click.option("--only", multiple=True, metavar="SERVICE", help="Start these services alone, for example --only broker.")
def command(data: Path | None, port_base: int, only: tuple[str, ...]) -> None:
    """Start Kafka, the schema registry, the store and all roles; stop them with Ctrl-C.

    State is kept in the data directory: the next `up` continues where this one was.
    """
    from rich.console import Console

    from leadline.local import SERVICES, Stack, Stopped

    console = Console(highlight=False, soft_wrap=True)
    directory = data or load_settings().data
    stack = Stack(directory, port_base, only or SERVICES, lambda name, what: console.print(f"{name}: {what}", markup=False))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stack.request_stop())
    try:
        with console.status("starting Leadline"):
            settings = stack.start()
        _show(console, settings, stack.api)
        stack.wait()
    except Stopped as stopped:
        console.print(str(stopped))
    finally:
        stack.stop()


def _show(console: "Console", settings: Settings, api: str) -> None:
    from rich.table import Table

    table = Table(title=f"Leadline is ready; its state is in {settings.data}; Ctrl-C stops it", title_justify="left")
    table.add_column("server")
    table.add_column("address")
    for name, address in (
        ("Kafka", settings.kafka),
        ("schema registry", settings.schema_registry),
        ("store (ClickHouse over HTTP; reading needs no password)", settings.clickhouse),
        (f"API (events over HTTP; its token is in {settings.data / TOKEN_FILE})", api),
    ):
        if address:
            table.add_row(name, shown(address))
    console.print(table)
