"""leadline sql: a read-only query over the public views."""

import sys

import click

from leadline.core.errors import UsageError
from leadline.core.settings import STORE_WRITER, load_settings
from leadline.history.connection import answering, connect_reader
from leadline.history.document import document

from .output import json_option, print_json, print_table


@click.command("sql")
@click.argument("statement", required=False)
@click.option("--format", "output_format", default="", help="Any output format of ClickHouse, such as CSVWithNames or Parquet.")
@json_option
def command(statement: str | None, output_format: str, as_json: bool) -> None:
    """Run one SQL STATEMENT (or standard input) that only reads, over the views of the database leadline.

    \b
    leadline sql "SELECT state, count() FROM runs GROUP BY state"
    leadline sql --format CSVWithNames < question.sql > answer.csv
    """
    text = (statement if statement is not None else click.get_text_stream("stdin").read()).strip()
    if not text:
        raise UsageError('no statement; write leadline sql "SELECT ..." or give it on standard input')
    settings = load_settings()
    with answering(settings.clickhouse):
        # The local store's reader can only read as it is; elsewhere the server is asked to see to it.
        limits = {} if settings.clickhouse_user == STORE_WRITER else {"readonly": "1"}
        client = connect_reader(settings, database="leadline", settings=limits)
        try:
            if output_format:
                with client.raw_stream(text, fmt=output_format) as answer:
                    for part in answer:
                        sys.stdout.buffer.write(part)
                sys.stdout.flush()
                return
            found = client.query(text, tz_mode="aware")
        finally:
            client.close()
    if as_json:
        print_json([dict(zip(found.column_names, row, strict=True)) for row in found.result_rows])
    else:
        print_table(found.column_names, [[document(cell) for cell in row] for row in found.result_rows])
