"""Facts of this process: where it runs, as whom, in what, and how much memory it took."""

import getpass
import os
import platform
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

_CONTAINER_ID = re.compile(r"(?:containers/|docker[-/]|cri-containerd-|crio-|libpod-)([0-9a-f]{64})")
_PODMAN_IMAGE = re.compile(r'^image="(.+)"$', re.MULTILINE)


def process_facts() -> dict[str, str | int]:
    """RunEvent's fields that hold for the whole life of the process."""
    return {
        "host": socket.gethostname(),
        "actor": actor(),
        "container": container(Path("/")),
        "process_id": os.getpid(),
        "engine": f"{platform.python_implementation().lower().replace('cpython', 'python')}/{platform.python_version()}",
    }


def actor() -> str:
    """The account that the process runs as; empty where it has no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def container(root: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The image where it is told, else the id; empty outside containers."""
    return container_image(root, environ) or container_id(root)


def container_image(root: Path, environ: Mapping[str, str] = os.environ) -> str:
    """As LEADLINE_CONTAINER or podman tell it; a container does not know its image by itself."""
    return environ.get("LEADLINE_CONTAINER") or _first(_PODMAN_IMAGE, root / "run/.containerenv")


def container_id(root: Path) -> str:
    for name in ("proc/self/cgroup", "proc/self/mountinfo"):
        found = _first(_CONTAINER_ID, root / name)
        if found:
            return found
    # Docker names a container's host after its id, unless told otherwise.
    return socket.gethostname() if (root / ".dockerenv").exists() else ""


def _first(pattern: re.Pattern[str], path: Path) -> str:
    try:
        found = pattern.search(path.read_text(errors="replace"))
    except OSError:
        return ""
    return found[1] if found else ""


def peak_memory_bytes() -> int | None:
    """The most memory that the process ever held; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
