"""A Kafka whose listeners ask who is there: TLS, TLS with certificates of both, SASL in the clear and within TLS."""

from pathlib import Path
from typing import cast

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from leadline.events.codec import RECORD_HEADER, Codec
from leadline.events.kafka import admin_config, consumer_config
from leadline.events.messages import header
from leadline.events.records import Event
from leadline.events.registry import RegistryClient
from leadline.local.broker import Broker

from .certificates import Certificates
from .kafka import TOPICS, Kafka

USER, PASSWORD = "alice", "sesame-9c2e"

_LISTENERS = """
listeners=PLAINTEXT://127.0.0.1:{0},CONTROLLER://127.0.0.1:{1},TLS://127.0.0.1:{3},MTLS://127.0.0.1:{4},\
SASL://127.0.0.1:{5},SASLTLS://127.0.0.1:{6}
advertised.listeners=PLAINTEXT://127.0.0.1:{0},TLS://127.0.0.1:{3},MTLS://127.0.0.1:{4},\
SASL://127.0.0.1:{5},SASLTLS://127.0.0.1:{6}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,MTLS:SSL,SASL:SASL_PLAINTEXT,SASLTLS:SASL_SSL
inter.broker.listener.name=PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location={server}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
listener.name.mtls.ssl.client.auth=required
"""
_MECHANISMS = """
listener.name.{name}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.{name}.plain.sasl.jaas.config={common}.plain.PlainLoginModule required user_{user}="{password}";
listener.name.{name}.scram-sha-256.sasl.jaas.config={common}.scram.ScramLoginModule required;
listener.name.{name}.scram-sha-512.sasl.jaas.config={common}.scram.ScramLoginModule required;
listener.name.{name}.oauthbearer.sasl.jaas.config={common}.oauthbearer.OAuthBearerLoginModule required \
unsecuredLoginStringClaim_sub="broker";
"""


class _Broker(Broker):
    """Java takes the last line where a property stands twice."""

    def __init__(self, data: Path, port: int, certificates: Certificates) -> None:
        super().__init__(data, port, log=data / "broker.log")
        ports = range(port, port + 7)
        self._more = _LISTENERS.format(*ports, server=certificates.server, ca=certificates.ca)
        for name in ("sasl", "sasltls"):
            common = "org.apache.kafka.common.security"
            self._more += _MECHANISMS.format(name=name, common=common, user=USER, password=PASSWORD)

    def _write_config(self, path: Path, log_dirs: Path) -> None:
        super()._write_config(path, log_dirs)
        with path.open("a", encoding="utf-8") as file:
            file.write(self._more)


class SecuredKafka(Kafka):
    """`settings` are those of its own listener in the clear, by which what arrived is read back."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        port = int(self.settings.kafka.rpartition(":")[2])
        self.certificates = Certificates(data / "certificates")
        self.broker = _Broker(data, port, self.certificates)
        self._reader: Consumer | None = None
        self._read = {(topic, partition): 0 for topic in TOPICS for partition in range(4)}
        self._found: list[tuple[bytes, int, Event]] = []
        self.tls, self.mtls, self.sasl, self.sasl_tls = (f"127.0.0.1:{port + at}" for at in range(3, 7))

    def start(self) -> None:
        super().start()
        client = AdminClient(admin_config(self.settings))
        for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):  # two of one user: in turn
            wanted = UserScramCredentialUpsertion(USER, ScramCredentialInfo(mechanism, 4096), PASSWORD.encode())
            for done in client.alter_user_scram_credentials([wanted]).values():
                done.result(30)

    def stop(self) -> None:
        if self._reader:
            self._reader.close()
        super().stop()

    def messages(self) -> list[tuple[bytes, int, Event]]:
        """As of every Kafka of a test; what was read once is kept, since this file asks often."""
        reader = self._reader = self._reader or self._begin()
        ends = {place: reader.get_watermark_offsets(TopicPartition(*place), timeout=10)[1] for place in self._read}
        codec = Codec(RegistryClient.of(self.settings))
        while any(self._read[place] < end for place, end in ends.items()):
            message = reader.poll(10)
            assert message is not None and message.error() is None, "Kafka answers no more"
            partition, offset = int(message.partition() or 0), int(message.offset() or 0)
            name = header(cast("list[tuple[str, bytes]]", message.headers()), RECORD_HEADER)
            self._found.append((message.key() or b"", partition, codec.decode(message.value(), name)))
            self._read[str(message.topic()), partition] = offset + 1
        return self._found

    def _begin(self) -> Consumer:
        # A broker answers one connection's requests in turn: none is to wait for a fetch that has nothing to give.
        reader = Consumer(consumer_config(self.settings, "ledger", **{"fetch.wait.max.ms": 10}))
        reader.assign([TopicPartition(*place, 0) for place in self._read])
        return reader
