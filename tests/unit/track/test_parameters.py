"""Parameters as jobs have them, flat and as texts."""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline import track
from leadline.core.errors import UsageError
from leadline.events.records import RunEvent
from leadline.track.parameters import MAX_LEAVES, to_parameters

from .conftest import Captured


@dataclass
class Optimizer:
    name: str = "adam"
    lr: float = 0.1


@dataclass
class Config:
    depth: int = 5
    optimizer: Optimizer = field(default_factory=Optimizer)


class Lazy(Mapping[str, object]):
    """As omegaconf's: a value is looked up when it is asked for, and may be missing."""

    def __init__(self, **values: object) -> None:
        self._values = values

    def __getitem__(self, name: str) -> object:
        if self._values[name] == "???":
            raise LookupError(f"missing mandatory value {name}")
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@pytest.mark.parametrize(
    ("nested", "flat"),
    [
        ({"a": {"b": {"c": 1}, "d": [1, 2]}, "e": {}}, {"a.b.c": "1", "a.d": "[1, 2]", "e": "{}"}),
        (Config(), {"depth": "5", "optimizer.name": "adam", "optimizer.lr": "0.1"}),
        ({"model": Config(depth=3)}, {"model.depth": "3", "model.optimizer.name": "adam", "model.optimizer.lr": "0.1"}),
        (argparse.Namespace(depth=5, out=None), {"depth": "5", "out": "null"}),
        (SimpleNamespace(a=SimpleNamespace(b=1)), {"a.b": "1"}),
        (Lazy(a=1, b="???", c=Lazy(d=2)), {"a": "1", "b": "<LookupError>", "c.d": "2"}),
        ({"layers": {0: 8, 1: 16}}, {"layers.0": "8", "layers.1": "16"}),
    ],
)
def test_nested_parameters_are_flat(nested: object, flat: dict[str, str]) -> None:
    """Names joined by dots, whatever they come in."""
    assert to_parameters(nested) == flat


def test_what_holds_itself_ends() -> None:
    """Bounded in depth and in number, whatever the job has there."""
    endless: dict[str, object] = {}
    endless |= {"a": endless, "b": endless, "c": endless}
    flat = to_parameters({"x": 1, "endless": endless, "y": 2})
    assert len(flat) == MAX_LEAVES + 3
    assert (flat["x"], flat["y"], flat["endless"]) == ("1", "2", "<more than 10,000 values>")


@given(st.recursive(st.integers() | st.text(), lambda inner: st.dictionaries(st.text(min_size=1), inner), max_leaves=20))
def test_every_value_is_kept(value: object) -> None:
    """No nesting loses a value, but where two names become the same."""
    assert all(name.startswith("p") for name in to_parameters({"p": value}))
    assert to_parameters({"p": value})


@pytest.mark.parametrize("wrong", [["x"], 5, "text", {1: "x"}, {"": 1}, Config])
def test_what_has_no_names_is_refused(wrong: object) -> None:
    """At once, with what to write."""
    with pytest.raises(UsageError, match=r"give a mapping|names are texts"):
        to_parameters(wrong)


def test_seeds_and_configurations_are_parameters_of_the_run(captured: Captured) -> None:
    """Wherever they are given."""
    with track.run("j", parameters=Config(depth=7)) as run:
        run.parameters(argparse.Namespace(out="x"), extra=1)
        run.seed(7, numpy=8)
        with pytest.raises(UsageError, match=r"run.seed\(7\)"):
            run.seed()
    found = {name: value for event in captured.of(RunEvent) for name, value in event.parameters.items()}
    assert found == {
        "depth": "7",
        "optimizer.name": "adam",
        "optimizer.lr": "0.1",
        "out": "x",
        "extra": "1",
        "seed": "7",
        "seed.numpy": "8",
    }
