"""What doctor makes of what it finds; no server needed."""

from pathlib import Path

import pytest

from leadline.cli.examination import UNREACHABLE, examine, in_force, lag
from leadline.core.settings import Settings, find_settings
from leadline.history.watermark import Watermark

SECOND = 1_000_000
NOW = 1_795_262_400 * SECOND


def mark(waiting: int, checked_at: int = NOW) -> Watermark:
    return Watermark("leadline.runs", waiting, checked_at, NOW - 5 * SECOND)


def test_addresses_that_are_missing_say_what_to_set(tmp_path: object) -> None:
    """Without any address each server is named, with the variable to set."""
    found = [finding for finding in examine(Settings(), NOW) if finding.kind == UNREACHABLE]
    assert [finding.about for finding in found] == ["Kafka", "registry", "store"]
    assert all("leadline up" in finding.remedy for finding in found)


def test_servers_that_are_away() -> None:
    """A refused connection is one finding per server, and nothing is raised."""
    away = Settings(kafka="127.0.0.1:1", schema_registry="http://127.0.0.1:1", clickhouse="http://127.0.0.1:1")
    found = [finding for finding in examine(away, NOW) if finding.kind == UNREACHABLE]
    assert [finding.about for finding in found] == ["Kafka", "registry", "store"]


def test_lag_is_told_by_its_cause() -> None:
    """A sink that never wrote, one that stopped looking, one that is behind and one that is done."""
    assert [finding.level for finding in lag([], NOW)] == ["fail"]
    assert [finding.level for finding in lag([mark(0, NOW - 120 * SECOND)], NOW)] == ["fail"]
    (behind,) = lag([mark(1200)], NOW)
    assert (behind.level, "1,200 messages wait" in behind.found) == ("warn", True)
    assert [finding.level for finding in lag([mark(0)], NOW)] == ["ok"]


def test_settings_are_shown_with_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument, variable or file, and no secret."""
    (tmp_path / "leadline.toml").write_text('schema_registry = "http://ada:hunter22@registry:1"\n')
    (tmp_path / "password").write_text("hunter22")
    monkeypatch.chdir(tmp_path)
    told = {
        "KAFKA": "broker:1",
        "KAFKA_SASL_PASSWORD_FILE": str(tmp_path / "password"),
        "SCHEMA_REGISTRY_TOKEN": "hunter22",
        "LEADLINE_DATA": str(tmp_path / "data"),
    }
    for variable, value in told.items():
        monkeypatch.setenv(variable, value)
    assert [finding.found for finding in in_force(*find_settings(told))] == [
        "kafka = broker:1 (KAFKA)",
        "kafka_sasl_password = [hidden] (KAFKA_SASL_PASSWORD_FILE)",
        "schema_registry = http://registry:1 (leadline.toml)",
        "schema_registry_token = [hidden] (SCHEMA_REGISTRY_TOKEN)",
        f"data = {tmp_path / 'data'} (LEADLINE_DATA)",
    ]


def test_no_finding_shows_a_password() -> None:
    """Addresses that hold one, of servers that are away."""
    away = Settings(
        kafka="SASL://ada:hunter22@127.0.0.1:1",
        schema_registry="http://ada:hunter22@127.0.0.1:1",
        clickhouse="http://ada:hunter22@127.0.0.1:1",
    )
    found = examine(away, NOW)
    assert "hunter22" not in str(found)
    assert [finding.about for finding in found if finding.kind == UNREACHABLE] == ["Kafka", "registry", "store"]


def test_kafka_is_asked_as_jobs_ask_it() -> None:
    """With its security, whose mistakes are named."""
    settings = Settings(kafka="127.0.0.1:1", kafka_security_protocol="SASL_SSL")
    (found,) = [finding for finding in examine(settings, NOW) if finding.about == "Kafka"]
    assert (found.level, found.found) == ("fail", "KAFKA_SASL_MECHANISM is missing: the connection to Kafka is SASL_SSL")
