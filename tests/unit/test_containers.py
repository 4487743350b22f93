"""What can be shown of the containers without an engine. None was ever run: docs/containers.md says so."""

import re
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner

from leadline.cli import leadline
from leadline.cli.worker import ROLES

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "leadline"}


def test_every_role_is_a_service() -> None:
    """Whatever `leadline up` runs, the compose file runs."""
    assert set(ROLES) <= set(SERVICES)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - set(OURS)))
def test_foreign_images_are_pinned_and_checked(name: str) -> None:
    """A server's image names a version, and its health is asked for."""
    image = SERVICES[name]["image"]
    assert re.search(r":\d+(\.\d+)+$", image), f"{image} is not pinned"
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_ports_are_published_on_loopback_only(name: str) -> None:
    """Nothing listens on the network of the machine unless somebody says so."""
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_services_wait_for_what_they_need(name: str) -> None:
    """Every dependency exists and is waited for with a condition."""
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        assert needed in SERVICES
        assert how["condition"] in ("service_healthy", "service_completed_successfully")


@pytest.mark.parametrize("name", sorted(OURS))
def test_commands_of_our_image_exist(name: str) -> None:
    """The service's command is one that the image's entry point understands, options included."""
    words = OURS[name]["command"]
    answer = CliRunner().invoke(leadline, [*words, "--help"], standalone_mode=False)
    assert not isinstance(answer.exception, click.UsageError), answer.exception
    assert answer.exit_code == 0


def test_image_has_the_extras_of_the_roles() -> None:
    """The image installs the lock that `make lock` renews for the roles, and starts `leadline`."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    locked = (ROOT / "requirements" / "services.txt").read_text()
    assert 'ENTRYPOINT ["leadline"]' in dockerfile
    assert "--require-hashes -r requirements/services.txt" in dockerfile
    for extra in ("processors", "sinks", "app"):
        for requirement in extras[extra]:
            package = re.split(r"[>=<\[]", requirement)[0]
            assert package == "leadline" or f"\n{package}==" in f"\n{locked}", f"{package} is not in services.txt"
