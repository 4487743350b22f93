"""Ways out of reading: readers need no password, so each known way to a file, another server or a change is a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from urllib3.filepost import encode_multipart_formdata

from leadline.local.store.gate import TABLE_FUNCTIONS

from .store_process import SECRET, StoreProcess, store_with_views


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    running = store_with_views(tmp_path_factory.mktemp("escapes"))
    yield running
    running.stop()


@pytest.fixture
def secret(store: StoreProcess) -> Path:
    return store.data.parent / "secret.txt"


READS_A_FILE = [
    "SELECT file('{secret}')",
    "SELECT FILE('{secret}')",
    "select `file`('{secret}')",
    "SELECT \"file\"('{secret}')",
    "SELECT /* harmless */ file /* really */ ('{secret}')",
    "SELECT file($$'{secret}$$)",
    "SELECT file({{path:String}})",
    "WITH file('{secret}') AS content SELECT content",
    "WITH inner AS (SELECT file('{secret}') AS content) SELECT * FROM inner",
    "WITH (SELECT file('{secret}')) AS content SELECT content",
    "WITH RECURSIVE r AS (SELECT file('{secret}') AS c UNION ALL SELECT c FROM r WHERE 0) SELECT * FROM r",
    "SELECT 1 UNION ALL SELECT length(file('{secret}'))",
    "SELECT 'x' INTERSECT SELECT file('{secret}')",
    "SELECT (SELECT file('{secret}'))",
    "SELECT arrayMap(path -> file(path), ['{secret}'])",
    "SELECT * REPLACE (file('{secret}') AS name) FROM leadline.facts",
    "SELECT * APPLY (path -> file('{secret}')) FROM leadline.facts",
    "SELECT * APPLY(file) FROM (SELECT '{secret}' AS path)",
    "SELECT COLUMNS('path') APPLY file FROM (SELECT '{secret}' AS path)",
    "SELECT 1 WHERE file('{secret}') LIKE 'the%'",
    "SELECT name FROM leadline.facts PREWHERE file('{secret}') != ''",
    "SELECT name FROM leadline.facts QUALIFY file('{secret}') != ''",
    "SELECT count() FROM leadline.facts GROUP BY file('{secret}')",
    "SELECT count() FROM leadline.facts GROUP BY GROUPING SETS ((file('{secret}')))",
    "SELECT name FROM leadline.facts GROUP BY name HAVING file('{secret}') != ''",
    "SELECT name FROM leadline.facts ORDER BY file('{secret}')",
    "SELECT name FROM leadline.facts LIMIT 1 BY file('{secret}')",
    "SELECT name FROM leadline.facts LIMIT length(file('{secret}'))",
    "SELECT row_number() OVER w FROM leadline.facts WINDOW w AS (ORDER BY file('{secret}'))",
    "SELECT value FROM leadline.facts ORDER BY value WITH FILL INTERPOLATE (value AS length(file('{secret}')))",
    "SELECT * FROM leadline.facts ARRAY JOIN [file('{secret}')] AS content",
    "SELECT * FROM leadline.facts AS a JOIN leadline.facts AS b ON file('{secret}') != ''",
    "SELECT if(1, file('{secret}'), '')",
    "SELECT throwIf(1, file('{secret}'))",
    "SELECT CAST(file('{secret}') AS String)",
    "SELECT file('{secret}')::String",
    "FROM numbers(1) SELECT file('{secret}')",
    "(SELECT file('{secret}'))",
    "SELECT leak('{secret}')",
    "SELECT * FROM leadline.leaky",
    "SELECT * FROM leadline.`leaky`",
    "SELECT again FROM leadline.leaky_too",
    "SELECT 1 WHERE 'x' IN leadline.leaky",
    "SELECT * FROM file('{secret}', 'LineAsString')",
    "SELECT * FROM file('{secret}')",
    "SELECT * FROM fileCluster('default', '{secret}', 'LineAsString')",
    "SELECT * FROM view(SELECT file('{secret}'))",
    "SELECT * FROM viewExplain('EXPLAIN SYNTAX', '', (SELECT file('{secret}')))",
    "SELECT * FROM (EXPLAIN SYNTAX SELECT file('{secret}'))",
    "SELECT 'x' IN file('{secret}', 'LineAsString')",
    "SELECT * FROM executable('cat {secret}', 'LineAsString', 'line String')",
    "SELECT * FROM url('file://{secret}', 'LineAsString')",
    "SELECT * FROM sqlite('{secret}', 'x')",
    "SELECT * FROM icebergLocal('{secret}')",
    "SELECT * FROM deltaLakeLocal('{secret}')",
    "SELECT * FROM filesystem('{secret}')",
    "SELECT * FROM python('open')",
    "SELECT * FROM Python(open)",
    "DESCRIBE file('{secret}', 'CSV')",
    "DESCRIBE (SELECT file('{secret}'))",
    "EXPLAIN SELECT file('{secret}')",
    "EXPLAIN AST SELECT file('{secret}')",
    "EXPLAIN SYNTAX run_query_tree_passes = 1 SELECT file('{secret}')",
    "EXPLAIN QUERY TREE SELECT file('{secret}')",
    "EXPLAIN PIPELINE SELECT file('{secret}')",
    "EXPLAIN ESTIMATE SELECT file('{secret}')",
    "EXPLAIN EXPLAIN SELECT file('{secret}')",
    "SHOW TABLES WHERE file('{secret}') != ''",
    "SHOW TABLES FROM leadline WHERE throwIf(1, file('{secret}'))",
    "SHOW COLUMNS FROM facts FROM leadline WHERE file('{secret}') != ''",
    "SHOW INDEXES FROM facts FROM leadline WHERE file('{secret}') != ''",
    "EXISTS (SELECT file('{secret}'))",
    "SELECT EXISTS (SELECT file('{secret}'))",
    "SELECT 1 SETTINGS max_threads = file('{secret}')",
    "SELECT {{path:Enum8('}}' = 1)}}, file('{secret}')",
    "SELECT {{path:Enum8('}}, ' = 1)}}, file('{secret}'), ' , {{path:Enum8('}}, ' = 1)}}'",
]


@pytest.mark.parametrize("statement", READS_A_FILE)
def test_no_reader_reads_a_file(store: StoreProcess, secret: Path, statement: str) -> None:
    """However a file is asked for, its content does not come out, and the answer is an error."""
    status, text = store.read(statement.format(secret=secret), {"param_path": str(secret)})
    assert status in (400, 403, 404), text
    assert SECRET not in text


CHANGES_SOMETHING = [
    "INSERT INTO leadline_internal.facts VALUES ('x', 1)",
    "INSERT INTO FUNCTION file('{target}', 'CSV', 'a String') VALUES ('x')",
    "INSERT INTO FUNCTION url('http://127.0.0.1:1/', 'CSV', 'a String') VALUES ('x')",
    "SELECT 1 INTO OUTFILE '{target}'",
    "SELECT 1 INTO OUTFILE '{target}' TRUNCATE FORMAT CSV",
    "SELECT 1 INTO OUTFILE '{target}' AND STDOUT",
    "(SELECT 1) INTO OUTFILE '{target}'",
    "SHOW TABLES INTO OUTFILE '{target}'",
    "DESCRIBE leadline.facts INTO OUTFILE '{target}'",
    "EXISTS leadline.facts INTO OUTFILE '{target}'",
    "EXPLAIN SELECT 1 INTO OUTFILE '{target}'",
    "EXPLAIN AST SELECT 1 INTO OUTFILE '{target}' FORMAT TSV",
    "SELECT 1 FORMAT CSV INTO OUTFILE '{target}'",
    "SELECT 1 /* \n */ INTO /**/ OUTFILE /**/ '{target}'",
    "CREATE TABLE leadline.mine (a Int32) ENGINE = Memory",
    "CREATE TEMPORARY TABLE mine (a Int32)",
    "CREATE VIEW leadline.mine AS SELECT 1",
    "CREATE FUNCTION mine AS (x) -> x",
    "CREATE DATABASE mine",
    "CREATE USER mine",
    "CREATE NAMED COLLECTION mine AS a = 1",
    "DROP VIEW leadline.facts",
    "DROP DATABASE leadline SYNC",
    "TRUNCATE TABLE leadline_internal.facts",
    "DETACH TABLE leadline_internal.facts",
    "ATTACH TABLE mine FROM '{target}' (a Int32) ENGINE = MergeTree ORDER BY a",
    "RENAME TABLE leadline_internal.facts TO leadline_internal.gone",
    "EXCHANGE TABLES leadline_internal.facts AND leadline_internal.other",
    "ALTER TABLE leadline_internal.facts DELETE WHERE 1",
    "DELETE FROM leadline_internal.facts WHERE 1",
    "UPDATE leadline_internal.facts SET value = 0 WHERE 1",
    "OPTIMIZE TABLE leadline_internal.facts FINAL",
    "BACKUP DATABASE leadline TO File('{target}')",
    "RESTORE DATABASE leadline FROM File('{target}')",
    "KILL QUERY WHERE 1 SYNC",
    "KILL MUTATION WHERE 1",
    "SYSTEM SHUTDOWN",
    "SYSTEM STOP MERGES",
    "SYSTEM FLUSH LOGS",
    "SYSTEM DROP MARK CACHE",
    "GRANT ALL ON *.* TO default",
    "GRANT writer TO default",
    "REVOKE ALL ON *.* FROM default",
    "SET ROLE writer",
    "SET ROLE ALL",
    "SET DEFAULT ROLE ALL TO default",
    "SET readonly = 0",
    "SET allow_ddl = 1",
    "USE leadline_internal",
    "EXECUTE AS default SELECT 1",
    "BEGIN TRANSACTION",
    "CHECK TABLE leadline_internal.facts",
    "EXPLAIN INSERT INTO leadline_internal.facts SELECT 'x', 1",
    "EXPLAIN AST CREATE TABLE x (a Int32) ENGINE = Memory",
    "SELECT 1; DROP VIEW leadline.facts",
    "SELECT 1;DROP VIEW leadline.facts;SELECT 2",
    "SELECT 1 -- ; \n; DROP VIEW leadline.facts",
    "EXPLAIN AST SELECT 1; DROP VIEW leadline.facts",
    "SELECT 1 PARALLEL WITH DROP VIEW leadline.facts",
    "DROP VIEW leadline.facts PARALLEL WITH DROP VIEW leadline.leaky",
    "SELECT sleep(3)",
    "SELECT sleepEachRow(1) FROM numbers(3)",
]


@pytest.mark.parametrize("statement", CHANGES_SOMETHING)
def test_no_reader_changes_or_stops_anything(store: StoreProcess, tmp_path: Path, statement: str) -> None:
    """Whatever writes, kills, creates or waits is refused and leaves nothing, in the store and outside it."""
    target = tmp_path / "written"
    status, text = store.read(statement.format(target=target))
    assert status in (400, 403, 404), text
    assert not target.exists()
    assert store.read("SELECT count(), sum(value) FROM leadline.facts") == (200, "3\t6\n")
    assert store.write("SELECT count() FROM system.tables WHERE database LIKE 'leadline%' OR name = 'mine'")[1] == "5\n"


REACHES_OUT = [
    "SELECT * FROM url('http://127.0.0.1:{port}/ping', 'LineAsString')",
    "SELECT * FROM urlCluster('default', 'http://127.0.0.1:{port}/', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1:{port}', system, one)",
    "SELECT * FROM remoteSecure('127.0.0.1:{port}', system.one)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM clusterAllReplicas('default', system.one)",
    "SELECT * FROM s3('http://127.0.0.1:{port}/a/b', 'CSV')",
    "SELECT * FROM mysql('127.0.0.1:{port}', 'a', 'b', 'c', 'd')",
    "SELECT * FROM postgresql('127.0.0.1:{port}', 'a', 'b', 'c', 'd')",
    "SELECT * FROM mongodb('127.0.0.1:{port}', 'a', 'b', 'c', 'd', 'x String')",
    "SELECT * FROM redis('127.0.0.1:{port}', 'a', 'a String')",
    "SELECT * FROM hdfs('hdfs://127.0.0.1:{port}/a', 'CSV', 'a String')",
    "SELECT * FROM jdbc('x', 'y', 'z')",
    "SELECT * FROM odbc('x', 'y', 'z')",
    "SELECT hasColumnInTable('127.0.0.1:{port}', 'u', 'p', 'system', 'one', 'dummy')",
    "SELECT dictGet('leadline.d', 'a', 1)",
    "SELECT * FROM dictionary('leadline.d')",
    "SELECT joinGet('leadline.j', 'a', 1)",
    "SELECT aiGenerate('x')",
    "SELECT * FROM input('a String')",
    "SELECT * FROM merge('system', '.*')",
    "SELECT * FROM loop(system.users)",
    "SELECT * FROM mergeTreeIndex('leadline_internal', 'facts')",
    "EXPLAIN TABLE OVERRIDE mysql('127.0.0.1:{port}', 'a', 'b', 'c', 'd') PARTITION BY x",
]


@pytest.mark.parametrize("statement", REACHES_OUT)
def test_no_reader_reaches_another_server(store: StoreProcess, statement: str) -> None:
    """Table functions that connect somewhere, and scalar functions that do, are refused before they could."""
    status, text = store.read(statement.format(port=store.port))
    assert status in (400, 403, 404), text


def test_every_table_function_of_the_engine_is_refused_but_those_that_only_count(store: StoreProcess) -> None:
    """Whatever this engine, or the next one, brings."""
    names = store.write("SELECT name FROM system.table_functions")[1].split()
    assert len(names) > 50
    for name in names:
        if name.lower() not in TABLE_FUNCTIONS:
            for statement in (f"SELECT * FROM {name}('a', 'b')", f"DESCRIBE {name}('a')", f"SELECT 1 IN {name}('a')"):
                status, text = store.read(statement)
                assert status != 200, (statement, text)
                assert "privileges" not in text, f"{statement} passed the gate and was stopped by the second fence only"


HIDDEN = [
    "SELECT * FROM leadline_internal.facts",
    "SELECT * FROM system.processes",
    "SELECT * FROM system.query_log",
    "SELECT * FROM system.user_query_log",
    "SELECT * FROM system.session_query_ids",
    "SELECT * FROM system.statements",
    "SELECT * FROM system.users",
    "SELECT * FROM system.grants",
    "SELECT * FROM system.server_settings",
    "SELECT * FROM system.errors",
    "SELECT * FROM system.stack_trace",
    "SELECT * FROM system.named_collections",
    "SELECT * FROM system.disks",
    "SELECT * FROM `system`.`users`",
    "SELECT * FROM system . users AS u",
    "SELECT 'x' IN system.users",
    "SELECT 1 WHERE ('a', 'b') NOT IN (system.processes)",
    "SELECT * FROM {db:Identifier}.users",
    "SELECT * FROM {table:Identifier}",
    "SELECT 'x' IN {table:Identifier}",
    "SELECT 'x' IN {db:Identifier}.{name:Identifier}",
    "SELECT * FROM leadline.facts AS a, system.processes AS b",
    "SELECT (SELECT any(query) FROM system.processes)",
    "SHOW PROCESSLIST",
    "SHOW USERS",
    "SHOW GRANTS",
    "SHOW CREATE TABLE leadline_internal.facts",
    "DESCRIBE leadline_internal.facts",
    "SHOW CREATE USER default",
]


@pytest.mark.parametrize("statement", HIDDEN)
def test_readers_do_not_see_other_peoples_queries_users_or_internal_tables(store: StoreProcess, statement: str) -> None:
    """Only the public views and what clients need at connect are open; the rest of `system` is not."""
    status, text = store.read(statement, {"param_db": "system", "param_table": "system.users", "param_name": "processes"})
    assert status in (400, 403, 404), text


def test_readers_do_not_learn_of_internal_tables_from_the_catalogue(store: StoreProcess) -> None:
    """system.tables and INFORMATION_SCHEMA list what a reader may read."""
    assert store.read("SELECT count() FROM system.tables WHERE database = 'leadline_internal'") == (200, "0\n")
    assert store.read("SELECT count() FROM system.columns WHERE database = 'leadline_internal'") == (200, "0\n")
    status, text = store.read("SELECT count() FROM information_schema.tables WHERE table_schema = 'leadline'")
    assert (status, text) == (200, "3\n")


def test_a_form_is_judged_like_everything_else(store: StoreProcess, secret: Path) -> None:
    """Statement, settings and database count wherever they stand; user and password in a form do not."""

    def ask(**fields: str) -> int:
        body, content_type = encode_multipart_formdata(fields)
        return store.request("POST", "/", body, {"Content-Type": content_type})[0]

    assert ask(query="SELECT 1") == 200
    assert ask(query=f"SELECT file('{secret}')") == 403
    assert ask(query="SELECT 1", dialect="kusto") == 403
    assert ask(query="SELECT 1", database="system") == 403
    assert ask(query="DROP VIEW leadline.facts", user="leadline", password=store.token) == 403


def test_a_view_made_later_is_judged_before_it_is_read(store: StoreProcess, secret: Path) -> None:
    """An approval is forgotten when the writer changes a definition."""
    question = "SELECT content FROM leadline.changing"
    store.write("CREATE VIEW leadline.changing AS SELECT 'harmless' AS content")
    try:
        assert store.read(question) == (200, "harmless\n")
        store.write(f"CREATE OR REPLACE VIEW leadline.changing AS SELECT file('{secret}') AS content")
        assert store.read(question)[0] == 403
    finally:
        store.write("DROP VIEW leadline.changing")
