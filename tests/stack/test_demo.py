"""The demo, short, as a person would start it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from leadline.core.settings import Settings

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(900)]


def test_demo_ends_with_alerts_pages_and_explanations(stack: Settings, tmp_path: Path) -> None:
    """On a running stack four weeks are played to the end: what broke, what was planted, and how to look further."""
    told = _leadline(stack, tmp_path, "demo", "--seed", "3", "--weeks", "4", "--data", str(tmp_path / "demo"))
    for heading in ("Open alerts", "The page for the broken pipeline", "leadline explain ", "How to look further"):
        assert heading in told
    assert "FileNotFoundError" in told
    assert "ran commit" in told
    assert "ranked 1 of" in told

    failed = json.loads(_leadline(stack, tmp_path, "runs", "--failed", "--json"))
    validate = next(run for run in failed if run["job_name"] == "validate" and run["job_namespace"] == "cron://nyc")
    explained = json.loads(_leadline(stack, tmp_path, "explain", validate["run_id"], "--json"))
    assert explained["failure"]["run"]["run_id"] == validate["run_id"]
    assert explained["failure"]["last_success"]["state"] == "COMPLETE"
    assert explained["contact"]["owner"]

    # A feature comes from a column of the landing zone, over two jobs; a version from the versions that its run read.
    drawn = _leadline(stack, tmp_path, "lineage", "features", "--column", "delay").splitlines()
    assert drawn[0] == "features delay lake://nyc"
    assert any("flights departure_delay" in line and "DIRECT/TRANSFORMATION" in line for line in drawn)
    assert any("landing/flights dep_delay" in line and "by ingest: DIRECT/IDENTITY" in line for line in drawn)
    sql = "SELECT version FROM leadline.current_versions WHERE name = 'predictions'"
    ((version,),) = [row.values() for row in json.loads(_leadline(stack, tmp_path, "sql", sql, "--json"))]
    drawn = _leadline(stack, tmp_path, "lineage", "predictions", "--version", version).splitlines()
    for name in ("features", "late-arrival"):
        assert any(re.search(rf"{name} [0-9a-f]{{16}} .*by score run", line) for line in drawn), drawn
    assert any(re.search(r"flights [0-9a-f]{16} .*by features run", line) for line in drawn)


def _leadline(stack: Settings, folder: Path, *arguments: str) -> str:
    environ = os.environ | {
        "KAFKA": stack.kafka,
        "SCHEMA_REGISTRY": stack.schema_registry,
        "CLICKHOUSE": stack.clickhouse,
        "CLICKHOUSE_USER": stack.clickhouse_user,
        "CLICKHOUSE_PASSWORD": stack.clickhouse_password,
        "LEADLINE_DATA": str(folder / "none"),
    }
    command = [sys.executable, "-m", "leadline.cli", *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
