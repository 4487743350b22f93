"""What Faust's client is given of the settings; who is let in by it, tests/stack/test_track_security.py shows."""

import ssl
from pathlib import Path

import pytest
from faust.auth import SASLCredentials, SSLCredentials

from leadline.core.errors import UsageError
from leadline.core.settings import Settings
from leadline.worker.credentials import credentials

from ...certificates import KEY_PASSWORD, Certificates

NAMED = {"kafka_sasl_mechanism": "SCRAM-SHA-512", "kafka_sasl_username": "alice", "kafka_sasl_password": "sesame"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls") / "certificates")


def test_in_the_clear() -> None:
    """As it was: nothing is given to Faust."""
    assert credentials(Settings(kafka="k:1")) is None


def test_a_password_travels_in_tls() -> None:
    """Unless the settings say otherwise; it is in no repr."""
    found = credentials(Settings(kafka="k:1", **NAMED))  # type: ignore[arg-type]
    assert isinstance(found, SASLCredentials)
    assert (found.protocol.value, found.mechanism.value) == ("SASL_SSL", "SCRAM-SHA-512")
    assert "sesame" not in repr(found)
    clear = credentials(Settings(kafka="k:1", kafka_security_protocol="SASL_PLAINTEXT", **NAMED))  # type: ignore[arg-type]
    assert (clear.protocol.value, clear.ssl_context) == ("SASL_PLAINTEXT", None)


def test_certificates(files: Certificates, tmp_path: Path) -> None:
    """Hosts are checked unless the settings say otherwise; the CA may be a folder."""
    found = credentials(
        Settings(
            kafka="k:1",
            kafka_ssl_ca_location=str(files.ca),
            kafka_ssl_certificate_location=str(files.client),
            kafka_ssl_key_location=str(files.client_key),
            kafka_ssl_key_password=KEY_PASSWORD,
        )
    )
    assert isinstance(found, SSLCredentials)
    assert (found.context.verify_mode, found.context.check_hostname) == (ssl.CERT_REQUIRED, True)
    any_host = Settings(kafka="k:1", kafka_ssl_ca_location=str(tmp_path), kafka_ssl_endpoint_identification_algorithm="none")
    context = credentials(any_host).context
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, False)


@pytest.mark.parametrize("password", ["", "guess-51aa"])
def test_a_key_that_cannot_be_opened(files: Certificates, password: str) -> None:
    """One sentence that names the settings; nobody is asked at the terminal, and the password is not shown."""
    settings = Settings(
        kafka="k:1",
        kafka_ssl_certificate_location=str(files.client),
        kafka_ssl_key_location=str(files.client_key),
        kafka_ssl_key_password=password,
    )
    with pytest.raises(UsageError, match="KAFKA_SSL_KEY_PASSWORD") as raised:
        credentials(settings)
    assert not password or password not in str(raised.value)


def test_what_cannot_be(files: Certificates, tmp_path: Path) -> None:
    """A CA that is none, and what Faust has no way for."""
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(UsageError, match="KAFKA_SSL_CA_LOCATION"):
        credentials(Settings(kafka="k:1", kafka_ssl_ca_location=str(tmp_path / "ca.pem")))
    token = Settings(
        kafka="k:1",
        kafka_sasl_mechanism="OAUTHBEARER",
        kafka_sasl_oauthbearer_token_endpoint_url="https://login.example.org",
        kafka_sasl_oauthbearer_client_id="job",
        kafka_sasl_oauthbearer_client_secret="sesame",
    )
    with pytest.raises(UsageError, match="cannot use OAUTHBEARER"):
        credentials(token)
