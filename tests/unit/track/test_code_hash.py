"""The hash of a job's own source: what changes it, and that nothing else does."""

import ast
import textwrap
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.track import code_hash as hashing
from leadline.track.code_hash import Source, TooMuchError, code_hash, content_hash

TRAIN = """\
import numpy as np

from features import build as make
import churn.limits
from churn import report, pricing as prices

SEED = 7
UNUSED = 8


def helper(rows):
    return rows[:SEED]


def train(rows):
    '''Fits.'''
    columns = make(helper(rows))
    report.tell(columns, churn.limits.LOWEST, prices)
    return np.mean(columns)


def other():
    return 1
"""
MODULES = {
    "features": "WIDTH = 3\ndef build(rows):\n    return _cut(rows)\ndef _cut(rows):\n    return rows * WIDTH\n"
    "def unused():\n    return 0\n",
    "churn": "from .inner import report\n",
    "churn.limits": "LOWEST = 0.5\nHIGHEST = 0.9\n",
    "churn.inner": "from . import inner_report as report\n",
    "churn.inner_report": "def tell(*values):\n    print(values)\n",
    "churn.pricing": "FACTOR = 2\n\n\ndef price(row):\n    return row * FACTOR\n",
}
PACKAGES = {"churn": "churn"}


def hash_of(text: str = TRAIN, modules: Mapping[str, str] = MODULES, function: str = "train", name: str = "__main__") -> str:
    def find(wanted: str) -> Source | None:
        found = modules.get(wanted)
        package = wanted if wanted in PACKAGES else wanted.rpartition(".")[0]
        return None if found is None else Source(wanted, found, package)

    return code_hash(Source(name, text), _line_of(text, function), find)


def _line_of(text: str, function: str) -> int:
    return next((number for number, line in enumerate(text.splitlines(), 1) if line.startswith(f"def {function}(")), 0)


@pytest.mark.parametrize(
    "text",
    [
        TRAIN.replace("\n", "\r\n"),
        TRAIN.replace("    return np", "    # the mean\n    return  np"),
        TRAIN.replace("'''Fits.'''", "'''Fits, since the mean is enough.'''"),
        TRAIN.replace("helper(rows))\n", "\n        helper(rows),\n    )\n"),
        TRAIN.replace("def train", "@component(image='x')\n@track.job('churn', 'kfp://prod')\ndef train"),
        TRAIN.replace("UNUSED = 8", "UNUSED = 9").replace("return 1", "return 2"),
        "import wrapper\nwrapper.install()\n\n" + TRAIN + "\nif __name__ == '__main__':\n    wrapper.run(train)\n",
        TRAIN.replace("import numpy as np\n", "import os, sys\nimport numpy as np\n"),
    ],
    ids=["line ends", "comment", "docstring", "layout", "decorators", "what is not used", "wrapper", "imports"],
)
def test_what_does_not_run_in_the_job_does_not_count(text: str) -> None:
    """Nor does what a tool writes around it."""
    assert hash_of(text) == hash_of()


@pytest.mark.parametrize("name", ["train", "ray_job_7", "a.b.train"])
def test_the_modules_own_name_does_not_count(name: str) -> None:
    """The same file is `__main__` in a script and a module in a tool."""
    assert hash_of(name=name) == hash_of()


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        ("", "np.mean", "np.median"),
        ("", "SEED = 7", "SEED = 8"),
        ("", "rows[:SEED]", "rows[SEED:]"),
        ("features", "rows * WIDTH", "rows + WIDTH"),
        ("features", "WIDTH = 3", "WIDTH = 3.0"),
        ("churn.limits", "LOWEST = 0.5", "LOWEST = 0.6"),
        ("churn.inner_report", "print(values)", "print(*values)"),
        ("churn.pricing", "FACTOR = 2", "FACTOR = 3"),
    ],
)
def test_a_changed_statement_that_the_job_reaches_changes_it(module: str, before: str, after: str) -> None:
    """In its own file, through names, attributes of modules and re-exports, and in modules that are handed on as a whole."""
    if module:
        assert before in MODULES[module]
        assert hash_of(modules={**MODULES, module: MODULES[module].replace(before, after)}) != hash_of()
    else:
        assert before in TRAIN
        assert hash_of(TRAIN.replace(before, after)) != hash_of()


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [("features", "return 0", "return 1"), ("churn.limits", "HIGHEST = 0.9", "HIGHEST = 1.0")],
)
def test_a_changed_statement_that_it_does_not_reach_leaves_it(module: str, before: str, after: str) -> None:
    """The same job has the same hash while its neighbours in a repository change."""
    assert before in MODULES[module]
    assert hash_of(modules={**MODULES, module: MODULES[module].replace(before, after)}) == hash_of()


def test_a_function_that_was_cut_out_of_its_file_keeps_the_hash() -> None:
    """As Kubeflow's lightweight components carry it: the function alone, with its imports inside, in a file of Kubeflow's."""
    whole = (
        "from features import build\nfactor = 3\n\ndef train(rows):\n    from features import build\n    return build(rows)\n"
    )
    alone = "import kfp\nfrom kfp import dsl\n\n" + whole[whole.index("def train") :]
    assert hash_of(alone) == hash_of(whole)


def test_a_file_without_a_function_counts_as_a_whole() -> None:
    """A script from top to bottom."""
    script = "from features import build\nrows = [1]\nprint(build(rows))\n"
    assert hash_of(script, function="") != hash_of(script.replace("[1]", "[2]"), function="")
    assert hash_of(script, function="") != hash_of(
        script, {**MODULES, "features": MODULES["features"].replace("* W", "+ W")}, ""
    )


def test_modules_that_import_each_other_in_a_ring_end() -> None:
    """Also where a name goes round without ever being defined, and with stars."""
    modules = {"a": "from b import x, y\n", "b": "from a import x\nfrom c import *\n", "c": "from b import *\ny = 1\n"}
    text = "import a\n\n\ndef train():\n    return a.x + a.y\n"
    assert hash_of(text, modules) != hash_of(text, {**modules, "c": "from b import *\ny = 2\n"})


def test_what_python_cannot_read_counts_by_its_text() -> None:
    """Templates, and cells with commands of a notebook's own."""
    assert hash_of("%sql select 1") != hash_of("%sql select 2")
    broken = {**MODULES, "features": "def build(:"}
    assert hash_of(modules=broken) != hash_of()


def test_too_much_source_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """No hash is better than one of a part, which would depend on which part."""
    monkeypatch.setattr(hashing, "MAX_CHARACTERS", 100)
    with pytest.raises(TooMuchError):
        hash_of()


def test_a_search_that_takes_too_long_is_given_up() -> None:
    """What the finder raises passes on."""

    def find(name: str) -> Source | None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        code_hash(Source("m", TRAIN), _line_of(TRAIN, "train"), find)


NAMES = st.sampled_from(["a", "b", "c", "rows"])
EXPRESSIONS = st.recursive(
    st.integers(0, 9).map(str) | NAMES,
    lambda inner: st.tuples(inner, st.sampled_from(["+", "*", "<", "and"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=5,
)
STATEMENTS = st.one_of(
    st.tuples(NAMES, EXPRESSIONS).map(lambda parts: f"{parts[0]} = {parts[1]}"),
    EXPRESSIONS.map(lambda expression: f"if {expression}:\n    rows = {expression}\nelse:\n    pass"),
    EXPRESSIONS.map(lambda expression: f"return {expression}"),
)
BODIES = st.lists(STATEMENTS, min_size=1, max_size=6)


def _function(body: list[str]) -> str:
    return "def train(rows):\n" + textwrap.indent("\n".join(body), "    ") + "\n"


@settings(deadline=None)
@given(BODIES, st.integers(0, 20), st.booleans())
def test_layout_never_counts(body: list[str], lines: int, crlf: bool) -> None:
    """Whatever the function holds: moved down, written anew, with other line ends, it stays the same."""
    text = _function(body)
    other = "\n" * lines + ast.unparse(ast.parse(text)) + "\n"
    assert hash_of(other.replace("\n", "\r\n") if crlf else other) == hash_of(text)


@settings(deadline=None)
@given(BODIES, BODIES)
def test_two_functions_have_one_hash_only_where_they_are_one(first: list[str], second: list[str]) -> None:
    """A statement more, less or other is another job."""
    same = ast.dump(ast.parse(_function(first))) == ast.dump(ast.parse(_function(second)))
    assert (hash_of(_function(first)) == hash_of(_function(second))) == same


def test_programs_count_by_their_bytes_but_for_line_ends() -> None:
    """Of text; a compiled program may hold both bytes by chance."""
    assert content_hash(b"a\r\nb\n") == content_hash(b"a\nb\n") != content_hash(b"a\nc\n")
    assert content_hash(b"\0\r\n") != content_hash(b"\0\n")
