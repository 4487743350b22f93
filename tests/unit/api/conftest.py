from collections.abc import Iterator

import pytest

from .served import Served, served


@pytest.fixture
def api() -> Iterator[Served]:
    with served() as one:
        yield one


@pytest.fixture(scope="session")
def api_session() -> Iterator[Served]:
    """For tests that ask it many times."""
    with served() as one:
        yield one
