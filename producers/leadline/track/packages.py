"""Which packages the job imported, in which version."""

import hashlib
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata

_OURS = frozenset(
    {"confluent-kafka", "cramjam", "fastavro", "leadline", "lz4", "msgspec", "typing-extensions", "uuid-utils", "zstandard"}
)
"""Imported by ourselves or by what we import, some only when Kafka is there: no fact about the job."""


class Packages:
    """Looks each top-level module up once."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str]] = {}
        self._by_module: dict[str, list[str]] | None = None

    def imported(self) -> dict[str, str]:
        """Distribution name to version, of everything that was imported from site-packages so far."""
        found: dict[str, str] = {}
        for name in _top_level(list(sys.modules)):
            if name not in self._known:
                self._known[name] = self._look_up(name)
            found |= self._known[name]
        return dict(sorted(found.items()))

    def _look_up(self, module: str) -> dict[str, str]:
        if _normal(module) in _OURS or not _installed(module):  # a name costs a file of metadata that is read whole
            return {}
        try:
            names = [metadata.metadata(module)["Name"]]
        except metadata.PackageNotFoundError:
            if self._by_module is None:  # reads the file list of every distribution: only when names differ (sklearn)
                self._by_module = {key: list(value) for key, value in metadata.packages_distributions().items()}
            names = sorted(set(self._by_module.get(module, ())))
        return {name: metadata.version(name) for name in names if name and _normal(name) not in _OURS}


def packages_hash(packages: Mapping[str, str]) -> str:
    """SHA-256 of lines `name==version`, sorted; empty where none is known."""
    lines = sorted(f"{_normal(name)}=={version}" for name, version in packages.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def _top_level(modules: Iterable[str]) -> list[str]:
    names = {name.partition(".")[0] for name in modules}
    return [name for name in sorted(names) if not name.startswith("_") and name not in sys.stdlib_module_names]


def _installed(module: str) -> bool:
    path = getattr(sys.modules.get(module), "__file__", None) or ""
    return "site-packages" in path or "dist-packages" in path


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")
