"""docs/settings.md is what the settings say of themselves."""

import subprocess
import sys
from pathlib import Path

from leadline.core.settings import OPTIONS
from leadline.track.reference import reference

ROOT = Path(__file__).parents[3]


def test_the_page_is_current() -> None:
    """It is what `python -m leadline.track.reference` writes."""
    command = [sys.executable, "-m", "leadline.track.reference"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == done.stdout


def test_every_setting_has_a_line() -> None:
    """With its variable, and its file where it is a secret."""
    for name, one in OPTIONS.items():
        (line,) = [line for line in reference().partition("## All")[2].splitlines() if line.startswith(f"| `{name}` |")]
        assert one.variable in line
        assert (f"{one.variable}_FILE" in line) == one.secret
        assert one.meaning
