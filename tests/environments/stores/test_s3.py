"""S3 through fsspec's own part for it, against a server of this machine.

`python -m tests.environments stores`, or in any environment that has requirements.txt of this folder and Leadline:
`python -m pytest -c /dev/null tests/environments/stores`. Nothing is skipped.
"""

import json
from collections.abc import Iterator

import boto3
import pytest
import s3fs
from moto.server import ThreadedMotoServer

from leadline.track.versions.describe import describe


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[s3fs.S3FileSystem]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem()
    if not files.exists("lake"):
        files.mkdir("lake")
    yield files
    server.stop()


def test_the_store_tells_and_no_byte_is_read(lake: s3fs.S3FileSystem) -> None:
    """ETag, size, media type; of a versioned bucket too the ETag, unless the file system was asked for versions."""
    lake.pipe("lake/features/x.csv", b"a,b\n1,2\n")
    found = describe("s3://lake/features/x.csv")
    assert found.version == lake.info("lake/features/x.csv")["ETag"].strip('"')
    assert (found.size_bytes, found.content_hash) == (8, "")
    assert found.attributes == {"etag": found.version, "location": "s3://lake/features/x.csv"}


def test_a_prefix_has_the_version_of_its_objects(lake: s3fs.S3FileSystem) -> None:
    lake.pipe({"lake/d/a": b"1", "lake/d/e/b": b"22"})
    found = describe("s3://lake/d")
    assert (found.files, found.size_bytes, found.version[:7]) == (2, 3, "sha256:")
    client = boto3.client("s3")
    client.put_object(Bucket="lake", Key="d/e/b", Body=b"33")  # past fsspec, which has a listing of it
    assert describe("s3://lake/d").version != found.version
    before = describe("s3://lake/d/a").version
    client.put_object(Bucket="lake", Key="d/a", Body=b"4")
    assert describe("s3://lake/d/a").version != before


def test_tables_in_a_store(lake: s3fs.S3FileSystem) -> None:
    lake.pipe({f"lake/delta/_delta_log/{number:020}.json": b"{}" for number in range(3)})
    lake.pipe("lake/iceberg/metadata/00001-aa.metadata.json", json.dumps({"current-snapshot-id": 77}).encode())
    assert (describe("s3://lake/delta").version, describe("s3://lake/delta/").format) == ("2", "delta")
    assert describe("s3://lake/iceberg").version == "77"


def test_nothing_there_says_so(lake: s3fs.S3FileSystem) -> None:
    with pytest.raises(FileNotFoundError):
        describe("s3://lake/nothing")
