"""What is told of a registry's credentials."""

import pytest

from leadline.core.errors import UsageError
from leadline.events.registry import RegistryClient


@pytest.mark.parametrize("token", ["s3cret\n", "s3cret\r\nX: y", "s3crét"])
def test_a_token_that_no_header_takes_is_refused_and_not_shown(token: str) -> None:
    """The error that sending it would raise repeats it."""
    with pytest.raises(UsageError, match="line feed") as refused:
        RegistryClient("https://registry.example.org", token=token)
    assert "s3cr" not in str(refused.value)
