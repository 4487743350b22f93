"""ClickHouse's own framing of compressed answers, which its JDBC driver (DBeaver) asks for with compress=1.

A block: CityHash128 (version 1.0.2) of the rest, method (0x82 = LZ4), size with these nine bytes, size when unpacked, data.
"""

import struct

import cramjam
from clickhouse_cityhash.cityhash import CityHash128  # the one build of that old version; its hash differs from all later ones

_LZ4 = 0x82
_BLOCK = 1024 * 1024
_header = struct.Struct("<BII").pack
_checksum = struct.Struct("<QQ").pack


def framed(body: memoryview) -> bytes:
    """The whole body in blocks of a megabyte."""
    return b"".join(_block(bytes(body[start : start + _BLOCK])) for start in range(0, len(body), _BLOCK))


def _block(data: bytes) -> bytes:
    packed = bytes(cramjam.lz4.compress_block(data, store_size=False))
    block = _header(_LZ4, len(packed) + 9, len(data)) + packed
    checksum = CityHash128(block)
    return _checksum(checksum >> 64, checksum & 0xFFFF_FFFF_FFFF_FFFF) + block
