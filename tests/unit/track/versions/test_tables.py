"""Delta, Iceberg, DVC, object stores: what they write themselves tells the version. Real tables: tests/environments/tables."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]  # has no types
import pytest

from leadline.core.errors import LeadlineError
from leadline.events.records import ColumnProfile
from leadline.track.versions.describe import describe
from leadline.track.versions.dvc import noted_outputs
from leadline.track.versions.remote import describe_url
from leadline.track.versions.stores import describe_object, lakefs_commit
from leadline.track.versions.tables import delta_version, describe_iceberg, newest_iceberg_metadata

COMMIT = "a" * 64


def names(*versions: int) -> list[str]:
    return [f"{version:020}.json" for version in versions]


@pytest.mark.parametrize(
    ("listing", "version"),
    [
        (names(0), "0"),
        (names(0, 1, 10, 9), "10"),
        ([*names(11), f"{12:020}.checkpoint.parquet", "_last_checkpoint"], "12"),
        ([f"{7:020}.checkpoint.0000000001.0000000002.parquet"], "7"),
        ([f"{8:020}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json"], "8"),
        ([f"{3:020}.json", f"{4:020}.json.tmp", f"{5:020}.crc", "_delta_log"], "3"),
        ([], ""),
    ],
)
def test_deltas_newest_commit_is_the_version(listing: list[str], version: str) -> None:
    """By the names of the protocol; checksums and files that are being written count for nothing."""
    assert delta_version(listing) == version


@pytest.mark.parametrize(
    ("listing", "hint", "newest"),
    [
        (["v1.metadata.json", "v10.metadata.json", "v9.metadata.json"], "", "v10.metadata.json"),
        (["v1.metadata.json", "v2.metadata.json"], "1\n", "v1.metadata.json"),
        (["00000-aa-b.metadata.json", "00002-cc-d.metadata.json", "snap-9.avro"], "", "00002-cc-d.metadata.json"),
        (["00003-aa.gz.metadata.json"], "", "00003-aa.gz.metadata.json"),
        (["v1.metadata.json"], "7", "v1.metadata.json"),
        (["version-hint.text"], "", ""),
    ],
)
def test_icebergs_newest_metadata(listing: list[str], hint: str, newest: str) -> None:
    """Of tables in a file system and of those of a catalogue."""
    assert newest_iceberg_metadata(listing, hint) == newest


METADATA: dict[str, Any] = {
    "format-version": 2,
    "table-uuid": "9c12d441",
    "current-snapshot-id": 77,
    "current-schema-id": 1,
    "schemas": [
        {"schema-id": 0, "fields": [{"id": 1, "name": "id", "type": "int"}]},
        {
            "schema-id": 1,
            "fields": [
                {"id": 1, "name": "id", "type": "long"},
                {"id": 2, "name": "at", "type": "timestamptz"},
                {"id": 3, "name": "l", "type": {"type": "list", "element": "string"}},
            ],
        },
    ],
    "snapshots": [
        {"snapshot-id": 76, "summary": {"total-records": "1"}},
        {"snapshot-id": 77, "summary": {"total-records": "12", "total-files-size": "4096", "total-data-files": "3"}},
    ],
}


def test_icebergs_metadata_tells_rows_and_columns_too() -> None:
    """No data file is opened."""
    found = describe_iceberg(METADATA)
    assert (found.version, found.rows, found.size_bytes, found.files) == ("77", 12, 4096, 3)
    assert [(c.name, c.type) for c in found.columns[:2]] == [("id", "int64"), ("at", "timestamp[us, UTC]")]
    for nothing in (None, -1):
        assert describe_iceberg({**METADATA, "current-snapshot-id": nothing}).version == ""
    first = {"current-snapshot-id": 5, "schema": {"fields": [{"name": "a", "type": "string"}]}}
    assert describe_iceberg(first).columns == [ColumnProfile(name="a", type="string")]


def test_a_folder_with_a_table_is_the_table(tmp_path: Path) -> None:
    """Its files are not hashed: the table knows its version."""
    delta, iceberg = tmp_path / "delta", tmp_path / "iceberg"
    (delta / "_delta_log").mkdir(parents=True)
    for name in names(0, 1):
        (delta / "_delta_log" / name).touch()
    (iceberg / "metadata").mkdir(parents=True)
    (iceberg / "metadata" / "v2.gz.metadata.json").write_bytes(gzip.compress(json.dumps(METADATA).encode()))
    assert [(found.version, found.format) for found in map(describe, (delta, iceberg))] == [("1", "delta"), ("77", "iceberg")]
    assert describe(f"file://{delta}").version == "1"


DVC_FILE = """outs:
- md5: a304afb96060aad90176268345e10355
  size: 5
  hash: md5
  path: data.xml
"""
DVC_LOCK = """schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py data.csv
    deps:
    - path: data.csv
      hash: md5
      md5: 11111111111111111111111111111111
      size: 9
    params:
      params.yaml:
        prepare.seed: 20170428
    outs:
    - path: prepared
      hash: md5
      md5: 153aad06d376b6595932470e459ef42a.dir
      size: 2
      nfiles: 2
  train:
    cmd: python train.py
    outs:
    - path: models/model.pkl
      hash: md5
      md5: 22222222222222222222222222222222
      size: 4
"""


def test_dvc_notes_outputs() -> None:
    """Of a file of its own, and of a pipeline's stages; what a stage only reads is noted where it is made."""
    assert [tuple(noted) for noted in noted_outputs(DVC_FILE)] == [("data.xml", "a304afb96060aad90176268345e10355", 5, None)]
    assert [(noted.path, noted.md5[:4], noted.size, noted.files) for noted in noted_outputs(DVC_LOCK)] == [
        ("prepared", "153a", 2, 2),
        ("models/model.pkl", "2222", 4, None),
    ]


def test_what_dvc_noted_is_the_version_while_it_is_still_that(tmp_path: Path) -> None:
    """A file that has another size was changed after `dvc add`: its own hash is the truth."""
    (tmp_path / "data.xml").write_text("<xml>"[:5])
    (tmp_path / "data.xml.dvc").write_text(DVC_FILE)
    (tmp_path / "dvc.lock").write_text(DVC_LOCK)
    (tmp_path / "prepared").mkdir()
    for name in ("a", "b"):
        (tmp_path / "prepared" / name).write_text(name)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "model.pkl").write_text("1234")
    found = describe(tmp_path / "data.xml")
    assert (found.version, found.attributes["version_by"]) == ("a304afb96060aad90176268345e10355", "dvc")
    assert found.content_hash.startswith("sha256:")
    assert describe(tmp_path / "prepared").version == "153aad06d376b6595932470e459ef42a.dir"
    assert describe(tmp_path / "models" / "model.pkl").version == "2" * 32
    (tmp_path / "models" / "model.pkl").write_text("12345")
    assert describe(tmp_path / "models" / "model.pkl").version.startswith("sha256:")


@pytest.mark.parametrize(
    ("info", "version", "size"),
    [
        ({"ETag": '"abc-2"', "size": 5, "VersionId": None, "type": "file"}, "abc-2", 5),  # s3fs, no versions
        ({"ETag": '"abc"', "size": 5, "VersionId": "null"}, "abc", 5),
        ({"ETag": '"abc"', "size": 5, "VersionId": "3HL4kqtJ"}, "3HL4kqtJ", 5),
        ({"generation": "1700000000000001", "etag": "CJ", "md5Hash": "x==", "size": 7}, "1700000000000001", 7),  # gcsfs
        ({"etag": "0x8D", "size": 1, "content_settings": {"content_md5": bytearray(b"\x01")}}, "0x8D", 1),  # adlfs
        ({"content_settings": {"content_md5": bytearray(b"\x01\x02")}}, "0102", None),
        ({"ETag": 'W/"5d8c72"', "size": None, "mimetype": "text/csv"}, "5d8c72", None),  # http
        ({"checksum": "61fb", "size": 3, "mtime": 1}, "61fb", 3),  # lakefs-spec
        ({"name": "/x", "size": 3, "type": "file", "created": 1.0}, "", 3),  # memory, local
    ],
)
def test_stores_tell_versions_or_tags(info: dict[str, Any], version: str, size: int | None) -> None:
    found = describe_object(info)
    assert (found.version, found.size_bytes) == (version, size)


def test_an_answer_of_s3_is_data() -> None:
    """What `put_object` and `head_object` of boto3 return."""
    answer = {"ResponseMetadata": {}, "ETag": '"e"', "VersionId": "v1", "ContentLength": 12, "ContentType": "text/csv"}
    found = describe(answer)
    assert (found.version, found.size_bytes, found.format, found.attributes) == ("v1", 12, "text/csv", {"etag": "e"})


def test_lakefs_commits_are_versions_and_branches_are_not() -> None:
    """A branch moves."""
    assert lakefs_commit(f"lakefs://repo/{COMMIT}/data/x.parquet") == COMMIT
    assert describe(f"lakefs://repo/{COMMIT}/data/x.parquet").version == COMMIT
    for other in ("lakefs://repo/main/x", f"s3://repo/{COMMIT}/x", "lakefs://repo"):
        assert lakefs_commit(other) == ""


@pytest.fixture
def memory() -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    yield files
    files.store.clear()
    files.pseudo_dirs[:] = [""]


def test_urls_go_through_fsspec(memory: Any) -> None:
    """Small objects of a store without tags are read; folders without tags have a size only; tables are tables."""
    memory.pipe({"/a/x.csv": b"12", "/a/y/z.csv": b"345", "/d/_delta_log/00000000000000000004.json": b""})
    memory.pipe("/i/metadata/v1.metadata.json", json.dumps(METADATA).encode())
    found = describe("memory://a/x.csv")
    assert found.content_hash == describe(b"12").content_hash == found.version
    assert (found.format, found.attributes) == ("text/csv", {"location": "memory://a/x.csv"})
    folder = describe("memory://a")
    assert (folder.version, folder.files, folder.size_bytes) == ("", 2, 5)
    assert (describe("memory://d").version, describe("memory://i").version) == ("4", "77")
    with pytest.raises(FileNotFoundError):
        describe("memory://nothing")


def test_a_folder_of_tagged_objects_has_a_version(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It changes with any tag and any name."""
    memory.pipe({"/t/a": b"1", "/t/b": b"2"})
    ls = type(memory).ls

    def tagged(self: Any, path: str, detail: bool = True, **more: Any) -> Any:
        found = ls(self, path, detail=detail, **more)
        return [{**info, "ETag": '"t"'} for info in found] if detail else found

    monkeypatch.setattr(type(memory), "ls", tagged)
    first = describe("memory://t").version
    assert first.startswith("sha256:")
    memory.pipe("/t/c", b"3")
    assert describe("memory://t").version != first


def test_a_store_that_hangs_does_not_hold_the_job(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for so long and no longer."""
    import threading

    hang = threading.Event()
    monkeypatch.setattr(type(memory), "info", lambda self, path, **more: hang.wait(60))
    with pytest.raises(LeadlineError, match=r"memory://x did not answer within 0.05 s"):
        describe_url("memory://x", seconds=0.05)
    hang.set()


def test_a_url_of_an_unknown_kind_says_so() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        describe("nonsense://x")
