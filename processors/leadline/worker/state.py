"""State records as bytes: a version byte, a byte that says whether the rest is compressed, then MessagePack, which keeps NaN
and infinities."""

import zlib
from dataclasses import dataclass
from typing import Generic

import msgspec

from leadline.core.clock import Micros

from .role import Role, State

_COMPRESS_FROM = 65_536
"""Bytes. Large states repeat the same names; compressed they stay far below the topic's limit."""
_PLAIN, _COMPRESSED = b"\0", b"\1"


class _Wire(msgspec.Struct, array_like=True):
    epoch: str
    offset: int
    recorded_at: Micros
    deadline: Micros | None
    state: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Entry(Generic[State]):
    """A state and what it is known from: the offset and the newest recorded_at of its inputs.

    `epoch` tells a topic from its namesake created anew, whose offsets begin at 0 again.
    """

    epoch: str
    offset: int
    recorded_at: Micros
    deadline: Micros | None
    state: State


_WIRE = msgspec.msgpack.Decoder(_Wire)
_NO_STATE = msgspec.Raw(msgspec.msgpack.encode(None))


def position(data: bytes) -> tuple[str, int]:
    """Epoch and offset of a record or of a mark, without decoding a state."""
    wire = _WIRE.decode(_body(data))
    return wire.epoch, wire.offset


class StateCodec(Generic[State]):
    def __init__(self, role: Role[State]) -> None:
        self._role = role
        self._version = bytes([role.state_version])
        self._encoder = msgspec.msgpack.Encoder()
        self._dump = role.dump or self._encoder.encode
        self._load = role.load or msgspec.msgpack.Decoder(role.state).decode

    def encode(self, entry: Entry[State]) -> bytes:
        state = msgspec.Raw(self._dump(entry.state))
        wire = _Wire(entry.epoch, entry.offset, entry.recorded_at, entry.deadline, state)
        body = self._encoder.encode(wire)
        if len(body) < _COMPRESS_FROM:
            return self._version + _PLAIN + body
        return self._version + _COMPRESSED + zlib.compress(body, level=1)

    def mark(self, epoch: str, offset: int) -> bytes:
        """How far a partition is read: a record without a state."""
        return self._version + _PLAIN + self._encoder.encode(_Wire(epoch, offset, 0, None, _NO_STATE))

    def decode(self, data: bytes) -> Entry[State]:
        """Raises ValueError for a version that this program does not know, msgspec.DecodeError for what is no state."""
        wire = _WIRE.decode(_body(data))
        return Entry(wire.epoch, wire.offset, wire.recorded_at, wire.deadline, self._state(data[0], wire.state))

    def deadline(self, data: bytes) -> Micros | None:
        """Without decoding the state: for building the deadlines after a recovery."""
        return _WIRE.decode(_body(data)).deadline

    def _state(self, version: int, raw: msgspec.Raw) -> State:
        if version == self._role.state_version:
            return self._load(bytes(raw))
        if self._role.upgrade is None or version > self._role.state_version:
            newer = "install the newer version again, or " if version > self._role.state_version else ""
            raise ValueError(
                f"state of {self._role.name} has version {version}, this program knows {self._role.state_version}: "
                f"{newer}delete the topics {self._role.app_id}-* to rebuild it from the log"
            )
        return self._role.upgrade(version, bytes(raw))


def _body(data: bytes) -> bytes | memoryview:
    return zlib.decompress(memoryview(data)[2:]) if data[1:2] == _COMPRESSED else memoryview(data)[2:]
