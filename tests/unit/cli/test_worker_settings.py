"""A role that cannot use its settings for Kafka says so in one sentence, before it begins."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leadline.core.roles import ROLES
from tests.certificates import Certificates


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates") / "made")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_wrong_password_of_the_key(role: str, certificates: Certificates, tmp_path: Path) -> None:
    told = {
        "LEADLINE_DATA": str(tmp_path),
        "LEADLINE_TOKEN": "ingress-token-1",
        "KAFKA": "127.0.0.1:1",
        "SCHEMA_REGISTRY": "http://127.0.0.1:1",
        "CLICKHOUSE": "http://127.0.0.1:1",
        "KAFKA_SSL_CA_LOCATION": str(certificates.ca),
        "KAFKA_SSL_CERTIFICATE_LOCATION": str(certificates.client),
        "KAFKA_SSL_KEY_LOCATION": str(certificates.client_key),
        "KAFKA_SSL_KEY_PASSWORD": "another-51d0",
    }
    command = [sys.executable, "-m", "leadline.cli", "worker", role]
    done = subprocess.run(command, env={**os.environ, **told}, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2, done.stderr
    assert "KAFKA_SSL_KEY_PASSWORD" in done.stderr
    assert "Traceback" not in done.stderr
    assert "another-51d0" not in done.stderr
