"""The source of the job's own modules, as the interpreter finds them."""

import importlib.machinery
import linecache
import sys
import tokenize
from collections.abc import Callable
from pathlib import Path, PurePath

from .code_hash import Source, code_hash
from .code_root import Root, is_own


def hash_of(root: Root, expired: Callable[[], bool]) -> str:
    """Empty where the source is not to be found. Raises TimeoutError when `expired` says so, and TooMuchError."""
    text = _text(root)
    if text is None:
        return ""

    def find(name: str) -> Source | None:
        if expired():
            raise TimeoutError
        return own_module(name)

    return code_hash(Source(root.module, text, root.package), root.line, find)


def own_module(name: str) -> Source | None:
    """The source of a module that is neither Python's nor installed nor ours; without importing it."""
    if name.partition(".")[0] in {*sys.stdlib_module_names, "leadline"}:
        return None
    file, is_package = _located(name)
    if not file.endswith(".py") or not is_own(file):
        return None
    text = _read(file)
    package = name if is_package else name.rpartition(".")[0]
    return None if text is None else Source(name, text, package)


def _located(name: str) -> tuple[str, bool]:
    """File, and whether it is a package's; an empty text where there is none."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        return getattr(loaded, "__file__", None) or "", hasattr(loaded, "__path__")
    parent = name.rpartition(".")[0]
    places = _folders(parent) if parent else None
    spec = importlib.machinery.PathFinder.find_spec(name, places) if places or not parent else None
    return (spec.origin or "" if spec else ""), bool(spec and spec.submodule_search_locations)


def _folders(package: str) -> list[str]:
    loaded = sys.modules.get(package)
    if loaded is not None:
        return list(getattr(loaded, "__path__", []))
    parent = package.rpartition(".")[0]
    places = _folders(parent) if parent else None
    spec = importlib.machinery.PathFinder.find_spec(package, places) if places or not parent else None
    return list(spec.submodule_search_locations or []) if spec else []


def _text(root: Root) -> str | None:
    """As the file has it, as a notebook keeps it, else as a file of that name below the working directory or sys.path has it.

    The last: a function that was pickled by value (Ray, Spark, Dask) names the file of the machine that it was written on.
    """
    if (text := _read(root.file)) is not None:
        return text
    lines = linecache.getlines(root.file)
    if lines:
        return "".join(lines)
    parts = [part for part in PurePath(root.file.replace("\\", "/")).parts if part != "/"]
    for start in range(max(0, len(parts) - 4), len(parts)):
        for folder in dict.fromkeys(["", *sys.path[:20]]):
            found = _read(Path(folder, *parts[start:]))
            if found is not None and _has(found, root):
                return found
    return None


def _has(text: str, root: Root) -> bool:
    """Whether the function begins in that line of it; behind its decorators, whose number is not known."""
    return not root.line or any(f"def {root.function}(" in line for line in text.splitlines()[root.line - 1 :][:20])


def _read(file: str | Path) -> str | None:
    try:
        with tokenize.open(file) as opened:
            return opened.read()
    except (OSError, SyntaxError, UnicodeError, ValueError):
        return None
