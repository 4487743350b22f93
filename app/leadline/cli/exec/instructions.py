"""What a program says to Leadline in its output: `::leadline metric auc=0.81 lower=0.85`."""

import shlex
from collections.abc import Callable
from typing import Any

from leadline.core.errors import UsageError
from leadline.track import Node, Run

from .nodes import to_node

MARK = "::leadline"
_METRIC_OPTIONS = ("of", "version", "lower", "upper", "severity", "unit")


def obey(run: Run, line: str) -> None:
    """Tells the run what the line says; `line` begins with MARK.

    Raises UsageError that names what is wrong, and then nothing of the line was told, but for a value whose bound is wrong.
    """
    try:
        verb, *words = shlex.split(line)[1:] or [""]
    except ValueError as error:
        raise UsageError(f"{error}; close each quote, and write a backslash before one that is meant") from error
    if verb not in _VERBS:
        raise UsageError(f"{verb!r} is unknown; write {MARK} metric, input, output or param")
    _VERBS[verb](run, words)


def _metric(run: Run, words: list[str]) -> None:
    pairs = [_pair(word, "auc=0.81") for word in words]
    options = {name: text for name, text in pairs if name in _METRIC_OPTIONS}
    values = [(name, _number(name, text)) for name, text in pairs if name not in _METRIC_OPTIONS]
    if not values:
        raise UsageError(f"a metric has no value; write {MARK} metric auc=0.81")
    limits: dict[str, Any] = {side: _number(side, options[side]) for side in ("lower", "upper") if side in options}
    if "severity" in options:
        limits["severity"] = options["severity"]
    if limits.keys() == {"severity"}:
        raise UsageError("severity= is about no limit; add lower= or upper=")
    if "version" in options and "of" not in options:
        raise UsageError("version= is about no node; add of=, for example of=model:mlflow://prod/churn")
    of = to_node(options["of"], options.get("version", "")) if "of" in options else None
    for name, value in values:
        metric = run.metric(name, value, of, unit=options.get("unit", ""))
        if limits:
            metric.bound(**limits)


def _input(run: Run, words: list[str]) -> None:
    run.input(_node(words))


def _output(run: Run, words: list[str]) -> None:
    run.output(_node(words))


def _param(run: Run, words: list[str]) -> None:
    if not words:
        raise UsageError(f"a parameter is missing; write {MARK} param depth=5")
    run.parameters(dict(_pair(word, "depth=5") for word in words))


_VERBS: dict[str, Callable[[Run, list[str]], None]] = {
    "metric": _metric,
    "input": _input,
    "output": _output,
    "param": _param,
}


def _node(words: list[str]) -> Node:
    url, *options = words or [""]
    if len(options) > 1 or (options and not options[0].startswith("version=")):
        raise UsageError(f"{' '.join(options)!r} is too much behind the URL; only version= may follow")
    return to_node(url, options[0].removeprefix("version=") if options else "")


def _pair(word: str, example: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    if not name or not equals:
        raise UsageError(f"{word!r} is no pair; write a name, = and a value without spaces, for example {example}")
    return name, text


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{name} is {text!r}, which is no number; write for example {name}=0.81") from error
