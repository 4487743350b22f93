"""The argument NODE of the commands that are about one node."""

import click
from clickhouse_connect.driver.client import Client

from leadline.history.node import NodeRef
from leadline.history.nodes import resolve

node_argument = click.argument("node")

NODE_HELP = """NODE is a name, NAMESPACE/NAME, a part of either that fits one node only, or exactly
'["KIND", "NAMESPACE", "NAME"]' as `leadline nodes` prints it."""


def find(client: Client, text: str, *, data: bool = False) -> NodeRef:
    """The node that the text names; `data`: no job. Raises UsageError where several fit, LeadlineError where none does."""
    return resolve(client, text, data=data)
