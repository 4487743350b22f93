"""Kills at exact moments: the test's side of inside/sitecustomize.py."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ..conftest import wait_until
from .inside.sitecustomize import FOLDER

INSIDE = Path(__file__).with_name("inside")
_REACHED_WITHIN_SECONDS = 180


@dataclass(frozen=True)
class Moment:
    """A step in the work of `role`'s process, as inside/sitecustomize.py calls it."""

    role: str
    name: str

    def __str__(self) -> str:
        return f"{self.role}/{self.name}"


def _of_a_worker(role: str) -> tuple[Moment, ...]:
    """After the outputs, after the changelog, after the table: each before the next."""
    return tuple(Moment(role, name) for name in ("outputs-acknowledged", "changelog-acknowledged", "table-written"))


MOMENTS: dict[str, tuple[Moment, ...]] = {
    "sink": (Moment("sink", "block-inserted"), Moment("sink", "rollup-due"), Moment("sink", "commit-due")),
    "lineage": _of_a_worker("lineage"),
    "bounds": _of_a_worker("bounds"),
    "enrichment": (Moment("enrichment", "outputs-sent"), Moment("enrichment", "commit-due")),
    "broker": (Moment("bounds", "outputs-acknowledged"), Moment("sink", "commit-due"), Moment("enrichment", "outputs-sent")),
    "store": (Moment("store", "block-taken"), Moment("sink", "rollup-due")),
}
"""Who dies to when; where that is the work of another process, it kills him and goes on."""

OF_OPENLINEAGE = (Moment("openlineage", "outputs-sent"), Moment("openlineage", "commit-due"))
"""Of a role that is not in the flow of the long fault tests; tests/stack/test_openlineage.py kills it."""


class Trap:
    """The folder in which processes look for what they are to do."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._armed = 0

    def environment(self) -> dict[str, str]:
        """What the stack's processes must be started with."""
        path = [str(INSIDE), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {FOLDER: str(self._folder), "PYTHONPATH": os.pathsep.join(path)}

    def kill(
        self, moment: Moment, passes: int, victim: int | None = None, gone: Callable[[], object] = lambda: False
    ) -> dict[str, Any]:
        """Returns what was seen at that pass of the moment, at which the process died, or killed the process `victim`.

        Fails at once where `gone` says that nobody is there any more who could pass it.
        The apply rule's own order is held here too: nothing that the moment comes after was still unacknowledged.
        """
        self._armed += 1
        order = {"id": str(self._armed), "moment": moment.name, "passes": passes, "victim": victim}
        armed, killed = (self._folder / f"{moment.role}.{state}" for state in ("armed", "killed"))
        scratch = armed.with_suffix(".new")
        scratch.write_text(json.dumps(order))
        scratch.rename(armed)
        wait_until(
            lambda: killed.exists() or gone(), seconds=_REACHED_WITHIN_SECONDS, what=f"{moment} to be passed {passes} times"
        )
        assert killed.exists(), f"the process ended before it passed {moment} {passes} times"
        report: dict[str, Any] = json.loads(killed.read_text())
        killed.unlink()
        assert report["id"] == order["id"]
        assert not report["seen"].get("unacknowledged"), f"{moment} came before its acknowledgements: {report}"
        return report


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trap:
    """Set for all processes that are started during the test."""
    made = Trap(tmp_path)
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)
    return made
