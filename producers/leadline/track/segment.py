"""One file of the spool: a magic line, then entries as length, its complement, CRC32 and MessagePack.

Its lock says whose it is. The complement tells a write that was cut off (by kill -9) from damage.
"""

import errno
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from .entry import Entry
from .lock import lock

MAGIC = b"leadline spool 1\n"
SUFFIX = ".spool"
_prefix = struct.Struct(">III")
_COMPLEMENT = 0xFFFF_FFFF
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Entry)


def spooled(folder: Path) -> list[Path]:
    """The folder's files, oldest first; none where there is no folder."""
    try:
        return sorted(folder.glob(f"*{SUFFIX}"))
    except OSError:
        return []


class Segment:
    """An open and locked file. Made by `create` or `adopt`."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        self.size = file.seek(0, os.SEEK_END)
        self.damaged = False
        self._unsynced = False
        self._file = file

    @classmethod
    def create(cls, folder: Path, name: str) -> "Segment":
        """Raises OSError."""
        # Under another name until it is locked, else another process could take it for a dead one's.
        hidden, path = folder / f".{name}.new", folder / f"{name}{SUFFIX}"
        file = hidden.open("xb+", buffering=0)
        try:
            lock(file)
            if file.write(MAGIC) != len(MAGIC):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            hidden.rename(path)
        except OSError:  # a full disk
            file.close()
            hidden.unlink(missing_ok=True)
            raise
        return cls(path, file)

    @classmethod
    def adopt(cls, path: Path) -> "Segment | None":
        """A dead process's file; None where it is in use, gone, or no segment at all."""
        try:
            file = path.open("rb+", buffering=0)
        except OSError:
            return None
        # It may have been sent and removed between opening and locking.
        if lock(file) and os.fstat(file.fileno()).st_nlink and file.read(len(MAGIC)) == MAGIC:
            return cls(path, file)
        file.close()
        return None

    def append(self, entries: list[Entry]) -> None:
        """All of them, safe from the end of this process. Raises OSError and then holds none of them."""
        payloads = [_encoder.encode(entry) for entry in entries]
        data = b"".join(_prefix.pack(len(p), len(p) ^ _COMPLEMENT, zlib.crc32(p)) + p for p in payloads)
        try:
            self._file.seek(self.size)
            written = 0
            while written < len(data):
                written += self._file.write(data[written:]) or 0
        except OSError:
            self._file.truncate(self.size)
            raise
        self.size += len(data)
        self._unsynced = True

    def sync(self) -> None:
        """Safe from the end of the machine, too. Raises OSError."""
        if self._unsynced:
            os.fsync(self._file.fileno())
            self._unsynced = False

    def entries(self) -> Iterator[Entry]:
        """In order, up to the end or the first damage; an entry that its process did not finish writing is no damage."""
        self._file.seek(len(MAGIC))
        position = len(MAGIC)
        while len(head := self._file.read(_prefix.size)) == _prefix.size:
            length, complement, checksum = _prefix.unpack(head)
            self.damaged = length != complement ^ _COMPLEMENT
            if self.damaged or position + _prefix.size + length > self.size:
                return
            payload = self._file.read(length)
            position += _prefix.size + length
            try:
                if zlib.crc32(payload) != checksum:
                    raise ValueError("checksum")
                entry = _decoder.decode(payload)
            except (ValueError, msgspec.MsgspecError):
                self.damaged = True
                return
            yield entry

    def remove(self) -> None:
        """After everything in it was acknowledged. What could not be read stays, under another name."""
        if self.damaged:
            self.path.replace(self.path.with_suffix(".damaged"))
        else:
            self.path.unlink(missing_ok=True)
        self._file.close()

    def release(self) -> None:
        """Leaves the file to the next process."""
        self._file.close()
