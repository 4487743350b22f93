"""leadline worker: one role in the foreground, as the local stack and the containers run it."""

import importlib
import os
import signal
from types import FrameType

import click

from leadline.core.roles import ROLES
from leadline.core.settings import load_settings

__all__ = ["ROLES", "command"]


@click.command("worker")
@click.argument("role", type=click.Choice(sorted(ROLES)))
@click.option("--health-port", default=0, show_default="a free one", help="Port of /healthz and /metrics.")
@click.option("--health-host", default="127.0.0.1", show_default=True, help="Address that /healthz listens on.")
def command(role: str, health_port: int, health_host: str) -> None:
    """Run one ROLE in the foreground until SIGTERM.

    Addresses come from KAFKA, SCHEMA_REGISTRY and CLICKHOUSE, else from the running local stack.
    """
    signal.signal(signal.SIGTERM, _end)  # until the role has its own
    settings = load_settings()
    raise SystemExit(importlib.import_module(ROLES[role]).main(settings, health_host, health_port))


def _end(_signum: int, _frame: FrameType | None) -> None:
    """At once, since nothing is begun yet: a SystemExit in the midst of an import is swallowed there now and then."""
    os._exit(0)
