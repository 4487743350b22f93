"""leadline alerts: what is violated now, what happened, and what happens next."""

from typing import Any

import click

from leadline.core.clock import Micros, system_clock
from leadline.core.settings import load_settings
from leadline.history.alerts import AlertEvent, Episode, alert_events, open_episodes
from leadline.history.connection import reading

from .follow import follow
from .moment import Moment
from .output import Column, ago, json_option, number, or_nothing, print_json, print_json_line, print_table, safe, when


@click.command("alerts")
@click.option("--open", "choice", flag_value="open", default="open", help="Open episodes, worst first (the default).")
@click.option("--all", "choice", flag_value="all", help="Every step of every episode, newest first.")
@click.option("--follow", "choice", flag_value="follow", help="Wait for new ones and show each; Ctrl-C ends it.")
@click.option("--since", type=Moment(), help="With --all or --follow: since then, for example 7d.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000), help="At most so many.")
@json_option
def command(choice: str, since: Micros | None, limit: int, as_json: bool) -> None:
    """List alerts. `leadline explain ALERT` says what is behind one. --follow --json prints JSON lines.

    --follow goes on while the store is away, and shows what came meanwhile once it is back.
    """
    settings = load_settings()
    if choice == "follow":
        follow(settings, since, print_json_line if as_json else _print_line)
        return
    with reading(settings) as client:
        found: list[Any] = (
            alert_events(client, since=since, limit=limit) if choice == "all" else open_episodes(client, limit=limit)
        )
    if as_json:
        print_json(found)
    elif found:
        _print_events(found, system_clock()) if choice == "all" else print_episodes(found, system_clock())
    or_nothing(found, "no alert is open" if choice == "open" else "no alert so far")


def _print_line(alert: AlertEvent) -> None:
    click.echo(line(alert))


def line(alert: AlertEvent) -> str:
    """One alert on one line."""
    threshold = f" (bound {number(alert.threshold)})" if alert.threshold is not None else ""
    return safe(
        f"{when(alert.event_time)} {alert.severity:<5} {alert.transition:<11} {alert.metric} of {alert.name} is "
        f"{number(alert.value)}{threshold}, owner {alert.owner or 'unowned'}, {alert.alert_id}"
    )


def print_episodes(episodes: list[Episode], now: Micros) -> None:
    print_table(
        [
            Column("severity", keep=True),
            "metric",
            "of",
            Column("value", keep=True, right=True),
            Column("since", keep=True),
            "owner",
            Column("episode", "cut"),
        ],
        [
            (
                episode.severity,
                metric_label(episode.metric, episode.dims),
                episode.name,
                number(episode.value),
                ago(episode.opened_at, now),
                episode.owner or "unowned",
                episode.episode_id,
            )
            for episode in episodes
        ],
    )


def _print_events(alerts: list[AlertEvent], now: Micros) -> None:
    print_table(
        [
            Column("when", keep=True),
            Column("step", keep=True),
            Column("severity", keep=True),
            "metric",
            "of",
            Column("value", keep=True, right=True),
            Column("alert", "cut"),
        ],
        [
            (
                ago(alert.event_time, now),
                alert.transition,
                alert.severity,
                metric_label(alert.metric, alert.dims),
                alert.name,
                number(alert.value),
                alert.alert_id,
            )
            for alert in alerts
        ],
    )


def metric_label(metric: str, dims: dict[str, str]) -> str:
    """For example auc{region=eu}."""
    return f"{metric}{{{','.join(f'{key}={value}' for key, value in sorted(dims.items()))}}}" if dims else metric
