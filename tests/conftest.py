"""The one fixture by which tests choose their stack: the local one, containers, or one that runs elsewhere."""

import os
import random
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from leadline.core.settings import Settings, load_settings

collect_ignore = ["environments"]
"""They need what is not installed here: `make test-environments`."""

os.environ["LEADLINE_METADATA_SERVICE"] = "0"
"""No test, nor a process that it starts, asks the cloud in which the tests happen to run."""


settings.register_profile("leadline", deadline=None)  # a busy machine is no fault of an example's
settings.load_profile("leadline")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack",
        choices=("local", "containers", "external"),
        default="local",
        help="local: `leadline up` in a temporary directory; containers: docker-compose.yml through testcontainers; "
        "external: the addresses in KAFKA, SCHEMA_REGISTRY and CLICKHOUSE",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For `-n`: the long ones begin first."""
    items.sort(key=lambda item: ("fault" not in item.path.parts, "stack" not in item.path.parts))


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a running stack with all roles."""
    choice = request.config.getoption("--stack")
    if choice == "external":
        yield load_settings().require("kafka", "schema_registry", "clickhouse")
    elif choice == "containers":
        yield from _containers()
    else:
        from leadline.local import Stack

        with Stack(tmp_path_factory.mktemp("stack"), port_base=free_port_base()) as settings:
            yield settings


def _containers() -> Iterator[Settings]:
    from testcontainers.compose import DockerCompose

    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        pytest.skip("no Docker engine answers `docker info`")
    with DockerCompose(str(Path(__file__).parent.parent), wait=True, build=True):
        yield Settings(
            kafka="127.0.0.1:9092",
            schema_registry="http://127.0.0.1:8081",
            clickhouse="http://127.0.0.1:8123",
            clickhouse_user="leadline",
            clickhouse_password="leadline",
        )


def free_port_base() -> int:
    """A base from which the stack's block of twenty ports is free.

    Drawn by chance, so that two test runs do not meet, and below the ports that the kernel gives to outgoing connections.
    """
    bases = list(range(21_000, 32_000, 20))
    random.shuffle(bases)
    for base in bases:
        if all(_free(port) for port in range(base, base + 20)):
            return base
    raise RuntimeError("no block of twenty free ports between 21000 and 32000")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def wait_until(condition: Callable[[], object], *, seconds: float, what: str) -> None:
    """Waits for the condition, looking every 50 ms. Fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:g} s for {what}")
        threading.Event().wait(0.05)
