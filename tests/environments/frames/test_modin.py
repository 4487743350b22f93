"""Modin, which holds pandas back to the versions that it knows.

`python -m tests.environments frames`, or in any environment that has requirements.txt of this folder and Leadline:
`python -m pytest -c /dev/null tests/environments/frames`. Nothing is skipped.
"""

import os
from collections.abc import Iterator
from typing import Any

import pandas
import pytest

from leadline.track.versions.frames import describe_frame, is_frame

os.environ["MODIN_ENGINE"] = "python"


@pytest.fixture
def table() -> Iterator[dict[str, Any]]:
    yield {"price": [1.5, None, 3.0], "name": ["a", "b", "a"], "paid": [True, False, True]}


def test_modin_is_described_as_pandas_is(table: dict[str, Any]) -> None:
    """All but the class is equal."""
    import modin.pandas

    frame = modin.pandas.DataFrame(table)
    assert is_frame(frame)
    found, expected = describe_frame(frame, profile=None), describe_frame(pandas.DataFrame(table), profile=None)
    assert found.class_name.startswith("modin.pandas")
    assert (found.rows, found.columns, found.version) == (3, expected.columns, expected.version)


def test_a_large_frame_of_modin_is_sampled() -> None:
    import modin.pandas

    found = describe_frame(modin.pandas.DataFrame({"n": range(250_000)}), profile=None)
    assert found.attributes == {"sample": "one row in 3 of 250000"}
