"""What a tool around the job says of itself, and where it says so."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote


class Around(NamedTuple):
    """Where a tool can be recognised: the environment, files below `root`, and modules that are imported already."""

    environ: Mapping[str, str]
    root: Path = Path("/")
    modules: Mapping[str, Any] = {}

    def told(self, **variables: str) -> dict[str, str]:
        """What these variables hold, by the names that are given for them; empty ones are left out."""
        return {name: value for name, variable in variables.items() if (value := self.environ.get(variable))}

    def url(self, *parts: str, base: str | None = None) -> str:
        """A page of the tool; `base` None: LEADLINE_TOOL_URL, for tools that do not tell their own address."""
        base = self.environ.get("LEADLINE_TOOL_URL") if base is None else base
        return "/".join([base.rstrip("/"), *(quote(part, safe="#?=&") for part in parts)]) if base and all(parts) else ""


class Tool(NamedTuple):
    """RunEvent's source, tool_ids, tool_url and actor. An actor or cluster that is not told is empty."""

    name: str
    ids: dict[str, str]
    url: str = ""
    actor: str = ""
    cluster: str = ""
