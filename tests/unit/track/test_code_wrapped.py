"""One job, run by a shell and wrapped as tools wrap it, in processes of its own: it has one hash."""

import contextlib
import functools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from leadline.events.records import RunEvent
from leadline.track.code_root import root_of_function
from leadline.track.segment import spooled

from .conftest import read_segment

FEATURES = "def build(depth):\n    return depth * 2\n"
TRAIN = """\
import features

from leadline import track

SEED = 7


def train(depth):
    with track.run("churn.train") as run:
        run.metric("rows", features.build(depth) + SEED)


if __name__ == "__main__":
    train(5)
"""
COMPONENT = """\
import kfp_like
from typing import *

import features
from leadline import track
SEED = 7

{function}

def executor_main():
    train(5)
"""
EXECUTOR = """\
import importlib.util, sys
sys.path.insert(0, {folder!r})
sys.modules["kfp_like"] = sys
spec = importlib.util.spec_from_file_location("ephemeral_component", {component!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.train(5)
"""
WORKER = """\
import pickle, sys
sys.path.insert(0, {folder!r})
pickle.loads({pickled!r})(5)
"""


def hash_of(folder: Path, *words: str) -> str:
    """Of the run that the command, in the folder, reports."""
    spool = folder / f"spool-{len(list(folder.iterdir()))}"
    kept = {name: value for name, value in os.environ.items() if name not in ("KAFKA", "SCHEMA_REGISTRY", "LEADLINE_DISABLED")}
    environ = {**kept, "LEADLINE_DATA": str(folder / "none"), "LEADLINE_SPOOL": str(spool)}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=environ, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    events = [event for path in spooled(spool) for event in read_segment(path) if isinstance(event, RunEvent)]
    assert len({event.code_hash for event in events}) == 1
    return events[0].code_hash


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "ada" / "churn"
    folder.mkdir(parents=True)
    (folder / "features.py").write_text(FEATURES)
    (folder / "train.py").write_text(TRAIN)
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "tmp" / "working_dir_files" / "pkg_1"
    folder.mkdir(parents=True)
    (folder / "features.py").write_bytes(FEATURES.replace("\n", "\r\n").encode())
    (folder / "train.py").write_bytes(TRAIN.replace("\n", "\r\n").encode())
    return folder


def test_a_job_keeps_its_hash_in_every_wrapper(home: Path, elsewhere: Path) -> None:
    """A script; another folder, with a module's name and other line ends; a component as Kubeflow cuts it out; a function that
    was pickled by value on another machine, as Ray and Spark ship it; a file that a driver compiles, as Databricks does.
    """
    expected = hash_of(home, "train.py")
    assert len(expected) == 64
    moved = hash_of(elsewhere, "-m", "train")
    function = TRAIN[TRAIN.index("def train") : TRAIN.index("if __name__")]
    (elsewhere / "ephemeral_component.py").write_text(COMPONENT.format(function=function))
    executor = EXECUTOR.format(folder=str(elsewhere), component=str(elsewhere / "ephemeral_component.py"))
    (elsewhere / "executor.py").write_text(executor)
    cut_out = hash_of(elsewhere, "-c", executor)
    pickled = pickled_by_value(home)
    compiled = f"import sys; sys.path.insert(0, {str(home)!r}); name = {str(home / 'train.py')!r}; "
    compiled += "exec(compile(open(name).read(), name, 'exec'), {'__name__': '__main__'})"
    by_driver = hash_of(elsewhere, "-c", compiled)
    (home / "train.py").rename(home / "gone.py")  # the worker is another machine
    shipped = hash_of(elsewhere, "-c", WORKER.format(folder=str(elsewhere), pickled=pickled))
    assert {"moved": moved, "cut out": cut_out, "shipped": shipped, "by a driver": by_driver} == dict.fromkeys(
        ["moved", "cut out", "shipped", "by a driver"], expected
    )


def test_another_statement_is_another_job(home: Path) -> None:
    """In the module that it imports, and in its own."""
    before = hash_of(home, "train.py")
    (home / "features.py").write_text(FEATURES.replace("* 2", "* 3"))
    between = hash_of(home, "train.py")
    (home / "train.py").write_text(TRAIN.replace("+ SEED", "- SEED"))
    assert len({before, between, hash_of(home, "train.py")}) == 3


def test_a_decorated_function_is_the_job_whoever_calls_it(home: Path, elsewhere: Path) -> None:
    """Under `track.job` the function alone says what the job is."""
    job = "from leadline import track\nimport features\n\n"
    job += "@track.job('churn.train')\ndef train(depth):\n    features.build(depth)\n\n"
    (home / "train.py").write_text(job + "def main():\n    train(5)\n\n\nmain()\n")
    (elsewhere / "train.py").write_text(job)
    called = hash_of(elsewhere, "-c", "import train; train.train(5)")
    assert called == hash_of(home, "train.py") != ""


def test_what_wraps_a_function_is_not_the_job() -> None:
    """Neither a decorator of a library's below ours, nor one that hides the function."""

    def retried(function: Callable[[], int]) -> Callable[[], int]:
        @functools.wraps(function)
        def again() -> int:
            return function() or function()

        return again

    def job() -> int:
        return 1

    root = root_of_function(retried(retried(job)))
    assert root is not None and (root.function, root.file) == ("job", __file__)
    assert root_of_function(contextlib.contextmanager) is None
    assert root_of_function(functools.partial(job)) is None


def pickled_by_value(home: Path) -> bytes:
    program = "import cloudpickle, sys, train; cloudpickle.register_pickle_by_value(train); "
    program += "sys.stdout.buffer.write(cloudpickle.dumps(train.train))"
    return subprocess.run([sys.executable, "-c", program], cwd=home, check=True, capture_output=True).stdout
