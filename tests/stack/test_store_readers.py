"""What readers may do, and how much of it: statements, settings, shares, names, bodies."""

import gzip
import json
from collections.abc import Iterator

import pytest

from .store_process import StoreProcess, store_with_views


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    running = store_with_views(tmp_path_factory.mktemp("readers"))
    yield running
    running.stop()


READS = {
    "SELECT 1": "1\n",
    "SELECT 1;": "1\n",
    "  select 1 -- comment": "1\n",
    "/* c */ SELECT 'a;b' ": "a;b\n",
    "WITH 1 AS x SELECT x": "1\n",
    "(SELECT 1) UNION ALL (SELECT 1)": "1\n1\n",
    "SELECT 1 INTERSECT SELECT 1": "1\n",
    "SELECT max(name) FROM leadline.facts": "c\n",
    "SELECT name FROM leadline.facts ORDER BY name LIMIT 1 SETTINGS max_threads = 1": "a\n",
    "SELECT name FROM leadline.facts ORDER BY name LIMIT 1 FORMAT CSV": '"a"\n',
    "SELECT name FROM leadline.facts ORDER BY name LIMIT 1 SETTINGS max_threads = 1 FORMAT CSV": '"a"\n',
    "SELECT name FROM leadline.facts ORDER BY name LIMIT 1 FORMAT CSV SETTINGS max_threads = 1": '"a"\n',
    "SELECT sumIf(value, name != 'a'), countDistinct(name), quantileIf(0.5)(value, 1) FROM leadline.facts": "5\t3\t2\n",
    "SELECT uniqExactMergeOrDefault(s) FROM (SELECT uniqExactState(name) AS s FROM leadline.facts)": "3\n",
    "SELECT row_number() OVER (ORDER BY name ROWS UNBOUNDED PRECEDING) FROM leadline.facts LIMIT 1": "1\n",
    "SELECT lagInFrame(value, 1, 0.) OVER (ORDER BY name) FROM leadline.facts ORDER BY name LIMIT 1": "0\n",
    "SELECT CASE WHEN 1 THEN 'y' ELSE 'n' END": "y\n",
    "SELECT toDate('2026-01-31') + INTERVAL 1 MONTH": "2026-02-28\n",
    "SELECT extract(year FROM toDate('2026-01-31'))": "2026\n",
    "SELECT arrayMap((x, y) -> x + y, [1], [2])": "[3]\n",
    "SELECT map('a', 1)['a'], (1, 'x').2, [1, 2][-1], 5 BETWEEN 1 AND 9": "1\tx\t2\t1\n",
    "SELECT CAST('1' AS UInt8) + '2'::UInt8": "3\n",
    "SELECT number FROM numbers(2)": "0\n1\n",
    "SELECT a.name FROM leadline.facts a ASOF JOIN leadline.facts b ON a.name = b.name AND a.value >= b.value LIMIT 1": "a\n",
    "SELECT name FROM leadline.facts WHERE name IN (SELECT name FROM leadline.facts WHERE value > 2)": "c\n",
    "SELECT 'line\nbreak', `b\nc` FROM (SELECT 1 AS `b\nc`)": "line\\nbreak\t1\n",
    "SELECT '\nFunction file (children 1)'": "\\nFunction file (children 1)\n",
    "SELECT {x:String}, {y:Array(UInt8)}": "it\\'s\\n\t[1]\n",
    "SELECT name FROM leadline.facts WHERE name = {x:String} LIMIT {z:UInt8}": "",
    "SELECT * EXCEPT (value) FROM leadline.facts LIMIT 1": "a\n",
    "SHOW TABLES FROM leadline LIKE 'facts'": "facts\n",
    "SHOW DATABASES LIKE 'leadline'": "leadline\n",
    "EXISTS leadline.facts": "1\n",
    "EXISTS DATABASE leadline": "1\n",
    "SELECT count() > 100 FROM system.settings": "1\n",
    "SELECT name FROM system.columns WHERE database = 'leadline' AND table = 'facts' LIMIT 1": "name\n",
    "SELECT table_name FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = 'leadline' AND table_name = 'facts'": "facts\n",
    "SELECT timezone()": "UTC\n",
    "SELECT '🎈 ü'": "🎈 ü\n",
    "SELECT {at:DateTime('UTC')} > toDateTime('2020-01-01', 'UTC')": "1\n",
}


@pytest.mark.parametrize("statement", READS)
def test_reading_is_open(store: StoreProcess, statement: str) -> None:
    """What a person or a client asks of the public views is answered, whatever its style."""
    assert store.read(
        statement, {"param_x": "it's\\n", "param_y": "[1]", "param_z": "5", "param_at": "2026-01-01 00:00:00"}
    ) == (200, READS[statement])


@pytest.mark.parametrize(
    "statement",
    [
        "EXPLAIN SELECT * FROM leadline.facts",
        "EXPLAIN PLAN actions = 1 SELECT * FROM leadline.facts",
        "EXPLAIN PIPELINE SELECT 1",
        "DESCRIBE leadline.facts",
        "DESC (SELECT 1 AS a)",
        "SHOW CREATE VIEW leadline.facts",
        "SHOW COLUMNS FROM facts FROM leadline",
        "SHOW FUNCTIONS LIKE 'sum'",
    ],
)
def test_looking_around_is_open(store: StoreProcess, statement: str) -> None:
    """Clients complete names and people look at plans."""
    status, text = store.read(statement)
    assert status == 200, text
    assert text


@pytest.mark.parametrize("database", ["system", "leadline_internal", "nothing", "leadline`; DROP VIEW leadline.facts; --"])
def test_a_reader_cannot_make_another_database_its_own(store: StoreProcess, database: str) -> None:
    """Else an unqualified name would mean a table of that database."""
    assert store.read("SELECT * FROM users", {"database": database})[0] == 403
    assert store.read("SELECT 1", headers={"X-ClickHouse-Database": database})[0] == 403


@pytest.mark.parametrize(
    "settings",
    [
        {"readonly": "0", "allow_ddl": "1"},
        {"allow_introspection_functions": "1"},
        {"implicit_select": "1"},
        {"dialect": "kusto"},
        {"max_parser_depth": "0"},
        {"format_schema": "/etc/passwd"},
        {"output_format_schema": "/tmp/leadline-written.proto"},
        {"additional_table_filters": "{}"},
        {"a = 1; DROP VIEW leadline.facts; SET b": "1"},
    ],
)
def test_a_setting_that_is_not_on_the_list_is_refused(store: StoreProcess, settings: dict[str, str]) -> None:
    """In the URL and inside the statement alike."""
    assert store.read("SELECT 1", settings)[0] == 403
    inside = ", ".join(f"{name} = '{value}'" for name, value in settings.items())
    assert store.read(f"SELECT 1 SETTINGS {inside}")[0] in (400, 403)
    assert store.read(f"SELECT * FROM (SELECT 1 SETTINGS {inside})")[0] in (400, 403)


def test_readonly_cannot_be_taken_back(store: StoreProcess) -> None:
    """Asking for readonly = 0 is heard and changes nothing."""
    assert store.read("SELECT getSetting('readonly')", {"readonly": "0"}) == (200, "2\n")
    assert store.read("SELECT getSetting('readonly') SETTINGS readonly = 0") == (200, "2\n")


@pytest.mark.parametrize("name", ["max_memory_usage", "max_execution_time", "max_result_rows", "max_result_bytes"])
@pytest.mark.parametrize("value", ["0", "99999999999999", "-1", "", "1e30"])
def test_caps_can_be_lowered_but_not_raised(store: StoreProcess, name: str, value: str) -> None:
    """Zero would mean no limit to ClickHouse."""
    cap = store.read(f"SELECT getSetting('{name}')")
    assert cap[0] == 200
    assert int(cap[1]) > 1
    assert store.read(f"SELECT getSetting('{name}')", {name: value}) == cap
    assert store.read(f"SELECT getSetting('{name}')", {name: "1000"}) == ((200, "1000\n") if int(cap[1]) > 1000 else cap)


def test_a_reader_gets_no_more_rows_bytes_or_memory_than_its_share(store: StoreProcess) -> None:
    """Each cap ends in an error that names it."""
    assert "TOO_MANY_ROWS_OR_BYTES" in store.read("SELECT number FROM numbers(1000001)")[1]
    assert "TOO_MANY_ROWS_OR_BYTES" in store.read("SELECT repeat('x', 1000000) FROM numbers(100)", {"max_block_size": "1"})[1]
    assert "MEMORY_LIMIT_EXCEEDED" in store.read("SELECT length(groupArray(number)) FROM numbers(100000000)")[1]
    assert "TIMEOUT_EXCEEDED" in store.read("SELECT count() FROM numbers(100000000000000)", {"max_execution_time": "1"})[1]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example"},
        {"Host": "attacker.example:80"},
        {"Host": "127.0.0.1.attacker.example"},
        {"Host": "localhost.attacker.example"},
        {"Host": "10.0.0.1"},
        {"Host": ""},
        {"Origin": "http://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_web_pages_and_rebound_names_are_sent_away(store: StoreProcess, headers: dict[str, str]) -> None:
    """A page in a browser must not read the store, whatever name it gives to the loopback address; the token does not help."""
    assert store.read("SELECT 1", headers=headers)[0] == 403
    assert store.request("GET", "/?query=SELECT+1", headers={**store.authorization(), **headers})[0] == 403
    assert store.request("GET", "/ping", headers=headers)[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"X-ClickHouse-User": "leadline"},
        {"X-ClickHouse-User": "leadline", "X-ClickHouse-Key": ""},
        {"X-ClickHouse-User": "leadline", "X-ClickHouse-Key": "guessed"},
        {"X-ClickHouse-User": "default", "X-ClickHouse-Key": "guessed"},
        {"X-ClickHouse-User": "writer"},
        {"X-ClickHouse-Key": "guessed"},
        {"Authorization": "Basic bGVhZGxpbmU6"},
        {"Authorization": "Basic %%%"},
        {"Authorization": "Bearer token"},
        {"Authorization": "Basic"},
    ],
)
def test_a_wrong_name_or_password_is_nobody(store: StoreProcess, headers: dict[str, str]) -> None:
    """ClickHouse's own answer to wrong credentials, and none falls back to the reader."""
    status, body, answer = store.request("POST", "/", b"SELECT 1", headers)
    assert (status, answer["x-clickhouse-exception-code"]) == (403, "516")
    assert b"AUTHENTICATION_FAILED" in body


def test_claiming_the_reader_in_every_way_stays_a_reader(store: StoreProcess) -> None:
    """Headers, URL and the role parameter give no rights."""
    for headers in ({"X-ClickHouse-User": "default"}, {"Authorization": "Basic ZGVmYXVsdDo="}, {}):
        assert store.read("SELECT currentRoles()", {"role": "writer"}, headers=headers)[1] == "['reader']\n"
        assert store.read("DROP VIEW leadline.facts", {"role": "writer"}, headers=headers)[0] == 403


def test_a_readers_body_is_limited_however_it_is_sent(store: StoreProcess) -> None:
    """By length, in chunks, and packed: more than eight megabytes are refused without being taken in."""
    large = b"SELECT '" + b"x" * 9_000_000 + b"'"
    assert store.request("POST", "/", large)[0] == 413
    chunks = (large[start : start + 65_536] for start in range(0, len(large), 65_536))
    assert store.request("POST", "/", chunks)[0] == 413
    assert store.request("POST", "/", gzip.compress(large), {"Content-Encoding": "gzip"})[0] == 400


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
        "SELECT " + "[" * 20_000 + "]" * 20_000,
        "SELECT " + "-" * 20_001 + "1",
        "SELECT " + " OR ".join(["1"] * 60_000),
        "SELECT * FROM " + "(SELECT * FROM " * 5_000 + "numbers(1)" + ")" * 5_000,
        "SELECT '" + "\\'" * 100_000,
        "SELECT " + "$$" * 1_001,
        "/*" * 10_000,
        "SELECT " + "x -> " * 5_000 + "x",
        "WITH " + ", ".join(f"a{n} AS (SELECT * FROM a{n - 1}, a{n - 1})" for n in range(1, 60)) + " SELECT 1 FROM a59",
    ],
    ids=lambda statement: statement[:24],
)
def test_a_monstrous_statement_ends_in_an_error_and_the_store_goes_on(store: StoreProcess, statement: str) -> None:
    """Depth and size break neither the parser nor the gate."""
    status, _ = store.read(statement)
    assert status >= 400 or statement.startswith("SELECT --")  # that one is a comment
    assert store.read("SELECT 1") == (200, "1\n")


@pytest.mark.parametrize(
    "statement",
    [
        "",
        ";",
        "1",
        "file('/etc/passwd')",
        "\0SELECT 1",
        "SELECT 1\0; DROP VIEW leadline.facts",
        "SELECT '\udcff'",
        "SELECT 'unterminated",
        "SELECT 1 FORMAT",
        "SELECT 1 FORMAT NoSuchFormat",
        "SELECT 1 FORMAT CSV FORMAT CSV",
        "TABLE leadline.facts",
        "VALUES (1)",
    ],
)
def test_what_is_no_statement_is_an_error(store: StoreProcess, statement: str) -> None:
    """One clear answer, and nothing runs."""
    status, text = store.read(statement)
    assert status in (400, 403, 404), text
    assert store.read("SELECT count() FROM leadline.facts") == (200, "3\n")


def test_the_refusal_says_what_to_do(store: StoreProcess) -> None:
    """One sentence with the reason and the way out, in the form of a ClickHouse server."""
    status, body, headers = store.request("POST", "/", b"DROP VIEW leadline.facts")
    assert (status, headers["x-clickhouse-exception-code"]) == (403, "497")
    assert body.startswith(b"Code: 497. DB::Exception: it is not one statement that reads.")
    assert b"use the user leadline with the token" in body


def test_a_readers_answer_says_its_format(store: StoreProcess) -> None:
    """FORMAT in the statement wins over the parameter, and the header tells."""
    _, body, headers = store.request("POST", "/?default_format=CSV", b"SELECT 1 AS a FORMAT JSONEachRow")
    assert (json.loads(body), headers["x-clickhouse-format"]) == ({"a": 1}, "JSONEachRow")
    assert headers["content-type"] == "application/x-ndjson; charset=UTF-8"
