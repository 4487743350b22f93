"""Every code block in the README and under docs/ runs, against the running stack.

Python blocks of a page run as one program, sh blocks as scripts, sql blocks through `leadline sql`. A block that cannot run
here has a comment before it: `<!-- not run: the reason -->`.
"""

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from leadline.core.settings import Settings

from ..conftest import wait_until

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
LANGUAGES = ("python", "sh", "sql")

pytestmark = pytest.mark.stack


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    code: str


def _blocks(page: Path) -> list[Block]:
    found, excused = [], False
    for token in MarkdownIt().parse(page.read_text()):
        if token.type == "html_block":
            excused = token.content.startswith("<!-- not run: ")
        elif token.type == "fence":
            language = token.info.split()[0] if token.info else ""
            assert language, f"{page}:{(token.map or [0])[0] + 1}: a code block without a language"
            if language in LANGUAGES and not excused:
                found.append(Block(page, (token.map or [0])[0] + 1, language, token.content))
            excused = False
    return found


def _programs() -> list[Block]:
    """One program per page for Python, one per block for the others."""
    programs = []
    for page in PAGES:
        blocks = _blocks(page)
        python = [block for block in blocks if block.language == "python"]
        if python:
            programs.append(Block(page, python[0].line, "python", "\n".join(block.code for block in python)))
        programs += [block for block in blocks if block.language != "python"]
    return programs


@pytest.mark.parametrize("block", _programs(), ids=lambda block: f"{block.page.relative_to(ROOT)}:{block.line}")
def test_block_runs(block: Block, stack: Settings, tmp_path: Path) -> None:
    """What the page says can be typed can be typed."""
    command = {
        "python": [sys.executable, "-c", block.code],
        "sh": ["bash", "-euo", "pipefail", "-c", block.code],
        "sql": [sys.executable, "-m", "leadline.cli", "sql", block.code],
    }[block.language]
    tries: list[subprocess.CompletedProcess[str]] = []

    def ran() -> bool:
        tries.append(
            subprocess.run(
                command, cwd=tmp_path, env=environment(stack), capture_output=True, text=True, timeout=120, check=False
            )
        )
        return tries[-1].returncode == 0 or block.language == "python"

    # What an earlier block wrote is in the store a moment later.
    with contextlib.suppress(pytest.fail.Exception):
        wait_until(ran, seconds=30, what="a block")
    assert tries[-1].returncode == 0, f"{block.page.name}:{block.line}\n{tries[-1].stdout}\n{tries[-1].stderr}"


def environment(stack: Settings) -> dict[str, str]:
    """The environment of a person who works with this stack."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, **stack.to_environ(), "PATH": path}
