"""Numbered migrations: `migrations/NNNN_name.sql`, applied in order, each once; one table holds which were."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources

from clickhouse_connect.driver.client import Client

from leadline.core.errors import LeadlineError

from .statements import for_cluster, split

_LEDGER = """
CREATE DATABASE IF NOT EXISTS leadline_internal;
CREATE TABLE IF NOT EXISTS leadline_internal.migrations
(
    number UInt32, name String, digest String, applied_at DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = ReplacingMergeTree
ORDER BY (number);
"""


@dataclass(frozen=True)
class Migration:
    """One file. Its statements can be run again, so that one that was interrupted is repeated from its start."""

    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()[:16]

    def statements(self, cluster: str = "") -> list[str]:
        return [made for statement in split(self.sql) for made in for_cluster(statement, cluster)]


def migrations() -> list[Migration]:
    """All that this version has, in order."""
    found = []
    for entry in resources.files(__package__).joinpath("migrations").iterdir():
        number, _, rest = entry.name.partition("_")
        if entry.name.endswith(".sql"):
            found.append(Migration(int(number), rest.removesuffix(".sql"), entry.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.number)


def pending(client: Client) -> list[Migration]:
    """Those that the store has not had yet. Raises LeadlineError where an applied one was edited, or the store is newer."""
    applied = _applied(client)
    known = migrations()
    for migration in known:
        if applied.get(migration.number, migration.digest) != migration.digest:
            raise LeadlineError(
                f"migration {migration.number:04} {migration.name} was changed after this store had it; "
                "write what is new as the next migration, or start with an empty store"
            )
    newer = set(applied) - {migration.number for migration in known}
    if newer:
        raise LeadlineError(f"the store has migration {max(newer):04}, which this version does not know: upgrade leadline")
    return [migration for migration in known if migration.number not in applied]


def migrate(client: Client, cluster: str = "", progress: Callable[[str], None] = lambda _: None) -> list[Migration]:
    """Applies what is pending and returns it. Safe to run again, and by two at once. Raises LeadlineError (see `pending`)."""
    for statement in split(_LEDGER):
        for made in for_cluster(statement, cluster):
            client.command(made)
    todo = pending(client)
    for migration in todo:
        progress(f"{migration.number:04} {migration.name}")
        for statement in migration.statements(cluster):
            client.command(statement)
        row = [migration.number, migration.name, migration.digest]
        client.insert("leadline_internal.migrations", [row], column_names=["number", "name", "digest"])
    return todo


def _applied(client: Client) -> dict[int, str]:
    """Number to digest. Empty where nothing was ever applied."""
    if not client.command("EXISTS TABLE leadline_internal.migrations"):
        return {}
    rows = client.query("SELECT number, digest FROM leadline_internal.migrations FINAL").result_rows
    return {int(number): str(digest) for number, digest in rows}
