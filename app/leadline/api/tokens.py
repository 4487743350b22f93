"""Who may write: whoever holds one of the tokens."""

import hmac
from collections.abc import Iterable, Mapping
from pathlib import Path

from leadline.core.errors import UsageError

_BEARER = "bearer"


class Tokens:
    """At least one. Never shown, not even in a repr."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._tokens = [token.encode() for token in tokens]

    def hold(self, authorization: str) -> bool:
        """Whether the header `Authorization: Bearer TOKEN` has one of them. In constant time: a refusal teaches nothing."""
        scheme, _, given = authorization.partition(" ")
        matches = [hmac.compare_digest(given.strip().encode(), token) for token in self._tokens]
        return scheme.lower() == _BEARER and any(matches)


def load_tokens(token: str, environ: Mapping[str, str], local: Path | None) -> Tokens:
    """The setting `token`, every line of the file LEADLINE_TOKENS_FILE, and the local stack's own token in the file `local`.

    `local` None: the API can be reached from elsewhere. Raises UsageError where there is no token at all.
    """
    found = [token.strip()]
    if named := environ.get("LEADLINE_TOKENS_FILE", ""):
        found += _lines(Path(named).expanduser())
    if local is not None and local.exists():
        found += _lines(local)
    found = [token for token in found if token]
    if not found:
        raise UsageError(
            "the API has no token, so anybody could write: set LEADLINE_TOKEN (a long random text), or LEADLINE_TOKENS_FILE "
            "to a file with one token a line" + (f"; `leadline up` makes one in {local}" if local else "")
        )
    return Tokens(found)


def _lines(path: Path) -> list[str]:
    """Without empty ones and those that begin with #."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the tokens in {path}: {error}") from None
    return [line for line in lines if line and not line.startswith("#")]
