"""Certificates of a test's own, made by openssl: two CAs, a server, a client whose key has a password."""

import subprocess
from pathlib import Path

KEY_PASSWORD = "keyword-4f1d"


class Certificates:
    """Files in PEM. `server` is key and certificate in one, as Kafka takes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self._config = folder / "openssl.cnf"
        self._config.write_text("[req]\ndistinguished_name = dn\n[dn]\n")
        self.ca = self._make("ca", "-addext", "basicConstraints=critical,CA:TRUE")
        self.other_ca = self._make("other", "-addext", "basicConstraints=critical,CA:TRUE")
        certificate = self._signed("server", "-addext", "subjectAltName=IP:127.0.0.1")
        self.server = folder / "server-both.pem"
        self.server.write_text((folder / "server.key").read_text() + certificate.read_text())
        self.client = self._signed("client", password=KEY_PASSWORD)
        self.client_key = folder / "client.key"

    def _signed(self, name: str, *more: str, password: str = "") -> Path:
        by = ("-CA", str(self._folder / "ca.pem"), "-CAkey", str(self._folder / "ca.key"))
        return self._make(name, *by, *more, password=password)

    def _make(self, name: str, *more: str, password: str = "") -> Path:
        path = self._folder / f"{name}.pem"
        command = ["openssl", "req", "-x509", "-config", str(self._config), "-subj", f"/CN={name}", "-days", "2"]
        command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", str(self._folder / f"{name}.key")]
        command += ["-passout", f"pass:{password}"] if password else ["-nodes"]
        subprocess.run([*command, "-out", str(path), *more], capture_output=True, check=True)
        return path
