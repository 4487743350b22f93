"""docs/settings.md is what the settings say of themselves."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

from leadline.core.settings import OPTIONS
from leadline.track.client import Client
from leadline.track.reference import JOB_OPTIONS, JOB_VARIABLES, reference

OF_ROLES = {"LEADLINE_LOG_LEVEL"}
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


def test_every_option_of_a_job_has_a_line() -> None:
    """All arguments of a client, and all variables that the library looks at."""
    options = [one for one in inspect.signature(Client.__init__).parameters.values() if one.kind is one.KEYWORD_ONLY]
    assert {one.name for one in options} - OPTIONS.keys() == JOB_OPTIONS.keys()
    code = "".join(path.read_text() for root in ("core", "producers") for path in (ROOT / root).rglob("*.py"))
    read = set(re.findall(r"\"(LEADLINE_[A-Z_]+)\"", code)) - OF_ROLES
    told = {*JOB_VARIABLES, *(one.variable for one in OPTIONS.values()), *(variable for variable, _ in JOB_OPTIONS.values())}
    assert read <= told
