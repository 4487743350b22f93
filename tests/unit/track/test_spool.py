"""The spool: what is in it comes out of it, whatever happened to its files."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.track.entry import Entry
from leadline.track.segment import MAGIC, Segment, spooled
from leadline.track.spool import Spool, SpoolFull

MIB = 1024 * 1024


def entry(number: int, size: int = 10) -> Entry:
    return Entry("leadline.runs", b"key", [("leadline-record", b"RunEvent")], "RunEvent", "f", number.to_bytes(size, "big"))


def numbers(segment: Segment) -> list[int]:
    return [int.from_bytes(found.body, "big") for found in segment.entries()]


def adopted(folder: Path) -> list[int]:
    """What a later process finds in the files of dead ones, which it leaves where they are."""
    found = []
    for segment in Spool(folder, MIB).orphans():
        found += numbers(segment)
        segment.release()
    return found


def test_entries_come_out_as_they_went_in(tmp_path: Path) -> None:
    """In order, from the next process too."""
    spool = Spool(tmp_path, MIB)
    spool.append([entry(1), entry(2)])
    spool.append([entry(3)])
    assert spool.waiting == 3
    assert adopted(tmp_path) == [], "a living process's file is not touched"
    spool.close()
    (segment,) = Spool(tmp_path, MIB).orphans()
    assert numbers(segment) == [1, 2, 3]
    assert next(segment.entries()) == entry(1)
    segment.remove()
    assert spooled(tmp_path) == []


@given(cut=st.integers(min_value=0, max_value=400))
def test_a_file_cut_anywhere_gives_its_whole_entries(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """A process killed while writing leaves a prefix, which is no damage."""
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(folder, MIB)
    spool.append([entry(number) for number in range(5)])
    spool.close()
    (path,) = spooled(folder)
    data = path.read_bytes()
    size = (len(data) - len(MAGIC)) // 5
    kept = min(len(data), len(MAGIC) + cut)
    path.write_bytes(data[:kept])
    segment = Segment.adopt(path)
    assert segment is not None
    assert numbers(segment) == list(range((kept - len(MAGIC)) // size))
    assert not segment.damaged
    segment.release()


@given(place=st.integers(min_value=len(MAGIC), max_value=10_000), bits=st.integers(min_value=1, max_value=255))
def test_a_damaged_file_gives_what_is_before_and_is_kept(
    tmp_path_factory: pytest.TempPathFactory, place: int, bits: int
) -> None:
    """No wrong entry ever comes out, and nothing readable is thrown away."""
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(folder, MIB)
    spool.append([entry(number) for number in range(5)])
    spool.close()
    (path,) = spooled(folder)
    data = bytearray(path.read_bytes())
    place = min(place, len(data) - 1)
    data[place] ^= bits
    path.write_bytes(data)
    segment = Segment.adopt(path)
    assert segment is not None
    found = numbers(segment)
    assert found == list(range(len(found)))
    assert len(found) == (place - len(MAGIC)) // ((len(data) - len(MAGIC)) // 5)
    assert segment.damaged
    segment.remove()
    assert [left.suffix for left in folder.iterdir()] == [".damaged"]


def test_a_foreign_file_is_left_alone(tmp_path: Path) -> None:
    """Whatever else lies in the folder."""
    (tmp_path / "notes.spool").write_text("not ours")
    (tmp_path / "empty.spool").touch()
    (tmp_path / "folder.spool").mkdir()
    spool = Spool(tmp_path, MIB)
    spool.append([entry(1)])
    assert adopted(tmp_path) == []
    assert (tmp_path / "notes.spool").read_text() == "not ours"
    spool.close()


def test_the_spool_is_bounded_and_keeps_room_for_runs(tmp_path: Path) -> None:
    """Starts and ends of runs may use the last tenth; other processes' files count as well."""
    other = Spool(tmp_path, 100_000)
    other.append([entry(1, 40_000)])
    spool = Spool(tmp_path, 100_000)
    spool.append([entry(2, 40_000)])
    with pytest.raises(SpoolFull, match="of 100,000 bytes"):
        spool.append([entry(3, 12_000)])
    spool.append([entry(4, 12_000)], vital=True)
    with pytest.raises(SpoolFull):
        spool.append([entry(5, 12_000)], vital=True)
    spool.close()
    other.close()


def test_sealed_files_are_sent_while_new_ones_are_written(tmp_path: Path) -> None:
    """What comes while the spool is being sent waits in a file of its own, behind."""
    spool = Spool(tmp_path, MIB)
    spool.append([entry(1)])
    spool.seal()
    first = spool.oldest()
    spool.append([entry(2)])
    assert first is not None
    assert numbers(first) == [1]
    spool.sent(first)
    assert spool.waiting == 1
    second = spool.oldest()
    assert second is not None
    assert numbers(second) == [2]
    spool.close()


def test_a_killed_writer_leaves_whole_entries_that_the_next_process_adopts(tmp_path: Path) -> None:
    """kill -9 in the middle of writing: no corruption, and the lock is free at once."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom leadline.track.entry import Entry\nfrom leadline.track.spool import Spool\n"
        f"spool = Spool(Path({str(tmp_path)!r}), 1 << 28)\n"
        "for n in range(10**9):\n"
        "    spool.append([Entry('t', b'k', [], 'RunEvent', 'f', n.to_bytes(1000, 'big'))])\n"
        "    if n % 100 == 0: print(n, flush=True)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    written = 0
    while written < 6_000:  # more than one file
        written = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    found = adopted(tmp_path)
    assert found == list(range(len(found)))
    assert len(found) > written
    assert len(spooled(tmp_path)) > 1


def test_two_processes_adopt_each_file_once(tmp_path: Path) -> None:
    """The lock decides, and a file that was sent meanwhile is not sent again."""
    spool = Spool(tmp_path, MIB)
    spool.append([entry(1)])
    spool.close()
    (path,) = spooled(tmp_path)
    first = Segment.adopt(path)
    assert first is not None
    assert Segment.adopt(path) is None
    held = path.open("rb")
    first.remove()
    assert Segment.adopt(path) is None
    held.close()


def test_a_folder_that_cannot_be_made_raises(tmp_path: Path) -> None:
    """The delivery counts what it could not keep."""
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Spool(tmp_path / "file" / "spool", MIB).append([entry(1)])
