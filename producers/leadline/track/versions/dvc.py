"""DVC: the version that a `.dvc` file or a `dvc.lock` notes of a path. Pure but for `dvc_version`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_PAIR = re.compile(r"^(\s*)(- )?(\w+):\s*(.*?)\s*$")
MAX_PARENTS = 20


class Noted(NamedTuple):
    """One output; `md5` of a folder ends with `.dir`."""

    path: str
    md5: str
    size: int | None
    files: int | None


def noted_outputs(text: str) -> Iterator[Noted]:
    """Of a `.dvc` file or a `dvc.lock`, which are flat YAML that DVC itself writes (https://doc.dvc.org/user-guide/project-structure)."""
    section, item = "", dict[str, str]()
    for line in [*text.splitlines(), "end:"]:
        match = _PAIR.match(line)
        if match is None:
            continue
        indent, dash, key, value = match.groups()
        if dash or not value or not indent:
            if item.get("path") and item.get("md5"):
                yield Noted(item["path"], item["md5"], _whole(item.get("size")), _whole(item.get("nfiles")))
            item = {}
        if not value:
            section = key
        elif section == "outs":
            item[key] = value.strip("'\"")


def dvc_version(path: Path) -> Noted | None:
    """What DVC notes of a file or folder: in `PATH.dvc`, else in the `dvc.lock` of a folder above. None: nothing.

    Raises OSError, UnicodeDecodeError.
    """
    beside = path.with_name(f"{path.name}.dvc")
    if beside.is_file():
        return _find(beside.read_text(), path.name)
    for folder in list(path.absolute().parents)[:MAX_PARENTS]:
        lock = folder / "dvc.lock"
        if lock.is_file():
            noted = _find(lock.read_text(), path.absolute().relative_to(folder).as_posix())
            if noted is not None:
                return noted
        if (folder / ".dvc").is_dir():
            break
    return None


def _find(text: str, path: str) -> Noted | None:
    return next((noted for noted in noted_outputs(text) if noted.path == path), None)


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
