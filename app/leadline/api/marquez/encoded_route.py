"""Routes whose parameters hold any text."""

from urllib.parse import unquote

from starlette.routing import Match, Route
from starlette.types import Scope


class EncodedRoute(Route):
    """Matches the path as it came, so that a slash within a name (%2F) divides nothing."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        match, found = super().matches({**scope, "path": scope["raw_path"].decode("latin-1"), "root_path": ""})
        if "path_params" in found:
            found["path_params"] = {name: unquote(value) for name, value in found["path_params"].items()}
        return match, found
