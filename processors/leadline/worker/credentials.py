"""How Faust's client (aiokafka) is let in: by the same settings as librdkafka's clients."""

import ssl
from pathlib import Path
from typing import Any

from leadline.core.errors import UsageError
from leadline.core.settings import Settings
from leadline.events.kafka_security import OAUTHBEARER, protocol, security


def credentials(settings: Settings) -> Any:
    """faust.Credentials; None where the connection is in the clear. Raises UsageError, also for what Faust cannot do."""
    from faust import auth

    secured = protocol(settings)
    security(settings)  # says what is missing, as for every other client
    if secured == "PLAINTEXT":
        return None
    if secured.startswith("SASL") and settings.kafka_sasl_mechanism == OAUTHBEARER:
        raise UsageError("this worker (Faust) cannot use OAUTHBEARER: give it PLAIN, SCRAM or a certificate")
    if secured == "SSL":
        return auth.SSLCredentials(_context(settings))
    return auth.SASLCredentials(
        mechanism=settings.kafka_sasl_mechanism,
        username=settings.kafka_sasl_username,
        password=settings.kafka_sasl_password,
        ssl_context=_context(settings) if secured == "SASL_SSL" else None,
    )


def _context(settings: Settings) -> ssl.SSLContext:
    try:
        context = _trusting(settings.kafka_ssl_ca_location)
    except (OSError, ValueError) as error:
        raise UsageError(f"KAFKA_SSL_CA_LOCATION holds no certificates in PEM: {error}") from error
    if settings.kafka_ssl_endpoint_identification_algorithm == "none":
        context.check_hostname = False
    if settings.kafka_ssl_certificate_location:
        try:
            # Never without a password: OpenSSL would ask for one at the terminal.
            context.load_cert_chain(
                Path(settings.kafka_ssl_certificate_location).expanduser(),
                Path(settings.kafka_ssl_key_location).expanduser() if settings.kafka_ssl_key_location else None,
                settings.kafka_ssl_key_password,
            )
        except (OSError, ValueError) as error:
            raise UsageError(
                f"the certificate and key for Kafka cannot be used: {error}; look at KAFKA_SSL_CERTIFICATE_LOCATION, "
                "KAFKA_SSL_KEY_LOCATION and KAFKA_SSL_KEY_PASSWORD"
            ) from error
    return context


def _trusting(location: str) -> ssl.SSLContext:
    path = Path(location).expanduser()
    if not location:
        return ssl.create_default_context()
    return ssl.create_default_context(capath=path) if path.is_dir() else ssl.create_default_context(cafile=path)
