"""leadline exec: a shell script, an R or Java program, anything, as a run."""

import contextlib
import logging
import os
import shutil
import stat
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from leadline import track
from leadline.track import Client, Node, Run
from leadline.track.logs import OWN_LOGGER

from .nodes import to_node
from .passage import Passage
from .program import Ended, hold_signals, refused, start, wait
from .report import Allowance, Notices, Output, outcome

_Streams = dict[int, tuple[Passage, Output]]
"""By the program's descriptor."""


@click.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--job", metavar="NAME", help="The job's name; default: the program's base name.")
@click.option("--namespace", metavar="NAME", help="The job's namespace; default: default.")
@click.option("--input", "inputs", metavar="URL", multiple=True, help="What it reads; can be given several times.")
@click.option("--output", "outputs", metavar="URL", multiple=True, help="What it writes; can be given several times.")
@click.argument("program", nargs=-1, required=True, type=click.UNPROCESSED)
def command(
    job: str | None, namespace: str | None, inputs: Sequence[str], outputs: Sequence[str], program: Sequence[str]
) -> None:
    """Run PROGRAM, with its arguments behind it, as a run of a job.

    \b
    leadline exec --input s3://lake/features -- ./score.sh --fast

    Its exit code, its output and its signals are as without `leadline exec`; 127 where there is no such program, 126 where
    it cannot be executed. Its output becomes log lines, and lines of it such as these metrics, bounds, data and parameters:

    \b
    ::leadline metric auc=0.81 of=model:mlflow://prod/churn lower=0.85
    ::leadline output s3://lake/predictions version=7
    ::leadline param depth=5
    """
    mask = hold_signals()
    _open_missing()
    names: dict[str, Any] = {"name": job if job is not None else _base_name(program[0])}
    if namespace is not None:
        names["namespace"] = namespace
    sys.exit(_run(program, names, [to_node(url) for url in inputs], [to_node(url) for url in outputs], mask))


def _run(words: Sequence[str], names: dict[str, Any], inputs: Sequence[Node], outputs: Sequence[Node], mask: set[int]) -> int:
    """The exit code."""
    logger = logging.getLogger(OWN_LOGGER)
    logger.addHandler(logging.NullHandler())
    logger.propagate = False  # in the midst of the program's output it would only disturb: one line at the end says it
    client, notices = Client(capture_logs=None, program=_file(words), command=words), Notices()
    run = Run(client, **names)
    for node in inputs:
        run.input(node)
    for node in outputs:
        run.output(node)
    with run:
        streams = {} if client.disabled else _streams(run, notices)
        ended, tail = _supervise(words, streams, notices, mask)
        if ended.cpu_seconds is not None:
            run.metric("run.cpu_seconds", ended.cpu_seconds, unit="s")
        state, fields = outcome(ended, tail)
        run.end(state, **fields)
    client.close()
    if client.last_warning:
        notices.say(client.last_warning)
    return ended.exit_code


def _supervise(words: Sequence[str], streams: _Streams, notices: Notices, mask: set[int]) -> tuple[Ended, str]:
    """How the program ended, and the last lines of its standard error."""
    began = time.monotonic()
    inlets = {number: passage.inlet for number, (passage, _) in streams.items()}
    try:
        process = start(words, track.environ(), mask, inlets)
    except OSError as error:
        sentence = f"{words[0]}: {error.strerror}"
        notices.say(sentence)
        return refused(error), sentence
    passages, outputs = {passage for passage, _ in streams.values()}, {output for _, output in streams.values()}
    for passage in passages:
        passage.begin()
    ended = wait(process, began)
    for passage in passages:
        passage.ended()
    for passage in passages:
        passage.finish()
    for output in outputs:
        output.finish()
    return ended, streams[2][1].tail if streams else ""


def _streams(run: Run, notices: Notices) -> _Streams:
    """One for both where both go to one place (2>&1, a terminal): that keeps their order."""
    allowance = Allowance()
    out = Output(run, "stdout", "INFO", allowance, notices)
    to_out = Passage(1, out.take, notices.say)
    if _same_file():
        return {1: (to_out, out), 2: (to_out, out)}
    err = Output(run, "stderr", "WARNING", allowance, notices)
    return {1: (to_out, out), 2: (Passage(2, err.take, notices.say), err)}


def _same_file() -> bool:
    out, err = os.fstat(1), os.fstat(2)
    null = Path(os.devnull).stat()
    return (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino) and not (
        stat.S_ISCHR(out.st_mode) and out.st_rdev == null.st_rdev
    )


def _open_missing() -> None:
    """Where one of the three streams is closed, its number must not be given to a file of ours."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _base_name(word: str) -> str:
    return os.fsencode(Path(word).name).decode(errors="replace") or word


def _file(words: Sequence[str]) -> Path:
    """The file that is executed: the first that the command line names, else the program on the PATH."""
    with contextlib.suppress(OSError, ValueError):
        for word in words:
            if Path(word).is_file():
                return Path(word).resolve()
    return Path(shutil.which(words[0]) or words[0])
