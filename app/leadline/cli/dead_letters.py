"""leadline dead-letters: what could not be read, why, and sending it again."""

import click

from leadline.clickhouse.dead_letters import DeadLetterRow, Original, find, get, originals, replay
from leadline.core.clock import isoformat
from leadline.core.errors import LeadlineError, UsageError
from leadline.core.settings import load_settings
from leadline.events.records.dead_letter import REASONS
from leadline.history.connection import reading

from .output import Column, json_option, print_json, print_pairs, print_table, safe, when

_SHOWN_BYTES = 256


@click.group("dead-letters")
def command() -> None:
    """List, inspect and replay messages that could not be read."""


reason_option = click.option("--reason", default="", metavar="REASON", help=f"Only these: {', '.join(REASONS)}.")
topic_option = click.option("--topic", default="", metavar="TOPIC", help="Only those that were on this topic.")


@command.command("list")
@reason_option
@topic_option
@click.option("--limit", default=50, show_default=True, help="At most so many, the newest.")
@json_option
def list_command(reason: str, topic: str, limit: int, as_json: bool) -> None:
    """The newest first."""
    with reading(load_settings()) as client:
        found = find(client, reason=reason, topic=topic, limit=limit)
    if as_json:
        print_json(found)
    elif not found:
        click.echo("No dead letters.")
    else:
        columns: list[Column | str] = [Column("id", keep=True), "known", "reason", "where", Column("error", overflow="cut")]
        print_table(columns, ((row.dead_letter_id, when(row.recorded_at), row.reason, _where(row), row.error) for row in found))


@command.command("show")
@click.argument("dead_letter", metavar="ID")
@json_option
def show_command(dead_letter: str, as_json: bool) -> None:
    """One of them, with its bytes. ID may be the start of an id."""
    with reading(load_settings()) as client:
        row = get(client, dead_letter)
        original = next(originals(client, [row.dead_letter_id]))
    if as_json:
        print_json({"dead_letter": row, "original": original})
        return
    print_pairs(
        [
            ("id", row.dead_letter_id),
            ("reason", row.reason),
            ("error", row.error),
            ("where", _where(row)),
            ("written at", isoformat(row.timestamp)),
            ("unreadable to", row.consumer),
            ("known at", isoformat(row.recorded_at)),
            ("key", original.key.decode("utf-8", "backslashreplace")),
            *((f"header {name}", value.decode("utf-8", "backslashreplace")) for name, value in original.headers),
            ("bytes", row.bytes),
        ]
    )
    click.echo(_dump(original.payload))


@command.command("replay")
@click.argument("dead_letters", metavar="[ID]...", nargs=-1)
@reason_option
@topic_option
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@json_option
def replay_command(dead_letters: tuple[str, ...], reason: str, topic: str, dry_run: bool, as_json: bool) -> None:
    """Send the original bytes, key and headers to their topic again, known since the original was.

    Name them by ID, or choose by --reason and --topic. What was mended is read then; what still cannot be read comes back as
    a new dead letter. Events that had arrived all the same change nothing.
    """
    if bool(dead_letters) == bool(reason or topic):
        raise UsageError("say which: either IDs, or --reason or --topic; `leadline dead-letters list` lists them")
    settings = load_settings()
    with reading(settings) as client:
        chosen = [get(client, text) for text in dead_letters] or find(client, reason=reason, topic=topic)
        if not chosen:
            raise LeadlineError("no dead letter is chosen by that; `leadline dead-letters list` lists them")
        sent = 0
        if not dry_run:
            from confluent_kafka import Producer

            from leadline.events.kafka import opened, producer_config

            whole = [row.dead_letter_id for row in chosen if not row.cut]
            sent = replay(opened(Producer, producer_config(settings)), originals(client, whole))
    _say(chosen, sent, dry_run, as_json)
    if all(row.cut for row in chosen):
        raise LeadlineError("nothing was sent: dead letters hold only the beginning of these messages")


def _say(chosen: list[DeadLetterRow], sent: int, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"sent": sent, "dry_run": dry_run, "dead_letters": chosen})
        return
    for row in chosen:
        if row.cut:
            click.echo(f"not {row.dead_letter_id}: it holds only a part; the original is in {_where(row)} while Kafka keeps it")
            continue
        click.echo(f"{'would send' if dry_run else 'sent'} {row.dead_letter_id} to {safe(row.topic)}: {row.reason}")
    if not dry_run:
        click.echo(f"{sent} sent; what is still unreadable comes back as a new dead letter.")


def _where(row: DeadLetterRow | Original) -> str:
    return f"{row.topic} [{row.partition}] at {row.offset}"


def _dump(payload: bytes) -> str:
    """Hexadecimal and text, sixteen bytes a line."""
    lines = []
    for start in range(0, min(len(payload), _SHOWN_BYTES), 16):
        part = payload[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{start:06x}  {part.hex(' '):<47}  {text}")
    if len(payload) > _SHOWN_BYTES:
        lines.append(f"... {len(payload) - _SHOWN_BYTES} more bytes; --json has them all")
    return "\n".join(lines)
