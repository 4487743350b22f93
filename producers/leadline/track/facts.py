"""Everything that is captured without being told, gathered off the job's threads."""

import contextlib
import contextvars
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from .begin import Begin
from .code_hash import Source as Module
from .code_hash import TooMuchError, code_hash, content_hash
from .code_root import Root
from .code_sources import hash_of
from .code_told import code_of_environ
from .command import command_line, entry_point, original_words, working_directory
from .git import code_facts
from .logs import clean
from .packages import Packages, packages_hash
from .place import resource
from .place.metadata import ask
from .process import process_facts
from .surroundings import Around, Tool, tool_around
from .switch import switched_on
from .texts import MAX_TEXT
from .trace import traceparent

QUICK_SECONDS = 0.5
"""The longest that a START waits for all of it together."""
PATIENT_SECONDS = 10.0
METADATA_SECONDS = 1.0
MOST_LOOKS = 4
"""So many runs in a row may be too short for a patient look."""
MAX_PROGRAM_BYTES = 10_000_000


def _producer() -> str:
    try:
        return f"leadline.track/{metadata.version('leadline')}"
    except metadata.PackageNotFoundError:
        return "leadline.track/unknown"


PRODUCER = _producer()
"""Looked up with the import: the search through all that is installed takes 10 ms."""


class Facts:
    """Of one process. Code and place are looked at once: what is loaded does not change with the checkout.

    `program`: the file that this process only runs for somebody, with its command line, so that nothing of our own Python is
    told as its.
    """

    def __init__(self, program: Path | None = None, words: Sequence[str] = ()) -> None:
        self.producer = PRODUCER
        self._program = program
        self._around = Around(os.environ, modules=sys.modules)
        self._packages = Packages()
        self._process: dict[str, Any] = dict(process_facts())
        self._process["command"] = command_line(words or original_words())
        self._process["working_directory"] = working_directory()
        self._process["resource"] = _resource(self._around)
        if program:
            del self._process["engine"]
        self._code: dict[str, Any] | None = None
        self._hashes: dict[Root | None, str] = {}
        self._place: dict[str, str] | None = None
        self._looks = 0

    def look(self, begin: Begin | None, *, patient: bool = False) -> bool:
        """Whatever takes time: source, git, the cloud's metadata service; False where it did not end in QUICK_SECONDS.

        What a patient look does not find is not looked for again, nor what MOST_LOOKS quick ones do not.
        """
        deadline = time.monotonic() + (PATIENT_SECONDS if patient else QUICK_SECONDS)
        root = begin.root if begin else None
        looks: list[Callable[[float], None]] = [lambda until: self._hash(root, until), self._look_at_code, self._ask]
        self._looks += 1
        for look in looks:
            try:
                look(deadline)
            except (TimeoutError, subprocess.TimeoutExpired):
                if not patient and self._looks < MOST_LOOKS:
                    return False
            except Exception:  # noqa: S110 - nothing that is odd about a checkout or a machine is the job's trouble
                pass
        self._code = self._code or {}
        self._hashes.setdefault(root, "")
        self._place = self._place or {}
        self._looks = 0
        return True

    def of_run(self, begin: Begin | None) -> dict[str, Any]:
        """RunEvent's fields as far as they are known now."""
        packages = {} if self._program else self._packages.imported()
        fields = {**self._process, **(self._code or {}), "packages": packages, "packages_hash": packages_hash(packages)}
        fields["code_hash"] = self._hashes.get(begin.root if begin else None, "")
        fields["resource"] = {**self._process["resource"], **(self._place or {})}
        fields |= {field: value for field, value in self.of_begin(begin).items() if value}
        fields.setdefault("cluster", fields["resource"].get("k8s.cluster.name", ""))
        return {field: _clean(value) for field, value in fields.items()}

    def of_begin(self, begin: Begin | None) -> dict[str, Any]:
        """The tool around the run and the trace that it belongs to, as they were when it began."""
        begin = begin or Begin(None)
        if begin.fields is None:
            variables = begin.variables or contextvars.copy_context()
            begin.fields = variables.run(_tool_and_trace, Around(begin.environ, modules=sys.modules))
            begin.environ = {}
            begin.variables = None  # the job's own objects are no longer held
        return begin.fields

    def _look_at_code(self, deadline: float) -> None:
        if self._code is not None:
            return
        kernel = "ipykernel.kernelapp" in sys.modules
        entry = self._program or entry_point(sys.modules.get("__main__"), os.environ, kernel)
        found: dict[str, Any] = dict(code_facts(entry, deadline - time.monotonic()))
        told = code_of_environ(os.environ)
        if not found.get("code_commit") or "LEADLINE_CODE_COMMIT" in os.environ:
            found = {field: found[field] for field in ("code_path",) if field in found} | told
        elif told.get("code_commit") == found["code_commit"]:  # continuous integration checks out a commit, not a branch
            found["code_branch"] = found["code_branch"] or told.get("code_branch", "")
        self._code = found

    def _hash(self, root: Root | None, deadline: float) -> None:
        if root in self._hashes:
            return
        with contextlib.suppress(TooMuchError):
            if self._program:
                self._hashes[root] = _hash_of_program(self._program)
            elif root:
                self._hashes[root] = hash_of(root, lambda: time.monotonic() > deadline)

    def _ask(self, deadline: float) -> None:
        provider = self._process["resource"].get("cloud.provider", "")
        environ = self._around.environ
        if self._place is not None or not provider or not switched_on("LEADLINE_METADATA_SERVICE", default=True):
            return
        if provider == "aws" and environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
            return
        with contextlib.suppress(http.client.HTTPException, ValueError):
            self._place = ask(provider, environ, min(deadline, time.monotonic() + METADATA_SECONDS))


def _resource(around: Around) -> dict[str, str]:
    try:
        return resource(around)
    except Exception:  # a file system that forbids even the question
        return {}


def _tool_and_trace(around: Around) -> dict[str, Any]:
    tool = tool_around(around) or Tool("python", {})
    return {
        "source": tool.name,
        "tool_ids": tool.ids,
        "tool_url": tool.url,
        "actor": tool.actor,
        "cluster": tool.cluster,
        "traceparent": traceparent(around.environ, around.modules),
    }


def _hash_of_program(program: Path) -> str:
    if program.stat().st_size > MAX_PROGRAM_BYTES:
        return ""
    content = program.read_bytes()
    if program.suffix != ".py":
        return content_hash(content)
    return code_hash(Module("__main__", content.decode(errors="replace")), 0, lambda _: None)


def _clean(value: Any) -> Any:
    """Texts of the system's may hold what no text may."""
    if isinstance(value, str):
        return clean(value, MAX_TEXT)
    if isinstance(value, dict):
        return {clean(name, MAX_TEXT): _clean(inner) for name, inner in value.items()}
    return value
