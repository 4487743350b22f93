"""What a job says of its data is found in the store: the snapshot of the data over time."""

from pathlib import Path

import polars as pl
import pytest

from leadline import track
from leadline.core.settings import Settings
from leadline.history.connection import connect

from ..conftest import wait_until

pytestmark = pytest.mark.stack


def test_profiles_and_files_are_found_by_version(stack: Settings, tmp_path: Path) -> None:
    """Two snapshots of one dataset, with their histograms, and a file with its hash."""
    client = track.Client(stack, spool=tmp_path / "spool")
    (tmp_path / "roc.png").write_bytes(b"picture")
    with track.Run(client, "described.features", "tests://described") as run:
        versions = [
            run.output("tests://described", "features", data=pl.DataFrame({"age": [31, age, None], "plan": ["a", "b", "b"]}))
            for age in (47, 52)
        ]
        roc = run.artifact(tmp_path / "roc.png")
    assert client.flush(60)
    client.close()
    with connect(stack) as store:

        def rows(question: str) -> list[tuple[object, ...]]:
            return [tuple(row) for row in store.query(question).result_rows]

        profiles = (
            "SELECT version, column, type, rows, round(null_share, 3), maximum, counts FROM leadline.column_profiles "
            "WHERE namespace = 'tests://described' AND name = 'features' ORDER BY event_time, position"
        )
        wait_until(lambda: len(rows(profiles)) == 4, seconds=60, what="the profiles")
        assert rows(profiles) == [
            (versions[0].version, "age", "int64", 3, 0.333, 47.0, [1, 1]),
            (versions[0].version, "plan", "string", 3, 0.0, None, []),
            (versions[1].version, "age", "int64", 3, 0.333, 52.0, [1, 1]),
            (versions[1].version, "plan", "string", 3, 0.0, None, []),
        ]
        files = (
            "SELECT version, content_hash, size_bytes, format, run_id FROM leadline.version_details "
            "WHERE kind = 'ARTIFACT' AND namespace = 'tests://described'"
        )
        wait_until(lambda: bool(rows(files)), seconds=60, what="the file")
        assert rows(files) == [(roc.version, roc.version, 7, "image/png", run.run_id)]
