"""Virtual environments outside of the checkout, made by uv."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

UV = Path(sys.executable).parent / "uv"


def create(folder: Path, *install: str | Path, python: str = sys.executable) -> Path:
    """A new environment with what `uv pip install INSTALL...` installs; returns its interpreter. Replaces the folder.

    Raises subprocess.CalledProcessError where something cannot be had; uv has said what on standard error.
    """
    interpreter = folder / "bin" / "python"
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([UV, "venv", "--quiet", "--python", python, folder], check=True, stdin=subprocess.DEVNULL)
    command = [UV, "pip", "install", "--quiet", "--python", interpreter, *install]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return interpreter


def cached(name: str, *install: str | Path) -> Path:
    """The same, kept under `~/.cache/leadline/environments` (LEADLINE_CACHE) while what is to be installed stays the same."""
    folder = _cache() / "environments" / name / _digest(install)
    ready = folder / ".ready"
    if not ready.exists():
        create(folder, *install)
        ready.touch()
    return folder / "bin" / "python"


def _cache() -> Path:
    return Path(os.environ.get("LEADLINE_CACHE") or Path.home() / ".cache" / "leadline").expanduser()


def _digest(install: tuple[str | Path, ...]) -> str:
    """Of the arguments, and of what stands in the files and checkouts among them: two checkouts never share an environment."""
    digest = hashlib.sha256(sys.version.encode())
    for argument in install:
        digest.update(f"\0{argument}\0".encode())
        if isinstance(argument, Path):
            digest.update((argument / "pyproject.toml" if argument.is_dir() else argument).read_bytes())
    return digest.hexdigest()[:16]
