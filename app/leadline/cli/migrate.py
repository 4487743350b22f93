"""leadline migrate: everything that must exist before the roles start."""

import click

from leadline.clickhouse.migrate import migrate, pending
from leadline.clickhouse.store import writing
from leadline.core.settings import load_settings
from leadline.events.kafka import create_topics
from leadline.events.registry import register_schemas


@click.command("migrate")
@click.option("--dry-run", is_flag=True, help="Print the SQL that would be run, and run none of it.")
@click.option(
    "--cluster",
    envvar="CLICKHOUSE_CLUSTER",
    default="",
    metavar="NAME",
    help="Make the tables replicated and distributed on this ClickHouse cluster (or CLICKHOUSE_CLUSTER).",
)
def command(dry_run: bool, cluster: str) -> None:
    """Bring a stack to this version: topics, schemas, and the store's tables and views.

    Topics and schemas are left alone where KAFKA or SCHEMA_REGISTRY is not configured. Safe to run again: what is there stays,
    and every migration is applied once.
    """
    settings = load_settings()
    if settings.kafka and not dry_run:
        create_topics(settings, progress=lambda name: click.echo(f"created topic {name}"))
    if settings.schema_registry and not dry_run:
        register_schemas(settings)
    with writing(settings) as client:
        if dry_run:
            todo = pending(client)
            for migration in todo:
                click.echo(f"-- {migration.number:04} {migration.name}")
                click.echo("".join(f"{statement};\n\n" for statement in migration.statements(cluster)), nl=False)
        else:
            todo = migrate(client, cluster, progress=click.echo)
    if not todo:
        click.echo("The store is up to date.")
