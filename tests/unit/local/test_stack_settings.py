"""The roles of a local stack see its own settings and no others."""

import os
from pathlib import Path

import pytest

from leadline.core.settings import Settings, load_settings
from leadline.demo.play import environ
from leadline.local import Stack

OF_ANOTHER_KAFKA = {
    "KAFKA": "broker.example.org:9093",
    "KAFKA_SASL_MECHANISM": "PLAIN",
    "KAFKA_SASL_USERNAME": "ada",
    "KAFKA_SASL_PASSWORD": "hunter22",
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SSL_KEY_PASSWORD_FILE": "/none",
    "SCHEMA_REGISTRY_TOKEN": "hunter22",
    "LEADLINE_TRANSPORT": "http",
    "LEADLINE_ENVIRONMENT": "production",
}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory and an environment that lead to another Kafka, by all ways that there are."""
    for variable, value in OF_ANOTHER_KAFKA.items():
        monkeypatch.setenv(variable, value)
    (tmp_path / "leadline.toml").write_text('kafka_ssl_ca_location = "/none"\nspool = "/none"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_role_is_told_of_its_stack_alone(elsewhere: Path) -> None:
    """Neither what is exported nor a file in the working directory reaches it."""
    of_stack = Settings(
        kafka="127.0.0.1:19090",
        schema_registry="http://127.0.0.1:19092",
        clickhouse="http://127.0.0.1:19093",
        clickhouse_user="leadline",
        clickhouse_password="the-token",
        data=elsewhere / "data",
    )
    child = Stack(elsewhere / "data")._role("sink", of_stack).child
    assert load_settings({**os.environ, **child._environment}) == of_stack


def test_the_demos_programs_are_told_of_its_stack_alone(elsewhere: Path) -> None:
    """They spool in the demo's folder, which goes with it."""
    of_stack = Settings(kafka="127.0.0.1:1", schema_registry="http://127.0.0.1:3", data=elsewhere / "data")
    found = load_settings(environ(of_stack, elsewhere))
    assert found == Settings(
        kafka="127.0.0.1:1", schema_registry="http://127.0.0.1:3", data=elsewhere / "data", spool=str(elsewhere / "spool")
    )
