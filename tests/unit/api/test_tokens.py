"""Where the tokens come from, and that there is always one."""

from pathlib import Path

import pytest

from leadline.api.tokens import Tokens, load_tokens
from leadline.core.errors import UsageError


def test_all_sources_count(tmp_path: Path) -> None:
    """The variable, each line of the file, and the local stack's own: so that tokens can be changed one after another."""
    (tmp_path / "tokens").write_text("# of team a\none\n\n two \n")
    (tmp_path / "local").write_text("three\n")
    tokens = load_tokens("four", {"LEADLINE_TOKENS_FILE": str(tmp_path / "tokens")}, tmp_path / "local")
    assert [tokens.hold(f"Bearer {token}") for token in ("one", "two", "three", "four")] == [True] * 4
    assert [tokens.hold(f"Bearer {token}") for token in ("# of team a", "", "five")] == [False] * 3


@pytest.mark.parametrize("token", ["", " "])
@pytest.mark.parametrize("local", [True, False])
def test_without_a_token_the_role_refuses_to_start(token: str, local: bool, tmp_path: Path) -> None:
    """On loopback as elsewhere; the sentence says what to set."""
    with pytest.raises(UsageError, match="the API has no token, so anybody could write: set LEADLINE_TOKEN"):
        load_tokens(token, {}, tmp_path / "token" if local else None)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """An API without the tokens that it was given would refuse everybody."""
    with pytest.raises(UsageError, match=r"cannot read the tokens in .*missing"):
        load_tokens("x", {"LEADLINE_TOKENS_FILE": str(tmp_path / "missing")}, None)


def test_tokens_are_not_shown() -> None:
    """Not in a repr, which ends up in logs."""
    assert "secret" not in repr(Tokens(["secret"]))
