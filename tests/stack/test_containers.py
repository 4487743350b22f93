"""Every service's command starts its role with that service's environment, against the stack at hand."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import yaml

from leadline.cli.worker import ROLES
from leadline.core.settings import Settings

from ..conftest import free_port_base, wait_until

SERVICES = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text())["services"]

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_services_command_starts_the_role(role: str, stack: Settings, tmp_path: Path) -> None:
    """The role comes up healthy as a second worker and ends cleanly on SIGTERM."""
    addresses = {
        "KAFKA": stack.kafka,
        "SCHEMA_REGISTRY": stack.schema_registry,
        "CLICKHOUSE": stack.clickhouse,
        "CLICKHOUSE_USER": stack.clickhouse_user,
        "CLICKHOUSE_PASSWORD": stack.clickhouse_password,
    }
    if role == "api":
        addresses["LEADLINE_LISTEN"] = f"127.0.0.1:{free_port_base() + 4}"
    service = SERVICES[role]
    assert set(addresses) <= set(service["environment"])
    port = str(free_port_base())
    words = [port if word == "8080" else "127.0.0.1" if word == "0.0.0.0" else word for word in service["command"]]
    process = subprocess.Popen(
        [sys.executable, "-m", "leadline.cli", *words],
        env={**os.environ, **service["environment"], **addresses, "LEADLINE_DATA": str(tmp_path)},
    )
    try:
        wait_until(lambda: _healthy(port), seconds=60, what=f"{role} to answer on /healthz")
    finally:
        process.terminate()
        code = process.wait(timeout=30)
    assert code == 0


def _healthy(port: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
