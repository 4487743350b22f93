"""Lineage as people ask for it: of a node, of a column, of a version, or between two nodes."""

from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError, UsageError

from .edges import Times
from .fine_lineage import FineLineage, Granularity, Point, fine_walk
from .lineage import DEPTH, NOW, Direction, Lineage, walk
from .node import NodeRef
from .nodes import with_owners
from .paths import between


def ask_lineage(
    client: Client,
    start: NodeRef,
    direction: Direction,
    *,
    other: NodeRef | None = None,
    column: str | None = None,
    version: str | None = None,
    depth: int = DEPTH,
    times: Times = NOW,
) -> Lineage | FineLineage:
    """`other`: only what lies between the two, in the direction of the data; what is downstream comes with its owners.

    Raises UsageError where more than one of `other`, `column` and `version` is given, LeadlineError where no way is found.
    """
    if sum(given is not None for given in (other, column, version)) > 1:
        raise UsageError("another node, a column and a version exclude each other: give one of them")
    if column is not None or version is not None:
        granularity: Granularity = "RUN" if column is None else "COLUMN"
        return fine_walk(client, Point(start, column or version or ""), direction, granularity, depth=depth, times=times)
    found = _walk(client, start, direction, depth, times) if other is None else _way(client, start, other, depth, times)
    return with_owners(client, found) if found.direction == "down" else found


def _way(client: Client, one: NodeRef, other: NodeRef, depth: int, times: Times) -> Lineage:
    for first, last in ((one, other), (other, one)):
        found = between(_walk(client, first, "down", depth, times), _walk(client, last, "up", depth, times))
        if found.nodes:
            return found
    more = f"; the walk was cut off by {found.truncated}" if found.truncated else ""
    raise LeadlineError(f"no way leads from {one} to {other} or back{more}")


def _walk(client: Client, start: NodeRef, direction: Direction, depth: int, times: Times) -> Lineage:
    return walk(client, start, direction, depth=depth, as_of=times.as_of, known_at=times.known_at, since=times.since)
