"""How a Kafka client is let in: TLS, certificates, SASL. What librdkafka says of a refusal, as one sentence.

A setting `kafka_x_y` is librdkafka's property `x.y`: https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md
"""

import re
from pathlib import Path
from typing import Any

from leadline.core.errors import UsageError
from leadline.core.settings import OPTIONS, Settings, shown

OAUTHBEARER = "OAUTHBEARER"
_PREFIX = "kafka_"
_FILES = ("kafka_ssl_ca_location", "kafka_ssl_certificate_location", "kafka_ssl_key_location", "kafka_https_ca_location")


def protocol(settings: Settings) -> str:
    """PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL: a password never travels in the clear because nobody said how."""
    if settings.kafka_security_protocol:
        return settings.kafka_security_protocol
    if settings.kafka_sasl_mechanism:
        return "SASL_SSL"
    return "SSL" if any(getattr(settings, name) for name in OPTIONS if name.startswith("kafka_ssl_")) else "PLAINTEXT"


def security(settings: Settings) -> dict[str, Any]:
    """librdkafka's properties. Raises UsageError naming the variable that is missing, or the file that cannot be read."""
    secured = protocol(settings)
    _check(settings, secured)
    if secured == "PLAINTEXT":
        return {}
    told = {name: getattr(settings, name) for name in OPTIONS if name.startswith(_PREFIX) and getattr(settings, name)}
    told |= {name: str(Path(told[name]).expanduser()) for name in _FILES if name in told}
    found = {name.removeprefix(_PREFIX).replace("_", "."): value for name, value in told.items()}
    oidc = {"sasl.oauthbearer.method": "oidc"} if settings.kafka_sasl_mechanism == OAUTHBEARER else {}
    return {**found, "security.protocol": secured, **oidc}


def _check(settings: Settings, secured: str) -> None:
    needed: tuple[str, ...] = ()
    if secured.startswith("SASL"):
        if settings.kafka_sasl_mechanism == OAUTHBEARER:
            needed = tuple(f"kafka_sasl_oauthbearer_{part}" for part in ("token_endpoint_url", "client_id", "client_secret"))
        else:
            needed = ("kafka_sasl_username", "kafka_sasl_password")
        needed = ("kafka_sasl_mechanism", *needed)
    elif settings.kafka_sasl_username or settings.kafka_sasl_password:
        raise UsageError(
            f"a name or password for Kafka is set, but not how to use it: set KAFKA_SASL_MECHANISM "
            f"({', '.join(OPTIONS['kafka_sasl_mechanism'].choices)})"
        )
    for name in needed:
        if not getattr(settings, name):
            raise UsageError(f"{OPTIONS[name].variable} is missing: the connection to Kafka is {secured}")
    for name in _FILES:
        check_readable(settings, name)


def check_readable(settings: Settings, name: str) -> None:
    """Raises UsageError where the setting names a file that is not there or not ours to read."""
    path = getattr(settings, name)
    if path:
        try:
            with Path(path).expanduser().open("rb"):
                pass
        except IsADirectoryError:
            pass
        except OSError as error:
            raise UsageError(f"{OPTIONS[name].variable} names {path}, which cannot be read: {error.strerror}") from error


_NOISE = re.compile(
    r"^[a-z_]+://\S+?: |^\S+: (?=SASL|SSL)|\s*\(after \d+ms in state \w+[^)]*\)|\s*\(install ca-certificates[^)]*\)"
    r"|error:[0-9A-F]{8}:SSL routines:[^:]*:|: SSL alert number \d+|^Failed to acquire SASL OAUTHBEARER token: "
)
_DISTRUST = re.compile(r"SSL handshake failed|certificate|SSL alert")
_PROPERTY = re.compile(r"\b(?:ssl|sasl|https|security)(?:\.[a-z]+)+\b")


class Reason:
    """An `error_cb` that keeps why Kafka is away: the first sentence, since what follows it follows from it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.sentence = ""

    def __call__(self, error: Any) -> None:
        self.sentence = self.sentence or explained(error, self._settings)


def lasting(error: Any) -> bool:
    """Whether it is about who we are or whom we trust, which no waiting changes."""
    from confluent_kafka import KafkaError

    return error.code() in (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED, KafkaError._SSL)


def explained(error: Any, settings: Settings) -> str:
    """A KafkaError as one sentence that says what to look at, without secrets."""
    from confluent_kafka import KafkaError

    place = f"Kafka at {shown(settings.kafka)}"
    reason = _reason(error)
    if error.code() == KafkaError._AUTHENTICATION and settings.kafka_sasl_mechanism == OAUTHBEARER:
        return f"{place} could not be told who we are: {reason}; look at KAFKA_SASL_OAUTHBEARER_*"
    if error.code() in (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED):
        return f"{place} does not let us in: {reason}; look at KAFKA_SASL_USERNAME, _PASSWORD and _MECHANISM"
    if error.code() == KafkaError._SSL or _DISTRUST.search(error.str()):
        return f"{place} cannot be trusted or does not trust us: {reason}; look at KAFKA_SSL_* and KAFKA_SECURITY_PROTOCOL"
    if error.code() == KafkaError._ALL_BROKERS_DOWN:  # without a reason before: librdkafka says none where it is hung up on
        secured = protocol(settings)
        return f"{place} ends the connection; look at KAFKA_SECURITY_PROTOCOL if it goes on ({secured} is what we speak)"
    return f"{place}: {reason}"


def unusable(error: Any) -> str:
    """A KafkaError of a client that could not even be made, as one sentence."""
    reason = _reason(error)
    also = "; look at KAFKA_SSL_KEY_PASSWORD too" if "KAFKA_SSL_KEY_LOCATION" in reason else ""
    return f"the settings for Kafka cannot be used: {reason}{also}"


def _reason(error: Any) -> str:
    """By the names of our settings."""
    told = _NOISE.sub("", str(error.str())).strip()
    return _PROPERTY.sub(lambda found: f"{_PREFIX}{found[0]}".upper().replace(".", "_"), told)
