"""Nodes as people write them in a shell: `s3://lake/features`, `/data/in.csv`, `model:mlflow://prod/churn`."""

import os
import re
from urllib.parse import unquote

from leadline.core.errors import UsageError
from leadline.events.records.event import NODE_KINDS
from leadline.track import Node

_KIND = re.compile(rf"({'|'.join(NODE_KINDS)}):(?!//)", re.IGNORECASE)
_WITH_SLASH = frozenset({"hdfs", "webhdfs", "viewfs"})
"""Names in OpenLineage's rules begin with a slash there, as they do for local files, and nowhere else."""
_WITH_CONTAINER = frozenset({"abfs", "abfss", "wasb", "wasbs"})
"""What stands before the @ is the container there, everywhere else who logs in."""


def to_node(text: str, version: str = "") -> Node:
    """The node by OpenLineage's naming rules; what has no scheme is a local file.

    Before it the kind where it is no dataset. Account, password and query are left out: they may be secrets. Raises UsageError.
    """
    found = _KIND.match(text)
    kind, url = (found[1].upper(), text[found.end() :]) if found else ("DATASET", text)
    scheme, separator, place = url.partition("://")
    if not url:
        raise UsageError(f"{text!r} names nothing; write a URL such as s3://lake/features, or a file")
    if not separator:
        return Node(kind, "file", os.path.abspath(url), version)  # noqa: PTH100 - a Path keeps the dots
    authority, slash, name = re.split(r"[?#]", place, maxsplit=1)[0].partition("/")
    if scheme not in _WITH_CONTAINER:
        authority = authority.rpartition("@")[2]
    if not name or not (authority or scheme == "file"):
        raise UsageError(f"{text!r} names no data; write {scheme}://{authority or 'PLACE'}/NAME")
    if scheme == "file":
        return Node(kind, f"file://{authority}" if authority else "file", slash + unquote(name), version)
    return Node(kind, f"{scheme}://{authority}", slash + name if scheme in _WITH_SLASH else name, version)
