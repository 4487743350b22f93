"""Kafka's jars: what is not the locked file is never run, and a failed download harms nothing."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from leadline.core.errors import LeadlineError, Unavailable
from leadline.local.kafka_jars import Jar, fetch, intact, locked

CONTENT = b"a jar " * 20_000
JAR = Jar("org.example:thing:1.0", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


class Repository:
    """A Maven repository on loopback; `bodies` are sent one after the other, the last one again and again."""

    def __init__(self) -> None:
        self.bodies = [CONTENT]
        self.requests: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        repository = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path.endswith(".jar")
                self.send_response(200 if found else 404)
                self.send_header("Content-Length", str(len(CONTENT) if found else 0))
                self.end_headers()
                if found:
                    repository.requests.append(self.path)
                    self.wfile.write(repository.bodies[0])
                    del repository.bodies[: len(repository.bodies) > 1]

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    served = Repository()
    settings = tmp_path / "jgo.conf"
    settings.write_text(f"[repositories]\ncentral = {served.url}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
    yield served
    served.server.shutdown()
    served.server.server_close()


def test_the_lock_is_whole() -> None:
    """Every jar has a coordinate, a checksum and a size, and no two have one file name."""
    jars = locked()
    assert len({jar.file_name for jar in jars}) == len(jars) > 40
    assert all(len(jar.sha256) == 64 and jar.size > 0 and jar.coordinate.count(":") == 2 for jar in jars)
    assert sum(jar.size for jar in jars) < 50_000_000


def test_downloaded_once(repository: Repository, tmp_path: Path) -> None:
    """What is in the cache is used without asking anybody."""
    folder = tmp_path / "cache"
    assert fetch([JAR], folder) == [folder / "thing-1.0.jar"]
    assert fetch([JAR], folder) == [folder / "thing-1.0.jar"]
    assert repository.requests == ["/org/example/thing/1.0/thing-1.0.jar"]


def test_a_download_that_is_cut_off_is_tried_again(repository: Repository, tmp_path: Path) -> None:
    """Half a file never gets into the cache; the next attempt makes it whole."""
    repository.bodies = [CONTENT[:1000], CONTENT]
    (path,) = fetch([JAR], tmp_path / "cache")
    assert intact(JAR, path)


def test_a_download_that_stays_cut_off_leaves_nothing(repository: Repository, tmp_path: Path) -> None:
    """One sentence, an empty cache, and all is well once the network is."""
    repository.bodies = [CONTENT[:1000]]
    with pytest.raises(Unavailable, match="cannot be downloaded"):
        fetch([JAR], tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
    repository.bodies = [CONTENT]
    assert intact(JAR, fetch([JAR], tmp_path / "cache")[0])


def test_another_file_is_refused(repository: Repository, tmp_path: Path) -> None:
    """A repository that sends something else, of the same length, is not believed."""
    repository.bodies = [b"!" * len(CONTENT)]
    with pytest.raises(LeadlineError, match=r"thing-1.0.jar as downloaded is not the file that kafka-jars.lock names"):
        fetch([JAR], tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_damaged_cache_heals(repository: Repository, tmp_path: Path) -> None:
    """A jar that was changed in the cache is never used but fetched again."""
    (path,) = fetch([JAR], tmp_path / "cache")
    path.write_bytes(b"!" * len(CONTENT))
    assert path.read_bytes() != CONTENT
    fetch([JAR], tmp_path / "cache")
    assert path.read_bytes() == CONTENT


def test_without_a_network_one_sentence(repository: Repository, tmp_path: Path) -> None:
    """No network and no cache: one sentence that says what to do. With the cache, no network is needed."""
    fetch([JAR], tmp_path / "full")
    repository.server.shutdown()
    repository.server.server_close()
    with pytest.raises(Unavailable, match="connect to the network"):
        fetch([JAR], tmp_path / "empty")
    assert fetch([JAR], tmp_path / "full") == [tmp_path / "full" / "thing-1.0.jar"]
