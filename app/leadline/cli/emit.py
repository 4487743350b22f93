"""leadline emit: events from JSON lines."""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import click

from leadline.core.clock import system_clock
from leadline.core.errors import LeadlineError, Unavailable, UsageError
from leadline.core.settings import load_settings
from leadline.track import Client
from leadline.track.entry import MAX_BODY_BYTES, Entry, to_entry
from leadline.track.lines import read_line
from leadline.track.segment import Segment, spooled
from leadline.track.stats import Counters
from leadline.track.transport import chosen, connect

from . import EXIT_FAILED
from .output import safe

_PRODUCER = "leadline.emit/1"
_BATCH = 1_000


@click.command("emit")
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--dry-run", is_flag=True, help="Check the lines and send nothing.")
@click.option("--skip-invalid", is_flag=True, help="Send the valid lines; without it, one invalid line and nothing is sent.")
@click.option("--spool", is_flag=True, help="Send what jobs left in the spool while Kafka was away.")
def command(file: BinaryIO | None, dry_run: bool, skip_invalid: bool, spool: bool) -> None:
    """Send events, one JSON object a line, from FILE or - for standard input.

    \b
    {"record": "MetricsReported", "kind": "MODEL", "namespace": "mlflow://prod",
     "name": "churn", "event_time": "2026-11-21T08:00:00Z",
     "readings": [{"metric": "auc", "value": 0.81}]}        (on one line)

    Ends when Kafka has acknowledged all of them. An event_id that is left out is derived from the line, so the same line sent
    twice is one event; event_time is now where it is left out. NaN is written "NaN".
    """
    if file is None and not spool:
        raise UsageError("give a FILE, - for standard input, or --spool")
    if spool:
        _send_spool(dry_run)
    if file is not None:
        with tempfile.TemporaryDirectory() as folder:
            checked = Segment.create(Path(folder), "emit")
            try:
                _emit(file, checked, dry_run=dry_run, skip_invalid=skip_invalid)
            finally:
                checked.release()


def _emit(file: BinaryIO, checked: Segment, *, dry_run: bool, skip_invalid: bool) -> None:
    """All lines are checked before the first is sent; meanwhile they stay on disk."""
    valid = invalid = 0
    batch: list[Entry] = []
    for place, found in _read(file):
        if isinstance(found, UsageError):
            click.echo(safe(f"{place}: {found}"), err=True)
            invalid += 1
            continue
        batch.append(found)
        valid += 1
        if len(batch) == _BATCH:
            checked.append(batch)
            batch = []
            _progress("checked", valid)
    checked.append(batch)
    if invalid and not skip_invalid:
        click.echo(f"{invalid:,} invalid and {valid:,} valid; nothing was sent (--skip-invalid sends the valid ones)", err=True)
        sys.exit(EXIT_FAILED)
    if not dry_run:
        _send(checked, valid)
    click.echo(f"{valid:,} {'valid' if dry_run else 'sent'}" + (f", {invalid:,} invalid" if invalid else ""))


def _read(file: BinaryIO) -> Iterator[tuple[str, Entry | UsageError]]:
    """Each line that is not blank, with its place."""
    name = getattr(file, "name", "<stdin>")
    for number, line in enumerate(file, start=1):
        if line.strip():
            yield f"{name}:{number}", _checked(line)


def _checked(line: bytes) -> Entry | UsageError:
    try:
        entry = to_entry(read_line(line, system_clock(), _PRODUCER))
    except UsageError as error:
        return error
    except ValueError as error:
        return UsageError(f"cannot be written as Avro: {error}")
    if len(entry) > MAX_BODY_BYTES:
        return UsageError(f"has {len(entry):,} bytes as Avro; at most {MAX_BODY_BYTES:,} can be sent, so split its lists")
    return entry


def _send(checked: Segment, total: int) -> None:
    """Raises Unavailable where not all was acknowledged."""
    counters = Counters()
    link = connect(load_settings(arguments={"transport": _way_out()}), counters)
    try:
        for number, entry in enumerate(checked.entries(), start=1):
            link.send(entry)
            if link.failure:
                break
            if number % _BATCH == 0:
                _progress("sent", counters.sent, total)
        while len(link) and not link.failure:
            link.poll(0.1)
    except Unavailable as error:
        link.failure = str(error)
    if link.failure:
        raise Unavailable(f"{counters.sent:,} of {total:,} events were acknowledged: {link.failure}; send the same lines again")
    if counters.dropped:
        raise LeadlineError(f"Kafka refused {total - counters.sent:,} of {total:,} events as too large for its settings")


def _way_out() -> str:
    """kafka or http, also where the jobs of this machine leave their events in a file or on the console."""
    settings = load_settings()
    return chosen(replace(settings, transport="") if chosen(settings) in ("file", "console") else settings)


def _send_spool(dry_run: bool) -> None:
    client = Client(transport=_way_out())
    if dry_run:
        files = spooled(client.spool_folder)
        click.echo(f"{len(files):,} files with {sum(file.stat().st_size for file in files):,} bytes in {client.spool_folder}")
    elif not client.send_spool():
        raise Unavailable(f"the spool {client.spool_folder} could not be sent: {client.last_warning}")
    else:
        left = len(spooled(client.spool_folder))
        in_use = f"; {left:,} files belong to jobs that still run" if left else ""
        click.echo(f"{client.stats().sent:,} sent from the spool{in_use}")


_shown_at = 0.0


def _progress(what: str, number: int, total: int = 0) -> None:
    """On a terminal, once a second."""
    global _shown_at
    now = time.monotonic()
    if sys.stderr.isatty() and now - _shown_at >= 1.0:
        _shown_at = now
        click.echo(f"\r{what} {number:,}{f' of {total:,}' if total else ''} ", nl=False, err=True)
