"""Any data to a description: what it is decides how it is looked at."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from leadline.core.errors import UsageError

from .description import Description, class_of
from .frames import describe_frame, is_frame, looks_like_frame
from .handles import describe_handle
from .local import describe_path
from .models import describe_model, model_library
from .remote import describe_url
from .values import to_bounded_text

MAX_ARRAY_BYTES = 256 * 1024 * 1024


def describe(data: Any, *, profile: bool | None = None, frequent: Collection[str] = ()) -> Description:
    """What is known of a path, a URL, bytes, a configuration, a table, a model or a frame; of other things only the class.

    Raises whatever keeps it from being described, such as OSError, or UsageError with what to install.
    """
    if isinstance(data, str | os.PathLike):
        return _at(os.fspath(data))
    if isinstance(data, bytes | bytearray | memoryview):
        return _content(bytes(data), "application/octet-stream")
    handle = describe_handle(data)
    if handle is not None:
        return handle
    if isinstance(data, dict | list | tuple):
        return _content(msgspec.json.encode(data, order="deterministic", enc_hook=to_bounded_text), "application/json")
    if library := model_library(data):
        return describe_model(data, library)
    return _array(data) if _is_array(data) else _frame(data, profile, frequent)


def _at(place: str | bytes) -> Description:
    location = os.fsdecode(place)
    if not location:
        raise UsageError("the path is empty")
    scheme, separator, rest = location.partition("://")
    if not separator or scheme == "file":
        return describe_path(Path(rest if separator else location).expanduser())
    try:
        return describe_url(location)
    except ModuleNotFoundError as error:
        if error.name != "fsspec":
            raise
        raise UsageError(f"{scheme}:// is looked at through fsspec; pip install fsspec and its part for {scheme}") from error


def _content(content: bytes, media: str) -> Description:
    found = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return Description(version=found, content_hash=found, size_bytes=len(content), format=media)


def _frame(data: Any, profile: bool | None, frequent: Collection[str]) -> Description:
    try:
        if is_frame(data):
            return describe_frame(data, profile=profile, frequent=frequent)
    except ModuleNotFoundError as error:
        if error.name not in ("narwhals", "numpy"):
            raise
        if looks_like_frame(data):
            raise UsageError('data frames are looked at through narwhals and numpy; pip install "leadline[data]"') from error
    return Description(class_name=class_of(data))


def _is_array(data: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(data, numpy.ndarray)


def _array(array: Any) -> Description:
    """Of numpy: rows are its first dimension. The version is a hash of shape, type and values where they are not too many."""
    shape = list(array.shape)
    known = {"shape": str(shape), "dtype": str(array.dtype)}
    version = ""
    if array.nbytes <= MAX_ARRAY_BYTES and not array.dtype.hasobject:
        version = f"sha256:{hashlib.sha256(repr(known).encode() + array.tobytes()).hexdigest()[:32]}"
    return Description(
        version=version,
        class_name=class_of(array),
        rows=shape[0] if shape else None,
        size_bytes=int(array.nbytes),
        attributes=known,
    )
