"""A Kafka whose listeners ask who is there: TLS, TLS with certificates of both, SASL in the clear and within TLS."""

from pathlib import Path

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from leadline.events.kafka import admin_config
from leadline.local.broker import Broker

from .certificates import Certificates
from .kafka import Kafka

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
        self.tls, self.mtls, self.sasl, self.sasl_tls = (f"127.0.0.1:{port + at}" for at in range(3, 7))

    def start(self) -> None:
        super().start()
        client = AdminClient(admin_config(self.settings))
        for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):  # two of one user: in turn
            wanted = UserScramCredentialUpsertion(USER, ScramCredentialInfo(mechanism, 4096), PASSWORD.encode())
            for done in client.alter_user_scram_credentials([wanted]).values():
                done.result(30)
