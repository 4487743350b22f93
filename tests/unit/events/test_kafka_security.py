"""What librdkafka says, as people read it. The texts are its own, taken from real refusals."""

import pytest
from confluent_kafka import KafkaError

from leadline.core.settings import Settings
from leadline.events.kafka_security import Reason, explained, lasting, unusable

SETTINGS = Settings(kafka="kafka:9093", kafka_sasl_mechanism="PLAIN", kafka_sasl_username="alice", kafka_sasl_password="sesame")

SAID = {
    "ssl://kafka:9093/bootstrap: Receive failed: error:0A00045C:SSL routines::tlsv13 alert certificate required: "
    "SSL alert number 116 (after 6ms in state APIVERSION_QUERY)": "Kafka at kafka:9093 cannot be trusted or does not trust us: "
    "Receive failed: tlsv13 alert certificate required; look at KAFKA_SSL_* and KAFKA_SECURITY_PROTOCOL",
    "kafka:9093/bootstrap: Connect to ipv4#127.0.0.1:9093 failed: Connection refused (after 0ms in state CONNECT)": (
        "Kafka at kafka:9093: kafka:9093/bootstrap: Connect to ipv4#127.0.0.1:9093 failed: Connection refused"
    ),
    # A broker that ends, not one that is not trusted.
    "ssl://kafka:9093/1: Receive failed: error:0A000126:SSL routines::unexpected eof while reading (after 9ms in state UP)": (
        "Kafka at kafka:9093: Receive failed: unexpected eof while reading"
    ),
}


@pytest.mark.parametrize("said", SAID)
def test_transport(said: str) -> None:
    """Without places and numbers that help nobody."""
    error = KafkaError(KafkaError._TRANSPORT, said)
    assert explained(error, SETTINGS) == SAID[said]
    assert not lasting(error)


def test_the_first_reason_stays() -> None:
    """What follows follows from it."""
    reason = Reason(SETTINGS)
    reason(KafkaError(KafkaError._AUTHENTICATION, "SASL authentication error: no"))
    reason(KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down"))
    assert reason.sentence == (
        "Kafka at kafka:9093 does not let us in: SASL authentication error: no; "
        "look at KAFKA_SASL_USERNAME, _PASSWORD and _MECHANISM"
    )


def test_by_the_names_of_our_settings() -> None:
    """librdkafka's properties are named as people set them here."""
    error = KafkaError(KafkaError._INVALID_ARG, "ssl.key.location failed: error:0A080009:SSL routines::PEM lib")
    assert unusable(error) == (
        "the settings for Kafka cannot be used: KAFKA_SSL_KEY_LOCATION failed: PEM lib; look at KAFKA_SSL_KEY_PASSWORD too"
    )
