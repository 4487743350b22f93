"""A path on this machine: a file, a folder, or a table in a folder."""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from .description import Description
from .dvc import Noted, dvc_version
from .files import describe_file, describe_folder
from .tables import delta_version, describe_iceberg, newest_iceberg_metadata

MAX_METADATA = 64 * 1024 * 1024
_FORMATS = {".parquet": "application/vnd.apache.parquet", ".arrow": "application/vnd.apache.arrow.file"}
"""By IANA, for Pythons whose table lacks them."""


def describe_path(path: Path) -> Description:
    """Raises OSError where there is nothing or it cannot be read."""
    found = (_table(path) or describe_folder(path)) if path.is_dir() else describe_file(path)
    noted = dvc_version(path)
    if noted is not None and _same(noted, found):
        found = replace(found, version=noted.md5, attributes={**found.attributes, "version_by": "dvc"})
    attributes = {**found.attributes, "location": str(path.absolute())}
    return replace(found, format=found.format or media_type(path.name), attributes=attributes)


def media_type(name: str) -> str:
    """By the ending of the name; empty: not known."""
    return mimetypes.guess_type(name)[0] or _FORMATS.get(Path(name).suffix.lower(), "")


def read_metadata(content: bytes) -> Any:
    """JSON, compressed or not."""
    return msgspec.json.decode(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)


def _table(folder: Path) -> Description | None:
    if version := delta_version(_names(folder / "_delta_log")):
        return Description(version=version, format="delta")
    metadata = folder / "metadata"
    hint = metadata / "version-hint.text"
    newest = newest_iceberg_metadata(_names(metadata), hint.read_text() if hint.is_file() else "")
    if newest and (metadata / newest).stat().st_size <= MAX_METADATA:
        return describe_iceberg(read_metadata((metadata / newest).read_bytes()))
    return None


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()] if folder.is_dir() else []


def _same(noted: Noted, found: Description) -> bool:
    """Whether what lies there can still be what DVC noted: it has the size, and a folder the number of files."""
    return noted.size == found.size_bytes and (found.files is None or noted.files == found.files)
