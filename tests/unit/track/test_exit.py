"""What a job reports in its own exit handlers, wherever they stand before or after ours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ORDERS = {
    "before the import": "atexit.register(late)\nfrom leadline import track\n",
    "after the import": "from leadline import track\natexit.register(late)\n",
    "after a first report": "from leadline import track\nreport('early')\natexit.register(late)\n",
    "before a first report": "atexit.register(late)\nfrom leadline import track\nreport('early')\n",
    "twice": "atexit.register(late)\nfrom leadline import track\natexit.register(report, 'early')\n",
}


@pytest.mark.parametrize("order", ORDERS)
def test_a_report_at_exit(order: str, tmp_path: Path) -> None:
    script = (
        "import atexit\n"
        "def report(name):\n    track.metric(name, 1, of=track.model('n', 'm'))\n"
        "def late():\n    with track.run('late'):\n        report('late')\n"
    ) + ORDERS[order]
    lines = tmp_path / "events.jsonl"
    told = {"LEADLINE_TRANSPORT": "file", "LEADLINE_FILE": str(lines), "LEADLINE_SPOOL": str(tmp_path / "spool")}
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **told}, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    written = lines.read_text()
    for word in ("START", "COMPLETE", '"late"', *(['"early"'] if "early" in ORDERS[order] else [])):
        assert word in written, word
