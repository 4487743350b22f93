"""Files and folders: the hash of what they hold, and what is said when that is too much or moves."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.track.versions import files
from leadline.track.versions.files import describe_file, describe_folder, file_hash
from leadline.track.versions.local import describe_path


def test_a_file_is_its_bytes(tmp_path: Path) -> None:
    """As `sha256sum` has it; the name and the time are no part of it."""
    path = tmp_path / "roc.png"
    path.write_bytes(b"picture")
    found = describe_path(path)
    expected = f"sha256:{hashlib.sha256(b'picture').hexdigest()}"
    assert (found.version, found.content_hash, found.size_bytes, found.files) == (expected, expected, 7, None)
    assert (found.format, found.attributes) == ("image/png", {"location": str(path)})
    os.utime(path, (0, 0))
    assert describe_path(path.rename(tmp_path / "other")).version == expected


def test_a_folder_is_what_the_shell_says(tmp_path: Path) -> None:
    """The format of the manifest is written down: anybody can compute the hash."""
    for name, content in {"b.txt": "2", "a/x.txt": "1", "a-b": "", ".hidden": "h", "ö": "u"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "empty").mkdir()
    shell = r"find . -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum"
    said = subprocess.run(["sh", "-c", shell], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    found = describe_folder(tmp_path)
    assert found.content_hash == found.version == f"sha256:{said.split()[0]}"
    assert (found.files, found.size_bytes) == (5, 4)


def test_links_to_files_are_read_and_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    """A loop of links has no end."""
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert describe_folder(tmp_path).files == 2


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_files_with_one_content_have_one_version(tmp_path_factory: pytest.TempPathFactory, one: bytes, other: bytes) -> None:
    folder = tmp_path_factory.mktemp("f")
    (folder / "one").write_bytes(one)
    (folder / "other").write_bytes(other)
    assert (file_hash(folder / "one") == file_hash(folder / "other")) == (one == other)


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 10_000)
    monkeypatch.setattr(files, "MAX_FILES", 5)
    monkeypatch.setattr(files, "PIECE", 100)


@pytest.mark.usefixtures("small_limits")
def test_of_a_large_file_pieces_are_read_and_the_whole_later(tmp_path: Path) -> None:
    """The version says that it is of a sample; the hash is the file's, unless it changed until then."""
    path = tmp_path / "model.bin"
    path.write_bytes(bytes(20_000))
    found = describe_file(path)
    assert (found.version[:7], found.content_hash, found.size_bytes) == ("sample:", "", 20_000)
    assert found.later is not None
    assert found.later() == file_hash(path)
    assert describe_file(path).version == found.version
    for changed in (bytes(20_001), b"1" + bytes(19_999), bytes(19_999) + b"1", bytes(10_000) + b"1" + bytes(9_999)):
        path.write_bytes(changed)
        assert describe_file(path).version != found.version
    assert found.later() is None


@pytest.mark.usefixtures("small_limits")
def test_large_folders_are_sampled_and_those_with_too_many_files_counted_as_such(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}").write_bytes(bytes(4_000))
    found = describe_folder(tmp_path)
    assert (found.version[:7], found.files, found.size_bytes) == ("sample:", 4, 16_000)
    assert found.later is not None
    whole = found.later()
    assert whole is not None
    (tmp_path / "4").write_bytes(b"")
    assert found.later() is None
    (tmp_path / "5").write_bytes(b"")
    many = describe_folder(tmp_path)
    assert (many.version, many.files, many.attributes) == ("", None, {"not hashed": "more than 5 files"})


def test_what_changes_while_it_is_read_has_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash of half of one content and half of another is of none that there was."""
    path = tmp_path / "growing"
    path.write_text("a")

    def write_and_hash(path: Path) -> str:
        found = file_hash(path)
        path.write_text("longer")
        return found

    monkeypatch.setattr(files, "file_hash", write_and_hash)
    found = describe_file(path)
    assert (found.version, found.content_hash) == ("", "")
    assert found.attributes == {"not hashed": "it changed while it was read"}
    path.write_text("a")
    assert describe_folder(tmp_path).version == ""


def test_nothing_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        describe_path(tmp_path / "gone")
