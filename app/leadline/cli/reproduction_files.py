"""A reproduction as files: requirements.txt, run.sh and README.md. Pure: what is captured in, texts out.

What was captured is foreign text: in the script it stands quoted, and never in a comment.
"""

import itertools
import re
import shlex
from collections.abc import Iterator

from leadline.history.launch import REDACTED, Word
from leadline.history.reproduction import Input, Reproduction

from .output import safe, when


def files_of(found: Reproduction) -> dict[str, str]:
    """Name of the file to its text."""
    return {"requirements.txt": requirements_text(found), "run.sh": run_script(found), "README.md": readme(found)}


def requirements_text(found: Reproduction) -> str:
    """For `pip install -r`: what the run had imported. What pip adds to it was not told."""
    head = f"# Python {found.python}\n" if found.python else ""
    return head + "".join(f"{line}\n" for line in found.requirements if _plain(line))


def _plain(text: str) -> bool:
    """Such as names and versions are made of: nothing that pip would take for an option, an address or another line."""
    return bool(text) and not text.startswith("-") and all(sign.isalnum() or sign in "=._-+!" for sign in text)


def run_script(found: Reproduction) -> str:
    """A POSIX shell script: the code at its commit, an environment of its own, the inputs as they were, the command."""
    parts = [_HEAD, *(["\n".join(_checks(found.inputs))] if any(_checked(one) for one in found.inputs) else [])]
    if found.fetchable:
        parts.append(_CHECKOUT.format(repository=shlex.quote(found.repository), commit=shlex.quote(found.commit)))
    if any(word.kind == "python" for word in found.launch.words):
        parts.append(_ENVIRONMENT.format(python=_interpreter(found.python)))
    return "\n".join([*parts, *_command(found)]) + "\n"


_HEAD = """#!/bin/sh
# Runs a run of Leadline's again; README.md says which, and what of it is missing.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
"""

_CHECKOUT = """code=$here/code
[ -d "$code" ] || git clone --quiet -- {repository} "$code"
git -C "$code" cat-file -e {commit}'^{{commit}}' 2>/dev/null || git -C "$code" fetch --quiet origin {commit}
git -C "$code" checkout --quiet --detach {commit}
"""

_ENVIRONMENT = """environment=$here/environment
[ -x "$environment/bin/python" ] || "${{PYTHON:-{python}}}" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
"""

_SAME = """same() {
    [ -f "$1" ] || { echo "run.sh: input $1 is not here" >&2; changed=1; return; }
    hash=$( (sha256sum || shasum -a 256) 2>/dev/null < "$1" | cut -d ' ' -f 1)
    [ "$hash" = "$2" ] || { echo "run.sh: input $1 is not what the run read" >&2; changed=1; }
}
changed="""


def _checks(inputs: list[Input]) -> Iterator[str]:
    yield _SAME
    for one in inputs:
        if _checked(one):
            yield f"same {shlex.quote(one.location)} {shlex.quote(one.content_hash.removeprefix('sha256:'))}"
    yield '[ -z "$changed" ] || [ -n "${ANYWAY:-}" ] || { echo "run.sh: ANYWAY=1 runs it on other inputs" >&2; exit 1; }\n'


def _checked(one: Input) -> bool:
    """A file on a machine whose bytes have a hash."""
    return one.location.startswith("/") and one.files is None and one.content_hash.startswith("sha256:")


def _interpreter(version: str) -> str:
    """python3.11 for 3.11.7."""
    return f"python{'.'.join(version.split('.')[:2])}" if version else "python3"


def _command(found: Reproduction) -> Iterator[str]:
    started = found.launch
    if not started.words:
        yield 'echo "run.sh: the command line is not known" >&2\nexit 1'
        return
    if found.fetchable and started.folder is not None:
        yield f'cd -- "$code"/{shlex.quote(started.folder)}'
    elif found.working_directory:
        yield f"cd -- {shlex.quote(found.working_directory)}"
    secrets = itertools.count(1)
    yield " ".join(["exec", *(_shell_word(word, found, secrets) for word in started.words)])


def _shell_word(word: Word, found: Reproduction, secrets: Iterator[int]) -> str:
    """What is redacted is asked for as SECRET_1, SECRET_2 ... in the order of the command line."""
    if word.kind == "python":
        return '"$environment/bin/python"'
    if word.kind == "checkout" and found.fetchable:
        return f'"$code"/{shlex.quote(word.below)}'
    first, *others = word.text.split(REDACTED)
    parts = [first] + [part for other in others for part in (_wanted(next(secrets)), other)]
    return "".join(part if place % 2 else shlex.quote(part) for place, part in enumerate(parts) if part) or "''"


def _wanted(number: int) -> str:
    return f'"${{SECRET_{number}:?is redacted in the command line that README.md shows}}"'


def readme(found: Reproduction) -> str:
    """Markdown."""
    return "\n".join(_readme(found))


def _readme(found: Reproduction) -> Iterator[str]:
    run = found.run
    yield f"# Run {safe(run.run_id)} of {safe(run.job_name)}\n"
    yield f"It ran in {safe(run.job_namespace)}, from {when(run.started_at)} to {when(run.ended_at)}, and is {run.state}.\n"
    yield "`sh run.sh` fetches the code, makes an environment, looks whether the inputs are as they were, and runs the command."
    yield "Variables of the environment are not recorded: those that the program needs, set before. What it writes, it writes"
    yield f"again; then `leadline diff {shlex.quote(safe(run.run_id))} NEW_RUN` compares the two.\n"
    if found.missing:
        yield "## Missing\n"
        yield "\n".join(f"- {safe(one.sentence)}" for one in found.missing) + "\n"
    yield "## What it took\n"
    yield "\n".join(_facts(found)) + "\n"
    for title, lines in (("Inputs", _input_lines(found)), ("Outputs", _output_lines(found))):
        if lines:
            yield f"## {title}\n"
            yield "\n".join(lines) + "\n"


def _facts(found: Reproduction) -> Iterator[str]:
    facts = [
        ("repository", found.repository),
        ("commit", found.commit),
        ("branch", found.branch),
        ("Python", found.python),
        ("container image", found.container),
        ("command", found.command),
        ("in", found.working_directory),
        *((f"parameter {name}", value) for name, value in sorted(found.parameters.items())),
        *((f"seed {name}", value) for name, value in sorted(found.seeds.items())),
    ]
    return (f"- {safe(name)}: {_code(value)}" for name, value in facts if value)


def _input_lines(found: Reproduction) -> list[str]:
    return [
        ", ".join(
            [f"- {_code(str(one.node))}", f"version {_code(one.version) if one.version else 'not known'}"]
            + ([f"at {_code(one.location)}"] if one.location else [])
            + ([f"content {_code(one.content_hash)}"] if one.content_hash not in ("", one.version) else [])
        )
        for one in found.inputs
    ]


def _output_lines(found: Reproduction) -> list[str]:
    return [
        f"- {_code(f'{one.namespace} {one.name}')}, version {_code(one.version) if one.version else 'not known'}"
        for one in found.outputs
    ]


def _code(text: str) -> str:
    """As Markdown shows it unchanged, whatever is in it."""
    text = safe(text)
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text else f"`{text}`"
