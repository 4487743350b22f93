"""Kafka's jars: resolved through Maven once, locked with checksums, downloaded once, checked at every start.

`python -m leadline.local.kafka_jars VERSION` renews the lock. jgo does Maven's part (coordinates, repositories, proxies);
the checksums are ours, since a repository's own say nothing about who wrote the file.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from leadline.core.errors import LeadlineError, Unavailable

LOCK = "kafka-jars.lock"
_ATTEMPTS = 3
_PARALLEL = 6

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Jar:
    """One locked jar: Maven's `group:artifact:version`, its SHA-256 in hex and its size in bytes."""

    coordinate: str
    sha256: str
    size: int

    @property
    def file_name(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def cache_directory() -> Path:
    return Path(os.environ.get("LEADLINE_CACHE") or Path.home() / ".cache" / "leadline").expanduser()


def locked() -> tuple[Jar, ...]:
    """The jars of the lock file, in the order of the class path."""
    lines = resources.files(__package__).joinpath(LOCK).read_text(encoding="utf-8").splitlines()
    fields = (line.split() for line in lines if line and not line.startswith("#"))
    return tuple(Jar(coordinate, sha256, int(size)) for coordinate, sha256, size in fields)


def class_path(progress: Progress = lambda _: None) -> list[Path]:
    """Kafka's jars in the cache. Raises as fetch() does."""
    return fetch(locked(), cache_directory() / "jars", progress)


def fetch(jars: Sequence[Jar], folder: Path, progress: Progress = lambda _: None) -> list[Path]:
    """Every jar, checked; what is missing or damaged is downloaded.

    Raises Unavailable where that fails, LeadlineError where the repository's file is not the locked one.
    """
    paths = {jar: folder / jar.file_name for jar in jars}
    missing = [jar for jar, path in paths.items() if not intact(jar, path)]
    if missing:
        _download_all(missing, folder, progress)
    return list(paths.values())


def intact(jar: Jar, path: Path) -> bool:
    try:
        return path.stat().st_size == jar.size and _sha256(path) == jar.sha256
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download_all(jars: list[Jar], folder: Path, progress: Progress) -> None:
    """A file gets its name only when it is whole and right, so a download that is cut off leaves nothing behind."""
    done = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch, ThreadPoolExecutor(_PARALLEL) as pool:
            context = _context(Path(scratch))
            for path, jar in zip(pool.map(lambda jar: _download(context, jar), jars), jars, strict=True):
                path.replace(folder / jar.file_name)
                done += 1
                progress(f"downloading Kafka: {done} of {len(jars)} jars")
    except OSError as error:
        raise Unavailable(
            f"Kafka's jars are not all in {folder} and cannot be downloaded ({_first_line(error)}): connect to the network "
            "(or make room) and start again; once they are there, no network is needed"
        ) from error


def _download(context: Any, jar: Jar) -> Path:
    """Tries again what was cut off or damaged on its way."""
    artifact = context.create_dependency(jar.coordinate).artifact
    for attempt in range(_ATTEMPTS):
        try:
            path = Path(artifact.resolve())
            if intact(jar, path):
                return path
            path.unlink()
        except RuntimeError as error:  # jgo's word for: no repository has it
            raise Unavailable(f"no Maven repository has {jar.coordinate}: {_first_line(error)}") from error
        except OSError:
            if attempt == _ATTEMPTS - 1:
                raise
    raise LeadlineError(
        f"{jar.file_name} as downloaded is not the file that {LOCK} names (SHA-256 differs): "
        "try again, and if it stays, do not trust that repository"
    )


def _first_line(error: BaseException) -> str:
    text = str(error).splitlines()
    return text[0][:200] if text else type(error).__name__


def _context(repo_cache: Path) -> Any:
    """jgo's view of the repositories: its built-in one, then those of the user's own jgo settings."""
    from jgo.config import GlobalSettings
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=repo_cache)
    context.remote_repos.update(GlobalSettings.load().repositories)
    return context


def renew(version: str) -> str:
    """The text of the lock for that version of Kafka, from what the repositories have now."""
    with tempfile.TemporaryDirectory() as scratch:
        context = _context(Path(scratch))
        inputs, more = context.resolver.resolve([context.create_dependency(f"org.apache.kafka:kafka_2.13:{version}")])
        artifacts = [d.artifact for d in [*inputs, *more] if d.scope in (None, "compile", "runtime")]
        log4j = next(a.version for a in artifacts if a.artifactId == "log4j-core")
        # Kafka logs through slf4j 1.7 and leaves the binding to its tarball; without it every log line is lost.
        artifacts.append(context.create_dependency(f"org.apache.logging.log4j:log4j-slf4j-impl:{log4j}").artifact)
        with ThreadPoolExecutor(_PARALLEL) as pool:
            paths = [Path(path) for path in pool.map(lambda artifact: artifact.resolve(), artifacts)]
        lines = [
            f"{a.groupId}:{a.artifactId}:{a.version} {_sha256(path)} {path.stat().st_size}"
            for a, path in zip(artifacts, paths, strict=True)
        ]
    return "\n".join([f"# Kafka {version}: coordinate, SHA-256, bytes. Renew: python -m {__spec__.name} {version}", *lines, ""])


if __name__ == "__main__":
    Path(str(resources.files(__package__).joinpath(LOCK))).write_text(renew(sys.argv[1]), encoding="utf-8")
