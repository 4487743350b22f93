"""leadline doctor: what is reachable, what lags, what could not be read, and what to do about each."""

import click

from leadline.core.clock import system_clock
from leadline.core.settings import find_settings

from . import EXIT_FAILED, EXIT_UNAVAILABLE
from .examination import UNREACHABLE, Finding, examine, in_force
from .output import json_option, print_json, safe

_SIGNS = {"ok": ("✓", "green"), "note": ("·", "cyan"), "warn": ("!", "yellow"), "fail": ("✗", "red")}


@click.command("doctor")
@json_option
def command(as_json: bool) -> None:
    """Examine the stack: settings, servers, roles, lag, dead letters, spooled events, versions.

    Exit code 0: all is well; 1: something needs care; 3: a server cannot be reached.
    """
    settings, sources = find_settings()
    findings = [*in_force(settings, sources), *examine(settings, system_clock())]
    if as_json:
        print_json(findings)
    else:
        _print(findings)
    if any(finding.kind == UNREACHABLE for finding in findings):
        raise SystemExit(EXIT_UNAVAILABLE)
    if any(finding.level == "fail" for finding in findings):
        raise SystemExit(EXIT_FAILED)


def _print(findings: list[Finding]) -> None:
    room = max(len(finding.about) for finding in findings)
    for finding in findings:
        sign, colour = _SIGNS[finding.level]
        click.echo(f"{click.style(sign, fg=colour)} {finding.about:<{room}}  {safe(finding.found)}")
        if finding.remedy:
            click.echo(f"  {'':<{room}}  → {safe(finding.remedy)}")
