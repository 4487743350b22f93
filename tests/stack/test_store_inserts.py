"""Inserts: an acknowledgement means that the rows are there, an error means that none is."""

import gzip
import io
import json
import struct
from collections.abc import Callable, Iterator
from urllib.parse import quote

import cramjam
import fastavro
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from .store_process import StoreProcess

SETUP = (
    "CREATE DATABASE internal",
    "CREATE TABLE internal.facts (n Int64, s String) ENGINE = MergeTree ORDER BY n",
    "CREATE TABLE internal.staging (n Int64, s String, _guard Float64, CONSTRAINT framing CHECK _guard = n) ENGINE = Null",
    "CREATE MATERIALIZED VIEW internal.copy TO internal.facts AS SELECT n, s FROM internal.staging WHERE throwIf(n = 77) = 0",
)
SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": "Framed",
        "fields": [
            {"name": "n", "type": "long"},
            {"name": "s", "type": "string"},
            {"name": "_guard", "type": "double"},
        ],
    }
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    store = StoreProcess(tmp_path_factory.mktemp("inserts") / "store").start()
    for statement in SETUP:
        assert store.write(statement) == (200, "")
    yield store
    store.stop()


@pytest.fixture
def store(running: StoreProcess) -> StoreProcess:
    running.write("TRUNCATE TABLE internal.facts")
    return running


def avro(rows: list[tuple[int, str, float]]) -> bytes:
    file = io.BytesIO()
    fastavro.writer(file, SCHEMA, [{"n": n, "s": s, "_guard": guard} for n, s, guard in rows])
    return file.getvalue()


def insert(store: StoreProcess, statement: str, body: object, **headers: str) -> tuple[int, str]:
    path = f"/?query={quote(statement)}"
    status, text, _ = store.request("POST", path, body, {**store.authorization(), **headers})
    return status, text.decode()


def rows_of(store: StoreProcess) -> int:
    return int(store.write("SELECT count() FROM internal.facts")[1])


def test_a_refused_constraint_answers_its_name_and_leaves_nothing(store: StoreProcess) -> None:
    """The sink's dead letters stand on it: one bad row in a block, the error names the constraint, no row is stored."""
    good = [(n, "x" * 50, float(n)) for n in range(100, 200_100)]
    status, text = insert(store, "INSERT INTO internal.staging FORMAT Avro", avro([*good, (1, "bad", 2.0)]))
    assert status == 500
    assert text.startswith("Code: 469. DB::Exception: Constraint `framing` for table internal.staging")
    assert rows_of(store) == 0
    assert insert(store, "INSERT INTO internal.staging FORMAT Avro", avro(good)) == (200, "")
    assert rows_of(store) == 200_000


def test_a_refusal_in_the_view_answers_its_error_and_leaves_nothing(store: StoreProcess) -> None:
    """A materialized view that throws refuses the whole block."""
    status, text = insert(store, "INSERT INTO internal.staging FORMAT Avro", avro([(1, "a", 1.0), (77, "b", 77.0)]))
    assert (status, text[:10]) == (500, "Code: 395.")
    assert "internal.copy" in text
    assert rows_of(store) == 0


def test_the_official_client_learns_of_a_refusal(store: StoreProcess) -> None:
    """clickhouse-connect raises with the code and the constraint's name, and goes on working."""
    with store.writer() as writer:
        with pytest.raises(DatabaseError, match=r"code: 469.*`framing`"):
            writer.insert("internal.staging", [[1, "a", 2.0]], column_names=["n", "s", "_guard"])
        with pytest.raises(DatabaseError, match=r"code: 469.*`framing`"):
            writer.raw_insert("internal.staging", insert_block=avro([(1, "a", 2.0)]), fmt="Avro")
        writer.raw_insert("internal.staging", insert_block=avro([(2, "a", 2.0)]), fmt="Avro")
    assert rows_of(store) == 1


@pytest.mark.parametrize(
    "body", [b"", b"no Avro at all", avro([(n, "x", float(n)) for n in range(100)])[:-20], avro([]) + b"trailing"]
)
def test_a_body_that_cannot_be_read_is_an_error_and_leaves_nothing(store: StoreProcess, body: bytes) -> None:
    """Truncated or alien bytes are never half an insert."""
    status, text = insert(store, "INSERT INTO internal.staging FORMAT Avro", body)
    assert status >= 400, text
    assert rows_of(store) == 0
    assert not list((store.data / "incoming").iterdir())


LINE = json.dumps({"n": 5, "s": "a\nb"}).encode()
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "lz4": lambda data: bytes(cramjam.lz4.compress(data)),
    "zstd": lambda data: bytes(cramjam.zstd.compress(data)),
    "br": lambda data: bytes(cramjam.brotli.compress(data)),
    "deflate": lambda data: bytes(cramjam.zlib.compress(data)),
}


@pytest.mark.parametrize("encoding", PACKED)
@pytest.mark.parametrize("statement_in", ["url", "body"])
@pytest.mark.parametrize("chunked", [False, True])
def test_data_comes_in_as_clients_send_it(store: StoreProcess, encoding: str, statement_in: str, chunked: bool) -> None:
    """Packed or not, in one piece or in chunks, behind the statement or beside it."""
    statement = "INSERT INTO internal.facts (n, s) FORMAT JSONEachRow"
    data = LINE if statement_in == "url" else statement.encode() + b"\n" + LINE
    packed = PACKED[encoding](data)
    body = iter([packed[:7], packed[7:]]) if chunked else packed
    headers = {"Content-Encoding": encoding} if encoding else {}
    assert insert(store, statement if statement_in == "url" else "", body, **headers) == (200, "")
    assert store.write("SELECT n, s FROM internal.facts") == (200, "5\ta\\nb\n")


@pytest.mark.parametrize(
    ("statement", "data"),
    [
        ("INSERT INTO internal.facts VALUES", b"(5, 'a'), (6, 'b')"),
        ("INSERT INTO internal.facts VALUES (5, 'a'), (6, 'b')", b""),
        ("insert into internal.facts (s, n) values ('a', 5), ('b', 6);", b""),
        ("INSERT INTO internal.facts FORMAT TSV", b"5\ta\n6\tb\n"),
        ("INSERT INTO internal.facts FORMAT TSV\n5\ta\n", b"6\tb\n"),
        ("INSERT INTO internal.facts SETTINGS input_format_tsv_empty_as_default = 1 FORMAT TSV", b"5\ta\n6\tb\n"),
        ("INSERT /* FORMAT CSV */ INTO internal.facts -- VALUES\n FORMAT CSV", b"5,a\n6,b\n"),
        ("INSERT INTO `internal`.`facts` (`n`, `s`) FORMAT CSV;", b"5,a\n6,b\n"),
        ("INSERT INTO internal.facts FORMAT RowBinary", struct.pack("<qB1sqB1s", 5, 1, b"a", 6, 1, b"b")),
        ("INSERT INTO internal.facts SELECT number + 5, char(97 + number) FROM numbers(2)", b""),
        ("INSERT INTO internal.facts WITH 5 AS f SELECT f + number, char(97 + number) FROM numbers(2)", b""),
    ],
)
def test_every_kind_of_insert(store: StoreProcess, statement: str, data: bytes) -> None:
    """Statement in the URL and data in the body, and both in the body."""
    for path, body in ((statement, data), ("", f"{statement.rstrip()}\n".encode() + data)):
        store.write("TRUNCATE TABLE internal.facts")
        assert insert(store, path, body) == (200, "")
        assert store.write("SELECT n, s FROM internal.facts ORDER BY n") == (200, "5\ta\n6\tb\n")


def test_binary_data_behind_the_statement_arrives_as_it_is(store: StoreProcess) -> None:
    """Bytes that are no UTF-8 survive in a body that begins with the statement."""
    body = b"INSERT INTO internal.facts FORMAT RowBinary\n" + struct.pack("<qB4s", 5, 4, b"\xff\x00\n\xfe")
    assert insert(store, "", body) == (200, "")
    assert store.write("SELECT hex(s) FROM internal.facts") == (200, "FF000AFE\n")


def test_settings_of_an_insert_are_heard(store: StoreProcess) -> None:
    """The sink sends insert_deduplication_token and its like in the URL."""
    path = f"/?max_partitions_per_insert_block=1&query={quote('INSERT INTO internal.parted FORMAT CSV')}"
    store.write("CREATE TABLE IF NOT EXISTS internal.parted (n Int64) ENGINE = MergeTree PARTITION BY n ORDER BY n")
    status, text, _ = store.request("POST", path, b"1\n2\n", store.authorization())
    assert (status, b"max_partitions_per_insert_block" in text) == (500, True)


def test_what_an_insert_wrote_is_told(store: StoreProcess) -> None:
    """X-ClickHouse-Summary counts the written rows."""
    path = f"/?query={quote('INSERT INTO internal.facts FORMAT CSV')}"
    _, _, headers = store.request("POST", path, b"1,a\n2,b\n", store.authorization())
    assert json.loads(headers["x-clickhouse-summary"])["written_rows"] == "2"
