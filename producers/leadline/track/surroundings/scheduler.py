"""A machine's own schedulers: cron, which leaves only itself as an ancestor, and systemd, which names the unit."""

import re
from pathlib import Path

from .tool import Around, Tool

_CRONS = frozenset({"cron", "crond", "anacron", "fcron", "dcron", "busybox-crond"})
_MOST_ANCESTORS = 8
_STAT = re.compile(r"\d+ \((.*)\) \S (\d+) ", re.DOTALL)
_UNIT = re.compile(r"/([^/\n]+\.service)$", re.MULTILINE)


def cron(around: Around) -> Tool | None:
    process = "self"
    for _ in range(_MOST_ANCESTORS):
        name, process = _name_and_parent(around.root / "proc" / process / "stat")
        if name in _CRONS:
            return Tool("cron", {})
        if process in ("", "0", "1"):
            break
    # In a container cron is the first process itself.
    return Tool("cron", {}) if process == "1" and _name_and_parent(around.root / "proc/1/stat")[0] in _CRONS else None


def systemd(around: Around) -> Tool | None:
    """Services; logins and desktops have an invocation of their own, which says nothing about a job."""
    invocation = around.environ.get("INVOCATION_ID")
    if not invocation:
        return None
    try:
        found = _UNIT.search((around.root / "proc/self/cgroup").read_text())
    except OSError:
        return None
    if not found or found[1].startswith("user@"):
        return None
    return Tool("systemd", {"unit": found[1], "invocation_id": invocation})


def _name_and_parent(stat: Path) -> tuple[str, str]:
    try:
        found = _STAT.match(stat.read_text(errors="replace"))
    except OSError:
        return "", ""
    return (found[1], found[2]) if found else ("", "")
