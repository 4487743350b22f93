"""The stack that the tools report to, and their environments."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from clickhouse_connect.driver.client import Client

from leadline.history.connection import connect
from leadline.local import Stack

from ..conftest import free_port_base, wait_until
from ..environments.venv import ROOT, cached

ROLES = ("broker", "registry", "store", "sink", "openlineage", "api", "lineage", "bounds")
PAGE = ROOT / "docs" / "openlineage.md"
FOLDER = Path(__file__).parent


class Leadline(NamedTuple):
    url: str
    token: str
    store: Client

    def documented(self, heading: str) -> str:
        """The first block of settings below the heading of docs/openlineage.md, with this stack's address and token."""
        section = PAGE.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        block = re.search(r"```\w+\n(.*?)```", section, re.DOTALL)
        assert block, f"no settings below {heading}"
        return block[1].replace("https://leadline.example.org", self.url).replace("TOKEN", self.token)

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.store.query(sql, parameters).result_rows]

    def await_rows(self, sql: str, expected: list[tuple[Any, ...]], **parameters: Any) -> None:
        """Until the query gives just these; then they are compared once more, for what differs to be seen."""
        try:
            wait_until(lambda: self.rows(sql, **parameters) == expected, seconds=30, what="the rows")
        except pytest.fail.Exception:
            assert self.rows(sql, **parameters) == expected

    def check_nothing_was_refused(self) -> None:
        assert self.rows("SELECT reason, error, payload FROM leadline.dead_letters") == []


@pytest.fixture(scope="session")
def leadline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leadline]:
    stack = Stack(tmp_path_factory.mktemp("integrations"), free_port_base(), only=ROLES)
    with stack as settings:
        url = json.loads((settings.data / "addresses.json").read_text())["api"]
        yield Leadline(url, (settings.data / "token").read_text().strip(), connect(settings))


def environment(tool: str) -> Path:
    """The folder of the programs of the tool's environment."""
    return cached(f"integration-{tool}", "-r", FOLDER / f"{tool}.txt").parent


def variables(text: str) -> dict[str, str]:
    """Lines of NAME=VALUE."""
    return dict(line.split("=", 1) for line in text.splitlines() if line)


def started(command: list[str | Path], folder: Path, told: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The tool's program, run to its end; its own settings of this machine's user are none of ours."""
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    environ = {**os.environ, "HOME": str(folder), "PATH": path, **told}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=240, check=False)
