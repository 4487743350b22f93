"""The unit tests of what jobs import, on every Python that this machine has: `python -m tests.pythons [VERSION ...]`.

Each Python gets a throw-away environment with the wheel and the locked versions of the tests' packages; the oldest Python one
more, with the lowest versions of the base dependencies that pyproject.toml allows. Ends with a table; exits with 1 where
something failed, and says which Python was not found.
"""

import json
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .environments.venv import ROOT, UV, create

SUPPORTED = ("3.11", "3.12", "3.13", "3.14")

TESTS = ("tests/unit/track", "tests/unit/events", "tests/unit/core")

# What a type checker says does not depend on the Python that it runs on, and takes longer than the rest. The profile sets
# Hypothesis no deadline: busy machines are slow.
OPTIONS = ("-q", "--hypothesis-profile", "ci", "-p", "no:cacheprovider", "-n", "2", "-k", "not typed_user_code")

VERSIONS = """
import json, sys
from importlib.metadata import version
print(json.dumps([sys.version.split()[0], *(version(name) for name in sys.argv[1:])]))
"""


@dataclass(frozen=True)
class Outcome:
    """One line of the table."""

    versions: list[str]
    resolution: str
    result: str
    failed: bool
    seconds: float


def main(wanted: list[str]) -> int:
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        wheel = _wheel(Path(folder))
        for version in wanted or SUPPORTED:
            python = find(version)
            if python is None:
                print(f"Python {version}: not found on this machine, not run", flush=True)
                continue
            resolutions = ("locked", "lowest") if version == SUPPORTED[0] else ("locked",)
            outcomes += [_run(python, wheel, resolution, Path(folder)) for resolution in resolutions]
    print("\n".join(_table(outcomes)))
    return 0 if outcomes and not any(outcome.failed for outcome in outcomes) else 1


def find(version: str) -> str | None:
    """An interpreter of this minor version: of pyenv, which keeps them off the PATH, else on the PATH."""
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for candidate in [*map(str, reversed(kept)), f"python{version}"]:
        try:
            said = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            continue
        if said.startswith(f"Python {version}."):
            return candidate
    return None


def _wheel(folder: Path) -> Path:
    command: list[str | Path] = [UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([*command, "--out-dir", folder, ROOT], check=True)
    return next(folder.glob("*.whl"))


def _run(python: str, wheel: Path, resolution: str, folder: Path) -> Outcome:
    began = time.monotonic()
    try:
        interpreter = create(
            folder / "environment",
            wheel,
            "--group",
            f"{ROOT}/pyproject.toml:test",
            "--constraints",
            _constraints(resolution, folder, python),
            python=python,
        )
    except subprocess.CalledProcessError:
        return Outcome(
            [python, *("-" for _ in base())], resolution, "cannot be installed", failed=True, seconds=time.monotonic() - began
        )
    versions = json.loads(_output(interpreter, "-c", VERSIONS, *base()))
    tests = subprocess.run(
        [interpreter, "-m", "pytest", *OPTIONS, *TESTS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tests.returncode:
        print(tests.stdout + tests.stderr)
    result = (tests.stdout.splitlines() or [f"exit code {tests.returncode}"])[-1].strip("= ")
    return Outcome(versions, resolution, result, failed=tests.returncode != 0, seconds=time.monotonic() - began)


def _constraints(resolution: str, folder: Path, python: str) -> Path:
    if resolution == "locked":
        return ROOT / "requirements" / "dev.txt"
    lowest = folder / "lowest.txt"
    command: list[str | Path] = [UV, "pip", "compile", "--quiet", "--resolution", "lowest-direct", "--python", python]
    subprocess.run([*command, "--output-file", lowest, ROOT / "pyproject.toml"], check=True, stdout=subprocess.DEVNULL)
    return lowest


def base() -> list[str]:
    """Names of the base dependencies."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [requirement.split(">")[0] for requirement in project["dependencies"]]


def _output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _table(outcomes: list[Outcome]) -> Iterator[str]:
    rows = [["Python", *base(), "versions", "result"]]
    rows += [[*outcome.versions, outcome.resolution, outcome.result] for outcome in outcomes]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
