"""What changed upstream of a node, for people."""

import click

from leadline.history.lineage import JobUse
from leadline.history.upstream_diff import EdgeChange, UpstreamDiff

from .output import print_table, safe, when


def print_upstream_diff(found: UpstreamDiff) -> None:
    node = found.node
    click.echo(safe(f"upstream of {node.kind.lower()} {node.name} in {node.namespace}"))
    click.echo(f"from {when(found.since)} to {when(found.until)}")
    rows = [*_edges("came", found.came), *_uses("came", found.jobs_came), *_edges("went", found.went)]
    rows += _uses("went", found.jobs_went)
    if rows:
        print_table(["", "data", "made from", "by", "when"], rows, title="\nedges")
    if found.versions:
        print_table(
            ["data", "before", "after", "versions", "seen last"],
            [(one.name, one.before or "-", one.after, one.versions, when(one.last_seen)) for one in found.versions],
            title="\nversions",
        )
    if found.changes:
        print_table(
            ["when", "job", "what", "before", "after", "run"],
            [
                (
                    when(one.event_time),
                    one.job_name,
                    _what(one.what, one.subject),
                    one.before or "-",
                    one.after or "-",
                    one.run_id,
                )
                for one in found.changes
            ],
            title="\nchanges of the jobs",
        )
    if found.owners:
        print_table(
            ["when", "node", "owner before", "owner after", "by"],
            [
                (when(one.event_time), f"{one.kind.lower()} {one.name}", one.before or "-", one.after or "-", one.actor)
                for one in found.owners
            ],
            title="\nowners",
        )
    if not (rows or found.versions or found.changes or found.owners):
        click.echo("\nnothing changed that is known of")
    for line in _caveats(found):
        click.echo(line)


def _edges(sign: str, edges: list[EdgeChange]) -> list[tuple[str, ...]]:
    return [(sign, edge.target.name, edge.source.name, edge.job.name, _moment(sign, edge.event_time)) for edge in edges]


def _uses(sign: str, uses: list[JobUse]) -> list[tuple[str, ...]]:
    return [(sign, use.node.name, "-", use.job.name, "-") for use in uses]


def _moment(sign: str, moment: int | None) -> str:
    if moment is not None:
        return when(moment)
    return "held before, elsewhere" if sign == "came" else "still holds, elsewhere"


def _what(what: str, subject: str) -> str:
    """With the node that a change of data is about, which `subject` has as JSON."""
    return f"{what} {subject}".rstrip()


def _caveats(found: UpstreamDiff) -> list[str]:
    lines = ["", f"as of {when(found.as_of)}"]
    if found.watermark is not None:
        lines.append(f"complete up to {when(found.watermark)}")
    if found.truncated:
        lines.append(f"there may be more: cut off by {found.truncated}")
    return lines
