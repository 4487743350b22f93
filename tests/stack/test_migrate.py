"""`leadline migrate`: numbered, once each, with a dry run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline.clickhouse import migrate as migrating
from leadline.clickhouse.migrate import Migration, migrate, migrations, pending
from leadline.core.errors import LeadlineError

from .sink_environment import SinkEnvironment, sink_environment

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SinkEnvironment]:
    with sink_environment(tmp_path_factory.mktemp("migrate")) as environment:
        yield environment


def test_again_does_nothing(env: SinkEnvironment) -> None:
    """Applied migrations are not applied again, and the command says so."""
    assert migrate(env.client) == []
    ran = env.cli("migrate")
    assert (ran.returncode, ran.stdout) == (0, "The store is up to date.\n")


def test_dry_run_prints_what_would_run(env: SinkEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SQL is shown and nothing is changed; after the real run it is no longer pending."""
    new = Migration(
        max(m.number for m in migrations()) + 1,
        "new",
        "CREATE TABLE IF NOT EXISTS leadline_internal.t (a Int8)\nENGINE = Null;\n",
    )
    known = migrations()
    monkeypatch.setattr(migrating, "migrations", lambda: [*known, new])
    assert pending(env.client) == [new]
    assert new.statements() == ["CREATE TABLE IF NOT EXISTS leadline_internal.t (a Int8)\nENGINE = Null"]
    assert not env.client.command("EXISTS TABLE leadline_internal.t")
    assert migrate(env.client) == [new]
    assert env.client.command("EXISTS TABLE leadline_internal.t")
    monkeypatch.undo()
    with pytest.raises(LeadlineError, match="upgrade leadline"):
        pending(env.client)
    env.client.command(f"DELETE FROM leadline_internal.migrations WHERE number = {new.number}")


def test_an_edited_migration_is_refused(env: SinkEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a store has had cannot be changed behind its back."""
    edited = [Migration(m.number, m.name, m.sql + "-- edited\n") if m.number == 2 else m for m in migrations()]
    monkeypatch.setattr(migrating, "migrations", lambda: edited)
    with pytest.raises(LeadlineError, match="0002 tables was changed"):
        pending(env.client)


def test_the_sink_wants_a_migrated_store(env: SinkEnvironment, tmp_path: Path) -> None:
    """It ends at once with the command to run."""
    env.client.command("DELETE FROM leadline_internal.migrations WHERE number = 6")
    ran = env.cli("worker", "sink")
    assert ran.returncode == 2
    assert "run `leadline migrate`" in ran.stderr
    assert [m.number for m in migrate(env.client)] == [6]
