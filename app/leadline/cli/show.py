"""leadline show: one node with its owner, runs, versions and what they hold, metrics and open alerts."""

import click

from leadline.core.clock import Micros, system_clock
from leadline.core.settings import load_settings
from leadline.history.connection import reading
from leadline.history.nodes import NodeDetails
from leadline.history.nodes import show as show_node
from leadline.history.readings import MetricSummary
from leadline.history.versions import JobVersion, Version

from .alerts import metric_label, print_episodes
from .holding import print_holding
from .node import NODE_HELP, find, node_argument
from .output import Column, ago, json_option, number, print_json, print_pairs, print_table, when
from .runs import print_runs, slot


@click.command("show", help=f"Show NODE: owner, newest runs, versions, metrics, open alerts.\n\n{NODE_HELP}")
@node_argument
@click.option("--version", help="Show what this version holds; left out: the one that was described last.")
@json_option
def command(node: str, version: str | None, as_json: bool) -> None:
    with reading(load_settings()) as client:
        details = show_node(client, find(client, node), version)
    if as_json:
        print_json(details)
    else:
        _print(details, system_clock())


def _print(details: NodeDetails, now: Micros) -> None:
    node = details.node
    print_pairs(
        [
            (node.kind.lower(), node.name),
            ("namespace", node.namespace),
            ("owner", node.owner or "unowned"),
            ("on call", node.on_call),
            ("consumers", node.consumers),
            ("description", node.description),
            ("lifecycle", node.lifecycle),
            ("tags", ", ".join(f"{name}={value}" for name, value in sorted(node.tags.items()))),
            ("version", node.last_version),
            ("first seen", when(node.first_seen)),
            ("last seen", f"{when(node.last_seen)}  ({ago(node.last_seen, now)})"),
        ]
    )
    if details.open:
        click.echo("\nopen alerts")
        print_episodes(details.open, now)
    if details.metrics:
        _print_metrics(details.metrics, now)
    if details.versions:
        _print_versions(details.versions, now)
    if details.job_versions:
        _print_job_versions(details.job_versions, now)
    if details.holding:
        print_holding(details.holding)
    if details.runs:
        click.echo("\nits runs" if node.kind == "JOB" else "\nruns that wrote it")
        print_runs(details.runs, now)


def _print_metrics(metrics: list[MetricSummary], now: Micros) -> None:
    columns = [
        Column("metric"),
        Column("last", keep=True, right=True),
        Column("unit"),
        Column("slot", keep=True),
        Column("when", keep=True),
        Column("readings", keep=True, right=True),
    ]
    print_table(
        columns,
        [
            (
                metric_label(metric.metric, metric.dims),
                number(metric.last_value),
                metric.unit,
                slot(metric.last_slot),
                ago(metric.last_time, now),
                metric.readings,
            )
            for metric in metrics
        ],
        title="\nmetrics",
    )


def _print_versions(versions: list[Version], now: Micros) -> None:
    print_table(
        ["version", "made by", Column("run", "cut"), Column("when", keep=True)],
        [(found.version, found.job_name or "-", found.run_id, ago(found.event_time, now)) for found in versions],
        title="\nversions",
    )


def _print_job_versions(versions: list[JobVersion], now: Micros) -> None:
    print_table(
        [
            Column("version", "cut"),
            Column("code", "cut"),
            "runs",
            Column("since", keep=True),
            Column("last", keep=True),
            "current",
        ],
        [
            (
                found.version,
                found.code_hash[:12] or found.code_commit[:12] or "-",
                found.runs,
                ago(found.first_run_at, now),
                ago(found.last_run_at, now),
                "yes" if found.current else "",
            )
            for found in versions
        ],
        title="\nversions by content",
    )
