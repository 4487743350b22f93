"""Logs in S3, CloudWatch and Google Cloud Storage, through the clouds' own clients, against servers of this machine.

In an environment of its own, since the clients are many packages:

    python -m venv /tmp/clouds
    /tmp/clouds/bin/pip install -e . -r tests/environments/clouds/requirements.txt pytest pytest-timeout
    /tmp/clouds/bin/python -m pytest -c /dev/null --rootdir . --noconftest tests/environments/clouds
"""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest

from leadline.cli.log_text import read
from leadline.core.errors import LeadlineError

boto3: Any = pytest.importorskip("boto3", reason="it has an environment of its own, see above")
moto: Any = pytest.importorskip("moto.server", reason="it has an environment of its own, see above")

BODY = b"".join(b"line %d\n" % number for number in range(10_000))
REGION = "eu-west-1"


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    server = moto.ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def account(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a person's own settings would be."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


def whole(kind: str, location: str, last: int = 10_000_000) -> tuple[bool, bytes]:
    text = read(kind, location, last=last)
    return text.cut, b"".join(text.chunks)


@pytest.fixture(scope="module")
def bucket(aws: str) -> str:
    client = boto3.client("s3", endpoint_url=aws, aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    client.create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": REGION})
    for key, body in (("run 1?#%20.txt", BODY), ("empty", b"")):
        client.put_object(Bucket="logs", Key=key, Body=body)
    return "logs"


def test_an_object_in_s3(bucket: str) -> None:
    """With any key, whole and from its end, empty and missing."""
    location = f"s3://{bucket}/run 1?#%20.txt"
    assert whole("s3", location) == (False, BODY)
    assert whole("s3", location, last=1_000) == (True, BODY[-1_000:])
    assert whole("s3", f"s3://{bucket}/empty") == (False, b"")
    with pytest.raises(LeadlineError, match=r"s3://logs/gone cannot be read: .*NoSuchKey"):
        read("s3", f"s3://{bucket}/gone", last=10)


def test_without_credentials_s3_says_so(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, not a stack."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers those of the test before
    with pytest.raises(LeadlineError, match="cannot be read: Unable to locate credentials"):
        read("s3", f"s3://{bucket}/empty", last=10)


def test_a_stream_of_cloudwatch() -> None:
    """In the order of its lines over all pages, from the end; a stream that is gone says so."""
    client = boto3.client("logs")
    client.create_log_group(logGroupName="/ml/train")
    client.create_log_stream(logGroupName="/ml/train", logStreamName="job/default/1")
    began = 1_795_225_769_000
    for start in range(0, 25_000, 5_000):
        events = [{"timestamp": began + number, "message": f"line {number}"} for number in range(start, start + 5_000)]
        client.put_log_events(logGroupName="/ml/train", logStreamName="job/default/1", logEvents=events)
    location = f"arn:aws:logs:{REGION}:123456789012:log-group:/ml/train:log-stream:job/default/1"
    cut, text = whole("cloudwatch", location)
    said = [line.split(" ", 1) for line in text.decode().splitlines()]
    assert not cut
    assert [message for _, message in said] == [f"line {number}" for number in range(25_000)]
    assert said[0][0].startswith("2026-11-21T01:49:29")
    assert whole("cloudwatch", location, last=500) == (True, text[-500:])
    with pytest.raises(LeadlineError, match="ResourceNotFoundException"):
        read("cloudwatch", location.replace("default", "gone"), last=10)


class Gcs(BaseHTTPRequestHandler):
    """As much of the JSON API as reading one object takes."""

    def do_GET(self) -> None:
        path = unquote(self.path.partition("?")[0])
        if not path.endswith("/b/logs/o/run 1.txt"):
            self._answer(404, json.dumps({"error": {"code": 404, "message": "No such object"}}).encode())
        elif path.startswith("/download/"):
            first, last = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-")).groups()  # type: ignore[union-attr]
            part = BODY[int(first) : int(last or len(BODY)) + 1]
            self._answer(206, part, {"Content-Range": f"bytes {first}-{int(first) + len(part) - 1}/{len(BODY)}"})
        else:
            about = {"bucket": "logs", "name": "run 1.txt", "size": str(len(BODY)), "generation": "1"}
            self._answer(200, json.dumps(about).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Gcs) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.server_port}")
        yield
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("gcs")
def test_an_object_in_google_cloud_storage() -> None:
    """Whole, from its end, and missing."""
    assert whole("gcs", "gs://logs/run 1.txt") == (False, BODY)
    assert whole("gcs", "gs://logs/run 1.txt", last=1_000) == (True, BODY[-1_000:])
    with pytest.raises(LeadlineError, match=r"gs://logs/gone cannot be read: .*404"):
        read("gcs", "gs://logs/gone", last=10)
