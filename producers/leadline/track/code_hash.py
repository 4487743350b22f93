"""A hash of a job's own source that stays the same wherever the source lies and whatever tool wraps it. Pure.

It is made of definitions, not of files: the function that the run is reported from (else its whole file), and every function,
class and variable of the job's own modules that it refers to, directly or through others. Each is taken as its syntax tree, so
that layout, comments, docstrings, line ends, paths, names of modules and the order of files do not count.
"""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_MODULES = 500
MAX_CHARACTERS = 2_000_000
_NOT_MEANT = frozenset({"ctx", "type_comment", "kind"})
"""Fields of syntax trees that follow from the others or mean nothing when it runs."""
_Imports = dict[str, tuple[str, ...]]
"""Name to the module that it stands for and, from `from`, what of it."""


class Source(NamedTuple):
    """A module of the job's own. `package`: what its relative imports are relative to."""

    name: str
    text: str
    package: str = ""


class TooMuchError(Exception):
    """The source has more than a hash is worth: MAX_MODULES or MAX_CHARACTERS."""


def code_hash(root: Source, line: int, find: Callable[[str], Source | None]) -> str:
    """SHA-256 in hexadecimal digits.

    `line`: the first line of the function that the run is reported from; 0: the whole module. `find` gives a module of the
    job's own by its full name, and None for all others; what it raises passes on. Raises TooMuchError.
    """
    walk = _Walk(find)
    walk.begin(root, line)
    return hashlib.sha256("\n".join(sorted(walk.units)).encode(errors="replace")).hexdigest()


def content_hash(content: bytes) -> str:
    """Of what is not Python: its bytes, line ends made equal where it is text."""
    return hashlib.sha256(content if b"\0" in content else content.replace(b"\r\n", b"\n")).hexdigest()


class _Module:
    """What a module's statements bind, and where what it imports comes from."""

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self.package = source.package
        self.body: list[ast.stmt] = ast.parse(source.text).body
        self.bound: dict[str, list[ast.stmt]] = {}
        for statement in self.body:
            for name in _bound_names(statement):
                self.bound.setdefault(name, []).append(statement)
        own = [node for statement in self.body for node in _own_scope(statement)]
        self.imports = self.imports_of(own)
        self.stars = [
            self._target(node)
            for node in own
            if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
        ]

    def imports_of(self, nodes: Iterable[ast.AST]) -> _Imports:
        found: _Imports = {}
        for node in nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.partition(".")[0]
                    found[alias.asname or first] = (alias.name if alias.asname else first,)
            elif isinstance(node, ast.ImportFrom):
                found |= {alias.asname or alias.name: (self._target(node), alias.name) for alias in node.names}
        return found

    def _target(self, node: ast.ImportFrom) -> str:
        parts = self.package.split(".")
        above = parts[: len(parts) + 1 - node.level] if node.level else []
        return ".".join(filter(None, [*above, node.module or ""]))


class _Walk:
    """From definition to definition; `units` are the syntax trees that were met."""

    def __init__(self, find: Callable[[str], Source | None]) -> None:
        self._find = find
        self._modules: dict[str, _Module | None] = {}
        self._parsed = self._characters = 0
        self._met: set[int] = set()
        self._left: list[tuple[_Module, ast.stmt]] = []
        self._resolved: dict[tuple[str, ...], bool] = {}
        self.units: set[str] = set()

    def begin(self, root: Source, line: int) -> None:
        module = self._modules[root.name] = self._parse(root)
        if module is None:
            return
        function = next((statement for statement in module.body if line and _covers(statement, line)), None)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            function.decorator_list = []  # they are what wraps it
        self._meet(module, [function] if function else module.body)
        while self._left:
            self._follow(*self._left.pop())

    def _meet(self, module: _Module, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            if id(statement) not in self._met:
                self._met.add(id(statement))
                self._left.append((module, statement))

    def _follow(self, module: _Module, statement: ast.stmt) -> None:
        self.units |= {text for text in [_written(statement)] if text}
        if isinstance(statement, ast.Import | ast.ImportFrom):
            return  # what is used of it, is met where it is used
        inner = module.imports_of(ast.walk(statement))
        for name, *attributes in _references(statement):
            if name in inner:
                first, *more = inner[name]
                self._use(first, [*more, *attributes])
            else:
                self._resolve(module, name, attributes)

    def _resolve(self, module: _Module, name: str, attributes: list[str]) -> bool:
        """Meets what the name means in the module; False where it means nothing there."""
        key = (module.name, name, *attributes)
        if key not in self._resolved:
            self._resolved[key] = False  # modules may import from each other in a ring
            self._resolved[key] = self._look_up(module, name, attributes)
        return self._resolved[key]

    def _look_up(self, module: _Module, name: str, attributes: list[str]) -> bool:
        if name in module.bound:
            self._meet(module, module.bound[name])
            return True
        if name in module.imports:
            first, *more = module.imports[name]
            self._use(first, [*more, *attributes])
            return True
        starred = [found for star in module.stars if (found := self._module(star))]
        return any(self._resolve(found, name, attributes) for found in starred)

    def _use(self, name: str, attributes: list[str]) -> None:
        """Meets what the attributes of a module mean; all of it where it is used as a whole."""
        module = self._module(name)
        if module and attributes and self._resolve(module, attributes[0], attributes[1:]):
            return
        if attributes and self._leads_on(f"{name}.{attributes[0]}", attributes[1:]):
            self._use(f"{name}.{attributes[0]}", attributes[1:])
        elif module:
            self._meet(module, module.body)

    def _leads_on(self, name: str, attributes: list[str]) -> bool:
        """Packages without a file of their own are only steps on the way."""
        return bool(self._module(name)) or (bool(attributes) and self._leads_on(f"{name}.{attributes[0]}", attributes[1:]))

    def _module(self, name: str) -> _Module | None:
        if name not in self._modules:
            source = self._find(name) if name else None
            self._modules[name] = self._parse(source) if source else None
        return self._modules[name]

    def _parse(self, source: Source) -> _Module | None:
        self._parsed += 1
        self._characters += len(source.text)
        if self._parsed > MAX_MODULES or self._characters > MAX_CHARACTERS:
            raise TooMuchError
        try:
            return _Module(source)
        except (SyntaxError, ValueError):  # a template, a cell with commands of the notebook's
            self.units.add(content_hash(source.text.encode(errors="replace")))
            return None


def _own_scope(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it that is not within a function or class."""
    left = [node]
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            left.extend(ast.iter_child_nodes(node))


def _bound_names(statement: ast.stmt) -> set[str]:
    """What the statement defines or changes."""
    names = set()
    for node in _own_scope(statement):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            names.add(_base(node))
    return names - {""}


def _base(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _covers(statement: ast.stmt, line: int) -> bool:
    first = min([statement.lineno, *(decorator.lineno for decorator in getattr(statement, "decorator_list", []))])
    return bool(first <= line <= (statement.end_lineno or statement.lineno))


def _references(node: ast.AST) -> Iterator[list[str]]:
    """Names, each with the attributes that are taken of it."""
    left = [node]
    while left:
        node = left.pop()
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            yield [node.id, *attributes]
        else:
            left.extend(ast.iter_child_nodes(node))


def _written(node: ast.AST) -> str:
    """A syntax tree as text; imports and docstrings are left out."""
    if isinstance(node, ast.Import | ast.ImportFrom) or _is_text_alone(node):
        return ""
    fields = [
        (name, value) for name, value in ast.iter_fields(node) if name not in _NOT_MEANT and value is not None and value != []
    ]
    return f"{type(node).__name__}({','.join(f'{name}={_value(value)}' for name, value in fields)})"


def _value(value: object) -> str:
    if isinstance(value, ast.AST):
        return _written(value)
    if isinstance(value, list):
        return f"[{';'.join(filter(None, map(_value, value)))}]"
    return f"{type(value).__name__}:{value!r}"


def _is_text_alone(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
