"""leadline audit: who or what changed which bound, owner, tag, decision ..., and when."""

import inspect

import click

from leadline.core.clock import Micros
from leadline.core.settings import load_settings
from leadline.history.audit import AuditEntry, audit, differences
from leadline.history.connection import reading

from .moment import Moment
from .node import NODE_HELP, find
from .output import Column, json_option, or_nothing, print_json, print_table, when


@click.command("audit")
@click.argument("node", required=False)
@click.option("--since", type=Moment(), help="Only what was done from then on: 2026-11-21 (UTC), 90d ago.")
@click.option("--actor", default="", help="Only what this person or program did.")
@click.option("--all", "repeated", is_flag=True, help="Also what was only said again, and changed nothing.")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(1, 100_000), help="Only the newest so many.")
@json_option
def command(node: str | None, since: Micros | None, actor: str, *, repeated: bool, limit: int, as_json: bool) -> None:
    """List who or what set, changed or deleted bounds, owners, on-call, aliases, tags, descriptions, lifecycles, and decided.

    Of everything, or of NODE. What code declares has no person behind it: there the job is named. Nothing is ever taken out of
    this list; recorded_at in --json says when each was known.
    """
    with reading(load_settings()) as client:
        ref = find(client, node) if node else None
        found = audit(client, node=ref, actor=actor, since=since, repeated=repeated, limit=limit)
    if as_json:
        print_json(found)
    elif found:
        _print(found)
    or_nothing(found, "nothing was changed; --all shows also what was only said again")


command.help = f"{inspect.cleandoc(command.help or '')}\n\n{NODE_HELP}"


def _print(found: list[AuditEntry]) -> None:
    print_table(
        [Column("when", keep=True), "who", "of", "what", "change", "reason"],
        [(when(entry.event_time), who(entry), entry.name, what(entry), change(entry), entry.reason) for entry in found],
    )


def who(entry: AuditEntry) -> str:
    """The person, else the job, else the tool."""
    return entry.actor or (f"job {entry.job_name}" if entry.job_name else entry.tool) or "-"


def what(entry: AuditEntry) -> str:
    """For example "bound auc set", "ownership" or "PROMOTE 7"."""
    if entry.what == "decision":
        return f"{entry.action} {entry.subject}".strip()
    said = "" if entry.action == "reported" else f" {entry.action}"
    return f"{'bound ' if entry.what == 'bound' else ''}{entry.subject}{said}"


def change(entry: AuditEntry) -> str:
    """For example "owner: ml-team -> data-team"; what had no value before, or has none now, is a dash."""
    return "; ".join(
        f"{field}: {before or '-'} -> {after or '-'}"
        for field, before, after in differences(entry)
        if before or entry.what != "bound" or field not in _OF_EVERY_BOUND
    )


_OF_EVERY_BOUND = ("bound_id", "inclusive", "on_invalid", "state")
"""What a bound that is new has anyway."""
