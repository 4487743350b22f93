"""The ways between two nodes: all of them, as the part of the lineage that lies between."""

from msgspec.structs import replace

from .lineage import Lineage


def between(down: Lineage, up: Lineage) -> Lineage:
    """What lies on a way from where `down` starts to where `up` starts; without nodes where there is none.

    Distances are those from the start of `down`. Both walks must be of the same times.
    """
    found = {reached.node for reached in down.nodes} & {reached.node for reached in up.nodes}
    ends = {down.node, up.node}
    if up.node not in {reached.node for reached in down.nodes}:
        return replace(down, nodes=[], edges=[], uses=[], truncated=down.truncated or up.truncated, unresolved=0)
    data = {node for node in found | ends if node.kind != "JOB"}
    edges = [edge for edge in down.edges if edge.source in data and edge.target in data]
    uses = [use for use in (*down.uses, *up.uses) if use.job in ends and use.node in data]
    jobs = {edge.job for edge in edges}
    return replace(
        down,
        nodes=[reached for reached in down.nodes if reached.node in data or reached.node in jobs or reached.node in ends],
        edges=edges,
        uses=uses,
        truncated=down.truncated or up.truncated,
        unresolved=0,
    )
