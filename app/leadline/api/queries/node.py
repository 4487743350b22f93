"""Which node a query is about."""

import msgspec
from clickhouse_connect.driver.client import Client

from leadline.core.errors import UsageError
from leadline.history.node import NodeRef
from leadline.history.nodes import resolve


class OfNode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exactly, by kind, namespace and name; or as NODE of the command line: a name, or a part that fits one node only."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    node: str = ""


def find(client: Client, asked: OfNode, *, data: bool = False) -> NodeRef:
    """`data`: a job of the same name is not meant.

    Raises UsageError where several fit or it is not said, LeadlineError where none does.
    """
    exact = (asked.kind, asked.namespace, asked.name)
    if asked.node and not any(exact):
        return resolve(client, asked.node, data=data)
    if asked.node or not all(exact):
        raise UsageError("say which node: either kind, namespace and name, or node with a part of its name")
    return resolve(client, str(NodeRef(asked.kind.upper(), asked.namespace, asked.name)))
