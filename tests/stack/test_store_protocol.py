"""Clients of a ClickHouse server work against the store unchanged."""

import gzip
import http.client
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import cramjam
import pytest
from clickhouse_cityhash.cityhash import CityHash128
from clickhouse_connect.driver.exceptions import DatabaseError

from .store_process import StoreProcess

NOON = datetime(2026, 11, 21, 12, 0, 0, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    running = StoreProcess(tmp_path_factory.mktemp("protocol") / "store").start()
    for statement in (
        "CREATE DATABASE leadline",
        "CREATE TABLE leadline.t (n Int64, s String, at DateTime64(6, 'UTC')) ENGINE = MergeTree ORDER BY n",
    ):
        assert running.write(statement) == (200, "")
    yield running
    running.stop()


@pytest.fixture
def empty(store: StoreProcess) -> StoreProcess:
    store.write("TRUNCATE TABLE leadline.t")
    return store


@pytest.mark.parametrize("compress", [False, True, "lz4", "zstd", "gzip"])
def test_the_official_client_inserts_and_queries(empty: StoreProcess, compress: bool | str) -> None:
    """Typed values come back as they were given, whatever the client packs its bodies with."""
    rows = [[n, f"näme {n}\n'\"\\ 🎈\0", NOON] for n in range(3_000)]
    writer = empty.writer(compress=compress)
    summary = writer.insert("leadline.t", rows, column_names=["n", "s", "at"])
    assert summary.written_rows == 3_000
    for client in (writer, empty.reader(compress=compress)):
        found = client.query("SELECT n, s, at FROM leadline.t ORDER BY n")
        assert [[n, s, at.replace(tzinfo=UTC)] for n, s, at in found.result_rows] == rows
        client.close()


def test_the_official_client_binds_parameters(empty: StoreProcess) -> None:
    """Any text is data and never SQL, for readers and the writer alike."""
    text = "'; DROP TABLE leadline.t; --\n\t\\ {x} 🎈"
    with empty.writer() as writer, empty.reader() as reader:
        writer.insert("leadline.t", [[1, text, NOON]], column_names=["n", "s", "at"])
        for client in (writer, reader):
            question = "SELECT s FROM leadline.t WHERE s = {s:String} AND n IN {ns:Array(Int64)} AND at = {at:DateTime64(6)}"
            found = client.query(question, parameters={"s": text, "ns": [1, 2], "at": NOON})
            assert found.result_rows == [(text,)]


def test_the_official_client_binds_more_than_a_url_holds(store: StoreProcess) -> None:
    """Thousands of names in one array, as the lineage walk asks: the client then sends a form."""
    names = [f"dataset '{number}'" for number in range(20_000)]
    for client in (store.reader(), store.writer()):
        found = client.query("SELECT length({names:Array(String)}), {names:Array(String)}[-1]", parameters={"names": names})
        assert found.first_row == (20_000, names[-1])
        client.close()


def test_the_official_client_takes_settings_and_formats(store: StoreProcess) -> None:
    """Settings go with a query; `query_formats` changes what strings become."""
    with store.reader() as reader, store.writer() as writer:
        for client in (reader, writer):
            assert client.query("SELECT getSetting('max_block_size')", settings={"max_block_size": 7}).first_row == (7,)
            assert client.query("SELECT 'x' AS s", query_formats={"String": "bytes"}).first_row == (b"x",)
            assert client.query("SELECT getSetting('max_block_size')").first_row != (7,)


def test_the_official_client_streams(store: StoreProcess) -> None:
    """Row blocks, data frames and Arrow."""
    with store.reader() as reader:
        with reader.query_row_block_stream("SELECT number FROM numbers(200000)") as blocks:
            assert sum(len(block) for block in blocks) == 200_000
        assert reader.query_df("SELECT number AS n FROM numbers(3)")["n"].tolist() == [0, 1, 2]
        assert reader.query_arrow("SELECT number AS n FROM numbers(3)").num_rows == 3


def test_the_official_client_sees_the_server_it_expects(store: StoreProcess) -> None:
    """Version, UTC, ping, and an error with ClickHouse's code."""
    with store.reader() as reader:
        assert reader.ping()
        assert int(str(reader.server_version).split(".")[0]) >= 25
        assert str(reader.server_tz) == "UTC"
        with pytest.raises(DatabaseError, match=r"code: 60.*leadline.nothing"):
            reader.query("SELECT * FROM leadline.nothing")


def test_curl_and_grafana_style(store: StoreProcess) -> None:
    """The statement in the URL, in the body, or half in each; the format by parameter, header or clause."""
    for method, path, body in (
        ("GET", "/?query=SELECT%201", None),
        ("GET", "?query=SELECT%201", None),
        ("POST", "/", b"SELECT 1"),
        ("POST", "/?query=SELECT", b" 1"),
        ("POST", "/?query=SELECT%201", b""),
    ):
        assert store.request(method, path, body)[:2] == (200, b"1\n"), (method, path)
    json_paths = ("/?default_format=JSONCompact", "/?query=SELECT+1+AS+a+FORMAT+JSONCompact", "/")
    for path in json_paths:
        body = None if "query" in path else b"SELECT 1 AS a"
        _, answer, headers = store.request("POST", path, body, {"X-ClickHouse-Format": "JSONCompact"} if path == "/" else {})
        assert json.loads(answer)["data"] == [[1]]
        assert headers["x-clickhouse-format"] == "JSONCompact"
        assert headers["content-type"].startswith("application/json")


def test_the_writer_comes_in_by_every_door_of_clickhouse(store: StoreProcess) -> None:
    """Basic auth, ClickHouse's own headers, and the URL."""
    doors = [
        ("/", store.authorization()),
        ("/", {"X-ClickHouse-User": "leadline", "X-ClickHouse-Key": store.token}),
        ("/?" + urlencode({"user": "leadline", "password": store.token}), {}),
    ]
    for path, headers in doors:
        assert store.request("POST", path, b"SELECT has(currentRoles(), 'writer')", headers)[1] == b"1\n"


def test_the_answers_headers_are_clickhouses(store: StoreProcess) -> None:
    """Summary, query id, timezone, display name: drivers read them."""
    path = "/?query_id=mine%0d%0aX-Injected:%201"
    status, _, headers = store.request("POST", path, b"SELECT * FROM numbers(5)")
    assert status == 200
    assert json.loads(headers["x-clickhouse-summary"])["read_rows"] == "5"
    assert headers["x-clickhouse-query-id"] == "mine??X-Injected: 1"
    assert headers["x-clickhouse-timezone"] == "UTC"
    assert headers["x-clickhouse-server-display-name"]
    assert "x-injected" not in headers


@pytest.mark.parametrize(
    ("statement", "status", "code"),
    [
        ("SELEC 1", 400, "62"),
        ("SELECT * FROM leadline.nothing", 404, "60"),
        ("SELECT nothing", 404, "47"),
        ("SELECT * FROM nothing.t", 404, "81"),
        ("SELECT throwIf(1)", 500, "395"),
        ("SELECT 1; SELECT 2", 400, "62"),
    ],
)
def test_errors_carry_clickhouses_code(store: StoreProcess, statement: str, status: int, code: str) -> None:
    """In the header and in the text, and the connection goes on."""
    connection = http.client.HTTPConnection("127.0.0.1", store.port)
    for headers in ({}, store.authorization()):
        connection.request("POST", "/", statement.encode(), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        assert (answer.status, answer.headers["X-ClickHouse-Exception-Code"]) == (status, code), text
        assert text.startswith(f"Code: {code}. DB::Exception: ")
        assert answer.headers["Connection"] != "close"
    connection.close()


@pytest.mark.parametrize(
    ("encoding", "module"), [("gzip", cramjam.gzip), ("lz4", cramjam.lz4), ("zstd", cramjam.zstd), ("br", cramjam.brotli)]
)
def test_answers_and_questions_are_packed_as_asked(store: StoreProcess, encoding: str, module: object) -> None:
    """enable_http_compression with Accept-Encoding packs the answer; Content-Encoding says how the question is packed."""
    question = "SELECT number FROM numbers(10000)"
    plain = store.request("POST", "/", question.encode())[1]
    packed = bytes(module.compress(question.encode()))  # type: ignore[attr-defined]
    headers = {"Accept-Encoding": f"nonsense, {encoding};q=1.0", "Content-Encoding": encoding}
    _, body, answer = store.request("POST", "/?enable_http_compression=1", packed, headers)
    assert answer["content-encoding"] == encoding
    assert bytes(module.decompress(body)) == plain  # type: ignore[attr-defined]
    assert store.request("POST", "/", packed, headers)[1] == plain


def test_the_jdbc_drivers_framing(store: StoreProcess) -> None:
    """compress=1 gives ClickHouse's own blocks: checksum, method, both sizes, LZ4."""
    question = b"SELECT number FROM numbers(500000)"
    plain = store.request("POST", "/", question)[1]
    rest = store.request("POST", "/?compress=1", question)[1]
    unpacked = b""
    while rest:
        high, low, method, size, size_unpacked = struct.unpack_from("<QQBII", rest)
        block, rest = rest[16 : 16 + size], rest[16 + size :]
        assert (method, CityHash128(block)) == (0x82, (high << 64) + low)
        unpacked += bytes(cramjam.lz4.decompress_block(block[9:], output_len=size_unpacked))
    assert unpacked == plain


def test_a_get_request_changes_nothing(store: StoreProcess) -> None:
    """As with a ClickHouse server: a link must not be able to drop a table, even with the token in it."""
    status, body, _ = store.request("GET", "/?query=" + quote("DROP TABLE leadline.t"), headers=store.authorization())
    assert (status, b"readonly mode" in body) == (403, True)


def test_ping_and_health_answer(store: StoreProcess) -> None:
    """Supervisors ask /healthz, clients /ping; other paths say what there is."""
    for method in ("GET", "HEAD"):
        for path in ("/ping", "/healthz"):
            assert store.request(method, path)[:2] == (200, b"" if method == "HEAD" else b"Ok.\n")
    assert store.request("GET", "/nothing")[0] == 404


def test_what_is_not_supported_says_so(store: StoreProcess) -> None:
    """One sentence with the way around it, never a wrong answer."""
    assert store.request("POST", "/?decompress=1", b"SELECT 1")[0] == 415
    assert store.request("POST", "/", b"SELECT 1", {"Content-Encoding": "snappy"})[0] == 415
    assert store.request("POST", "/", b"SELECT 1", {"Content-Type": "multipart/form-data; boundary=x"})[0] == 400
    assert store.request("POST", "/", b"SELECT 1", {"Content-Encoding": "gzip"})[0] == 400
    assert store.request("POST", "/", gzip.compress(b"SELECT 1")[:-9], {"Content-Encoding": "gzip"})[0] == 400


def test_the_writers_settings_and_database_last_for_one_request(store: StoreProcess) -> None:
    """A statement runs in a session of its own: nothing is left for the next one."""
    headers = store.authorization()
    assert store.request("POST", "/?database=leadline&max_threads=1", b"SELECT count() FROM t", headers)[0] == 200
    assert store.request("POST", "/", b"SET max_threads = 1", headers)[0] == 200
    assert store.request("POST", "/", b"SELECT count() FROM t", headers)[0] == 404
