"""Tables and files as the real tools write them: deltalake, pyiceberg, DVC, boto3.

`python -m tests.environments tables`, or in any environment that has requirements.txt of this folder and Leadline:
`python -m pytest -c /dev/null tests/environments/tables`. Nothing is skipped: a test whose library is missing fails.
"""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from leadline.track.versions.describe import describe

ROWS = pa.table(
    {"id": pa.array([1, 2, 3], pa.int64()), "name": ["a", "b", None], "at": pa.array([1, 2, 3], pa.timestamp("us", "UTC"))}
)


def test_delta(tmp_path: Path) -> None:
    """By its folder and by its object, before and after a checkpoint."""
    from deltalake import DeltaTable, write_deltalake

    for number in range(3):
        write_deltalake(tmp_path / "t", ROWS, mode="append")
        assert describe(tmp_path / "t").version == str(number)
    table = DeltaTable(tmp_path / "t")
    table.create_checkpoint()
    by_folder, by_object = describe(tmp_path / "t"), describe(table)
    assert (by_folder.version, by_folder.format) == (by_object.version, by_object.format) == ("2", "delta")
    assert [(column.name, column.type) for column in by_object.columns] == [
        ("id", "int64"),
        ("name", "string"),
        ("at", "timestamp[us, UTC]"),
    ]
    assert describe(DeltaTable(tmp_path / "t", version=1)).version == "1"
    assert by_object.attributes["location"].rstrip("/").endswith("/t")


def test_iceberg(tmp_path: Path) -> None:
    """By its folder and by its object: the snapshot's id, rows and columns."""
    from pyiceberg.catalog.sql import SqlCatalog

    catalog = SqlCatalog("c", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"file://{tmp_path}")
    catalog.create_namespace("n")
    table = catalog.create_table("n.t", schema=ROWS.schema)
    assert describe(table).version == ""
    for number in (1, 2):
        table.append(ROWS)
        by_folder, by_object = describe(table.location().removeprefix("file://")), describe(table)
        assert by_folder.version == by_object.version == str(table.current_snapshot().snapshot_id)
        assert by_folder.rows == by_object.rows == 3 * number
    assert (by_folder.format, by_folder.columns, by_folder.schema_version) == (
        "iceberg",
        by_object.columns,
        by_object.schema_version,
    )
    assert [(column.name, column.type) for column in by_object.columns] == [
        ("id", "int64"),
        ("name", "string"),
        ("at", "timestamp[us, UTC]"),
    ]


def dvc(folder: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=folder, check=True, capture_output=True)


def test_dvc(tmp_path: Path) -> None:
    """Files and folders that were added, and outputs of a pipeline."""
    dvc(tmp_path, "init", "--no-scm")
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    (tmp_path / "images").mkdir()
    for name in ("x", "y"):
        (tmp_path / "images" / name).write_text(name)
    dvc(tmp_path, "add", "data.csv", "images")
    import hashlib

    assert describe(tmp_path / "data.csv").version == hashlib.md5(b"a,b\n1,2\n").hexdigest()
    assert describe(tmp_path / "images").version.endswith(".dir")
    (tmp_path / "data.csv").write_text("changed, and longer")
    assert describe(tmp_path / "data.csv").version.startswith("sha256:")
    (tmp_path / "dvc.yaml").write_text(
        "stages:\n  copy:\n    cmd: cp images/x out.txt\n    deps: [images]\n    outs: [out.txt]\n"
    )
    dvc(tmp_path, "repro")
    assert describe(tmp_path / "out.txt").version == hashlib.md5(b"x").hexdigest()


def test_s3_by_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers and loaded objects tell the version; an object that was not loaded is not asked for."""
    import boto3
    import moto

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with moto.mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="lake")
        etag = client.put_object(Bucket="lake", Key="x.csv", Body=b"1")["ETag"].strip('"')
        assert describe(client.head_object(Bucket="lake", Key="x.csv")).version == etag
        client.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
        put = client.put_object(Bucket="lake", Key="x.csv", Body=b"22")
        assert describe(put).version == put["VersionId"]
        resource = boto3.resource("s3", region_name="us-east-1")
        thing = resource.Object("lake", "x.csv")
        assert describe(thing).version == ""
        thing.load()
        found = describe(thing)
        assert (found.version, found.size_bytes) == (put["VersionId"], 2)
        assert found.attributes["location"] == "s3://lake/x.csv"
        summary = next(iter(resource.Bucket("lake").objects.all()))
        assert describe(summary).version == put["ETag"].strip('"')
        old = resource.ObjectVersion("lake", "x.csv", put["VersionId"])
        assert describe(old).version == put["VersionId"]
