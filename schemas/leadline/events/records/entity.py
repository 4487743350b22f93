"""What is said about a node: owners, on-call, description, tags, aliases, lifecycle."""

from typing import Annotated

from msgspec import Meta

from .event import Event

ASPECTS = ("ownership", "documentation", "tags", "alias", "lifecycle")


class EntityReported(Event, frozen=True, kw_only=True):
    """One aspect of one node by one source, so that two writers never erase each other."""

    kind: str
    namespace: str
    name: str
    aspect: Annotated[
        str,
        Meta(
            description="ownership {owner, on_call, consumers}, documentation {description}, tags {any}, "
            "alias {kind, namespace, name} or lifecycle {state}"
        ),
    ]
    values: dict[str, str] = {}
    deleted: bool = False
    actor: str = ""
