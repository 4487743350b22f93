"""The public surface of `leadline.track` and `leadline.track.testing`, name by name and signature by signature.

What is in test_testing_surface.txt is promised (SemVer): what goes or changes there breaks somebody's job. After a change that
is meant, renew it with `python tests/unit/track/test_testing_surface.py` and look at the difference.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from leadline import track
from leadline.track import testing

PIN = Path(__file__).with_suffix(".txt")

OURS = {
    "Client": "put added metric declare log log_pointer decision entity started ended hold resume begin_anew counters "
    "close_seconds end_by_signal snapshot undescribed describe_later rank muted",
    "Run": "begin begun finish end abandon cut take running take_line forked changed unsent identity ref thread",
    "Metric": "__init__ add bounds client event time",
    "MetricDefinition": "record",
    "Captured": "__init__",
    "CapturedRun": "__init__",
}
"""What the parts of the library use of each other, and nobody else should: may change at any time."""

SPECIAL = ("__init__", "__enter__", "__exit__", "__aenter__", "__aexit__", "__call__", "__iter__", "__len__")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def surface(module: ModuleType) -> list[str]:
    """One line for each public name and each public member, with parameters and types as the source has them."""
    lines = []
    for name in module.__all__:
        thing, full = getattr(module, name), f"{module.__name__}.{name}"
        if inspect.isclass(thing):
            lines += [full, *(f"{full}.{line}" for line in sorted(set(_members(thing))))]
        else:
            lines.append(full + (_call(_source(thing)) if inspect.isfunction(thing) else ": a fixture"))
    return lines


def _source(thing: object) -> ast.AST:
    assert inspect.isfunction(thing) or inspect.isclass(thing)
    return ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(thing)))).body[0]


def _members(kind: type) -> Iterator[str]:
    definition = _source(kind)
    assert isinstance(definition, ast.ClassDef)
    ours = OURS.get(kind.__name__, "").split()
    for node in definition.body:
        if isinstance(node, Function) and _public(node.name, ours):
            yield node.name + _call(node)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and _public(node.target.id, ours):
            yield ast.unparse(node)
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            yield from (name for name in _attributes(node) if _public(name, ours))


def _attributes(definition: ast.AST) -> Iterator[str]:
    for node in ast.walk(definition):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
            yield node.attr


def _public(name: str, ours: list[str]) -> bool:
    return name not in ours and (name in SPECIAL or not name.startswith("_"))


def _call(node: ast.AST) -> str:
    assert isinstance(node, Function)
    awaited = " async" if isinstance(node, ast.AsyncFunctionDef) else ""
    decorators = "".join(f" @{ast.unparse(decorator)}" for decorator in node.decorator_list)
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({ast.unparse(node.args)}){returns}{decorators}{awaited}"


def test_the_public_surface_is_the_promised_one() -> None:
    """A name or parameter that goes, comes or changes is a decision, seen in a difference of one file."""
    now, promised = [*surface(track), *surface(testing)], PIN.read_text().splitlines()
    gone, new = set(promised) - set(now), set(now) - set(promised)
    assert (gone, new) == (set(), set()), f"if it is meant: python tests/unit/track/{Path(__file__).name}"
    assert now == promised


def test_the_promised_names_are_all_that_is_offered() -> None:
    """What completion shows and what is promised are the same, modules apart."""
    offered = {name for name, thing in vars(track).items() if not name.startswith("_") and not inspect.ismodule(thing)}
    assert offered == set(track.__all__)


def test_what_is_not_promised_is_there() -> None:
    """The list of it does not outlive what it names."""
    for name, members in OURS.items():
        kind = getattr(track, name, None) or getattr(testing, name)
        assert set(members.split()) <= {*dir(kind), *_attributes(_source(kind))}, name


if __name__ == "__main__":
    PIN.write_text("".join(f"{line}\n" for line in [*surface(track), *surface(testing)]))
    sys.stdout.write(f"{PIN} is renewed\n")
