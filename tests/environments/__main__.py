"""Tests beside foreign libraries, each in an environment of its own.

`python -m tests.environments [NAME ...] [-- PYTEST ARGUMENTS]`

A folder here is an environment: its requirements.txt has the pinned versions, the rest are plain pytest files. They are not
part of the ordinary test run, and the conftest.py and settings of the other tests do not hold for them; pytest.ini does.
"""

import subprocess
import sys
from pathlib import Path

from .venv import ROOT, cached

FOLDER = Path(__file__).parent


def main(arguments: list[str]) -> int:
    names, options = _split(arguments)
    known = sorted(path.parent.name for path in FOLDER.glob("*/requirements.txt"))
    unknown = set(names) - set(known)
    if unknown:
        sys.exit(f"no environment {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    failed = [name for name in names or known if _run(name, options)]
    for name in failed:
        sys.stderr.write(f"environment {name}: failed\n")
    return 1 if failed else 0


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def _run(name: str, options: list[str]) -> int:
    """Leadline is editable in it, so that processes which a foreign library starts find it too."""
    sys.stderr.write(f"environment {name}\n")
    requirements = FOLDER / name / "requirements.txt"
    try:
        python = cached(name, "-r", requirements, "-r", FOLDER / "requirements.txt", "-e", ROOT)
    except subprocess.CalledProcessError as error:
        return error.returncode
    return subprocess.run([python, "-m", "pytest", FOLDER / name, *options], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
