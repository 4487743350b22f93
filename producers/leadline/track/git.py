"""Which code runs: repository, commit, branch and whether the checkout was changed, asked of git itself."""

import os
import re
import subprocess
import time
from pathlib import Path

_CREDENTIALS = re.compile(r"^(\w[\w+.-]*://)[^/@]*@")


def code_facts(entry: Path | None, timeout_seconds: float) -> dict[str, str | bool]:
    """RunEvent's code fields, of the entry point's repository, else of the working directory's.

    The time is for all that is asked. Raises subprocess.TimeoutExpired; without git or a repository only the path is known.
    """
    deadline = time.monotonic() + timeout_seconds
    facts: dict[str, str | bool] = {"code_path": str(entry)} if entry else {}
    for folder in (entry.parent if entry else None, Path.cwd()):
        found = _repository(folder, deadline) if folder else {}
        if found:
            root = Path(str(found.pop("root")))
            if entry and entry.is_relative_to(root):
                facts["code_path"] = entry.relative_to(root).as_posix()
            return facts | found
    return facts


def _repository(folder: Path, deadline: float) -> dict[str, str | bool]:
    answer = _git(folder, deadline, "rev-parse", "--show-toplevel", "HEAD", "--abbrev-ref", "HEAD").splitlines()
    if len(answer) != 3:
        return {}
    root, commit, branch = answer
    remote = _git(folder, deadline, "config", "--get", "remote.origin.url").strip()
    changed = _git(folder, deadline, "status", "--porcelain", "--untracked-files=no")
    return {
        "root": root,
        "code_repository": _CREDENTIALS.sub(r"\1", remote) or root,
        "code_commit": commit,
        "code_branch": "" if branch == "HEAD" else branch,
        "code_dirty": bool(changed.strip()),
    }


def _git(folder: Path, deadline: float, *arguments: str) -> str:
    """What git prints; nothing where it fails. It takes no locks, so it disturbs nobody who works in the checkout."""
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(0.001, deadline - time.monotonic()),
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""
