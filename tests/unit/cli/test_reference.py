"""The command line's reference is what the commands say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leadline import cli
from leadline.cli.reference import reference

ROOT = Path(__file__).parents[3]


def test_reference_is_current() -> None:
    """docs/cli.md is what `python -m leadline.cli.reference` writes."""
    # In a process of its own: click keeps a command's help option once it was asked for.
    command = [sys.executable, "-m", "leadline.cli.reference"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert (ROOT / "docs/cli.md").read_text(encoding="utf-8") == done.stdout


def test_every_command_is_described() -> None:
    """Each command has a section with a sentence about what it does."""
    text = reference()
    for name in cli._COMMANDS:
        assert f"## leadline {name}\n" in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(shell: str) -> None:
    """Click's completion answers for our command in each shell that the reference names."""
    environment = {**os.environ, "_LEADLINE_COMPLETE": f"{shell}_source"}
    command = [sys.executable, "-c", "from leadline.cli import main; main()"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert "_LEADLINE_COMPLETE" in done.stdout
