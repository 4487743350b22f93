"""What it takes to run a run again, and what of it is missing. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from leadline.events.records.event import Micros

from .launch import REDACTED, Launch, launch
from .node import NodeRef
from .run_record import RunRecord
from .runs import Run, RunData

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_PYTHON = re.compile(r"python/(\d+\.\d+[\w.+]*)", re.ASCII)
_CONTAINER_ID = re.compile(r"[0-9a-f]{12}|[0-9a-f]{64}")
_OURS = "leadline.track/"


class Input(msgspec.Struct, frozen=True):
    """Data that the run read; empty or None: not known."""

    kind: str
    namespace: str
    name: str
    version: str
    said: bool
    """False: the run did not tell the version; it is the one that was current when the run began, or not known."""
    location: str
    """Path or address where it lay."""
    content_hash: str
    """sha256: and the hash of its bytes; of a folder, of its manifest."""
    files: int | None
    """Of a folder."""
    newer_version: str
    """What was seen last in its place since the run began; empty: nothing else."""
    newer_at: Micros | None
    newer_job: str

    @property
    def node(self) -> NodeRef:
        return NodeRef(self.kind, self.namespace, self.name)


class Missing(msgspec.Struct, frozen=True):
    """`what` is a word for programs: code, changes, packages, python, image, command, secret, folder, input or seed."""

    what: str
    sentence: str


class Reproduction(msgspec.Struct, frozen=True):
    run: Run
    repository: str
    commit: str
    """Empty: not known, so the code cannot be fetched."""
    branch: str
    requirements: list[str]
    """Lines of a requirements.txt: what the run had imported, pinned."""
    python: str
    """Its version; empty: not known, or no Python."""
    container: str
    command: str
    working_directory: str
    launch: Launch
    parameters: dict[str, str]
    seeds: dict[str, str]
    inputs: list[Input]
    outputs: list[RunData]
    missing: list[Missing]
    watermark: Micros | None
    """The store had everything up to then: what was overwritten later is not known."""

    @property
    def fetchable(self) -> bool:
        """Whether it is known which commit of which repository it was."""
        return bool(self.repository and self.commit)


def reproduction(record: RunRecord, inputs: Sequence[Input], watermark: Micros | None) -> Reproduction:
    run, extent = record.run, record.extent
    commit = run.code_commit if _COMMIT.fullmatch(run.code_commit) else ""
    return Reproduction(
        run=run,
        repository=run.code_repository,
        commit=commit,
        branch=record.origin.code_branch,
        requirements=requirements(extent.packages, record.origin.producer),
        python=_python(run.engine),
        container=run.container,
        command=extent.command,
        working_directory=extent.working_directory,
        launch=launch(extent.command, extent.working_directory, run.code_path, run.code_repository),
        parameters=record.parameters,
        seeds=record.seeds,
        inputs=list(inputs),
        outputs=[part for part in record.io if part.direction == "OUTPUT"],
        missing=[*_code(record, commit), *_environment(record), *_process(record), *_data(inputs)],
        watermark=watermark,
    )


def requirements(packages: Mapping[str, str], producer: str) -> list[str]:
    """One `name==version` a line, sorted; with Leadline itself, which a job that reports to it imports."""
    known = {name: version for name, version in packages.items() if name and version}
    if producer.startswith(_OURS) and (version := producer.removeprefix(_OURS)) != "unknown":
        known["leadline"] = version
    return [f"{name}=={version}" for name, version in sorted(known.items(), key=lambda one: one[0].lower())]


def _python(engine: str) -> str:
    found = _PYTHON.fullmatch(engine)
    return found[1] if found else ""


def _code(record: RunRecord, commit: str) -> Iterator[Missing]:
    run = record.run
    if not commit:
        place = f"; what lies at {run.code_path} by now may be another" if run.code_path else ""
        yield Missing("code", f"the commit of the code is not known{place}")
    elif not run.code_repository:
        yield Missing("code", f"the repository of commit {commit} is not known")
    if run.code_dirty:
        yield Missing("changes", "the code had changes that are in no commit; they are not kept")
    elif commit and run.code_dirty is None:
        yield Missing("changes", "whether the code had changes that are in no commit is not known")


def _environment(record: RunRecord) -> Iterator[Missing]:
    run, producer = record.run, record.origin.producer
    python = _python(run.engine)
    if not record.extent.packages and not (python and producer.startswith(_OURS)):
        yield Missing("packages", "the packages of the run are not known")
    if not python:
        yield Missing("python", f"the version of Python is not known{f'; the engine was {run.engine}' if run.engine else ''}")
    if _CONTAINER_ID.fullmatch(run.container):
        yield Missing("image", f"the image of the container {run.container} is not known")
    elif run.container and "@sha256:" not in run.container:
        yield Missing("image", f"the image {run.container} has no digest: its tag may mean another one by now")


def _process(record: RunRecord) -> Iterator[Missing]:
    extent, run = record.extent, record.run
    started = launch(extent.command, extent.working_directory, run.code_path, run.code_repository)
    if not started.words:
        yield Missing("command", "the command line was cut" if extent.command else "the command line is not known")
    elif started.folder is None:
        yield Missing("folder", f"the working directory {extent.working_directory or '(not known)'} is no part of the code")
    redacted = sorted(name for name, value in extent.parameters.items() if REDACTED in value)
    if redacted:
        yield Missing("secret", f"secrets are not kept: parameters {', '.join(redacted)}")
    if REDACTED in extent.command:
        yield Missing("secret", "secrets are not kept: a part of the command line")
    if not record.seeds:
        yield Missing("seed", "no seed was told: random numbers may come out otherwise")


def _data(inputs: Sequence[Input]) -> Iterator[Missing]:
    for one in inputs:
        if not one.version:
            yield Missing("input", f"the version of input {one.node} is not known")
        elif not one.said:
            yield Missing(
                "input", f"the version of input {one.node} was not told: {one.version} was current when the run began"
            )
        if one.newer_version:
            sentence = f"input {one.node} was version {one.version or '(not known)'} and is {one.newer_version} by now"
            by = f", written or read by {one.newer_job}" if one.newer_job else ""
            yield Missing("input", f"{sentence}{by}: gone, unless its store keeps versions")
