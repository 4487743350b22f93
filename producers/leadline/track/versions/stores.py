"""Object stores: the version that a listing's entry or an answer's headers tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .description import Description

_VERSIONS = ("versionid", "version_id", "generation")
"""S3's and Azure's, Google's: names of one content for ever."""
_TAGS = ("etag", "checksum", "content_md5", "md5hash", "blob_id")
"""Change with the content."""
_COMMIT = re.compile(r"[0-9a-f]{64}")


def describe_object(info: Mapping[str, Any]) -> Description:
    """From what fsspec's `info` says of an object, or the answer of S3's `head_object`, `get_object` or `put_object`."""
    told = {str(name).lower(): value for name, value in info.items()}
    settings = told.get("content_settings")
    if isinstance(settings, Mapping):  # Azure's
        told.setdefault("content_md5", settings.get("content_md5"))
    tag = _first(told, _TAGS)
    media = told.get("contenttype") or told.get("content-type") or told.get("mimetype")
    size = told.get("contentlength", told.get("size"))
    return Description(
        version=_first(told, _VERSIONS) or tag,
        size_bytes=int(size) if isinstance(size, int | float) else None,
        format=str(media or ""),
        attributes={"etag": tag} if tag else {},
    )


def lakefs_commit(url: str) -> str:
    """The commit in `lakefs://repository/commit/path`; empty where the reference is a branch or a tag, which move."""
    scheme, _, rest = url.partition("://")
    parts = rest.split("/")
    return parts[1] if scheme == "lakefs" and len(parts) > 1 and _COMMIT.fullmatch(parts[1]) else ""


def _first(told: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first that is told. Without the quotes of HTTP; S3 calls the version of an unversioned object null."""
    for name in names:
        value = told.get(name)
        if isinstance(value, bytes | bytearray):
            value = value.hex()
        text = "" if value is None else str(value).removeprefix("W/").strip('"')
        if text and text != "null":
            return text
    return ""
