"""How a run's process was started, in terms of a fresh checkout of its code. Pure: texts in, words out."""

import os
import re
import shlex
from typing import Literal

import msgspec

REDACTED = "[redacted]"
"""What stands in place of a secret."""
_PYTHON = re.compile(r"(?i)(python|pypy)[\d.]*(\.exe)?")


class Word(msgspec.Struct, frozen=True):
    """One word of a command line: a text as it was, a path below the checkout, or the interpreter of the environment."""

    kind: Literal["text", "checkout", "python"]
    text: str
    """As it was."""
    below: str = ""
    """Of a path in the checkout what follows its root."""


class Launch(msgspec.Struct, frozen=True):
    words: list[Word]
    """Empty: the command line is not known, or was cut."""
    folder: str | None
    """The working directory below the checkout, "." for its root; None: it was elsewhere, or that is not known."""


def launch(command: str, working_directory: str, code_path: str, repository: str) -> Launch:
    """`command` as a shell would take it, `code_path` relative to the root of the repository.

    A command line names its program by a path; where that ends with `code_path`, what is before it is the root.
    """
    words = _split(command)
    root = _root(words, working_directory, code_path) or (os.path.normpath(repository) if repository.startswith("/") else "")
    placed = [_placed(word, place, root, working_directory, code_path) for place, word in enumerate(words)]
    return Launch(placed, _below(root, working_directory))


def _split(command: str) -> list[str]:
    """Empty where a quotation does not end: the text was cut."""
    try:
        return shlex.split(command)
    except ValueError:
        return []


def _root(words: list[str], folder: str, code_path: str) -> str:
    """Empty where no word names the program."""
    if not code_path or code_path.startswith("/"):
        return ""
    for word in words:
        for name in (word, f"{word.replace('.', '/')}.py", f"{word.replace('.', '/')}/__main__.py"):
            path = os.path.normpath(os.path.join(folder, name))  # noqa: PTH118 - of another machine
            if path.startswith("/") and path.endswith(f"/{code_path}"):
                return path.removesuffix(f"/{code_path}") or "/"
    return ""


def _placed(word: str, place: int, root: str, folder: str, code_path: str) -> Word:
    if place == 0 and _PYTHON.fullmatch(word.rpartition("/")[2]):
        return Word("python", word)
    below = _below(root, os.path.join(folder, word))  # noqa: PTH118
    if below is not None and (word.startswith("/") or below == code_path):
        return Word("checkout", word, below)
    return Word("text", word)


def _below(root: str, path: str) -> str | None:
    """The path relative to the root; None where it is not below."""
    path = os.path.normpath(path) if path else ""
    if not root or not (path == root or path.startswith(f"{root.rstrip('/')}/")):
        return None
    return path.removeprefix(root).lstrip("/") or "."
