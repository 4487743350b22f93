"""Where the demo's files are, and how one of its programs is started."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import landing, packages
from .plan import Plan
from .quarter import HISTORY
from .repository import Repository
from .tasks import Task


@dataclass(frozen=True)
class Workplace:
    """`folder` has `lake/`, `repository/`, `deployed/`, `packages/` and `programs.log`."""

    folder: Path
    repository: Repository

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def log(self) -> Path:
        return self.folder / "programs.log"

    def command(self, task: Task) -> tuple[Path, list[str]]:
        """The program and its arguments."""
        return self.repository.program(task.job, task.commit), task.arguments(self.lake)

    def python_path(self, task: Task) -> Path:
        return packages.site_packages(self.folder / "packages", task.package)

    def prepare(self, task: Task) -> None:
        """What is planted for the task besides its own code and settings."""
        if task.removes:
            (self.lake / task.removes).unlink()


def build(folder: Path, plan: Plan) -> Workplace:
    """Lays out the workplace for a plan in an empty or missing folder. Raises UsageError without git or the data."""
    folder.mkdir(parents=True, exist_ok=True)
    landing.deliver(folder / "lake" / "landing", HISTORY[0], plan.weeks[-1].end)
    packages.install(folder / "packages")
    return Workplace(folder, Repository(folder, plan))


def start(workplace: Workplace, task: Task, environ: Mapping[str, str] = os.environ) -> int:
    """Runs the task's program in a process of its own, to its end; gives its exit code. What it prints goes to the log."""
    workplace.prepare(task)
    program, arguments = workplace.command(task)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with workplace.log.open("ab") as log:
        done = subprocess.run(
            [sys.executable, str(program), *arguments],
            env={**environ, **threads, "PYTHONPATH": str(workplace.python_path(task))},
            cwd=workplace.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
        )
    return done.returncode
