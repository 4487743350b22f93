"""What a figure was measured on."""

import os
import platform
from importlib.metadata import version

_PACKAGES = ("leadline", "confluent-kafka", "fastavro", "faust-streaming", "clickhouse-connect", "chdb")


def describe() -> str:
    """One line: processors, system, Python, versions of what matters."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}, {packages}"
