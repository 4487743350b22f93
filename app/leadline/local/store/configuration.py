"""The engine's configuration: what it may take of the machine, and what its two roles may do.

Roles are the second fence behind the gate: chDB authenticates nobody, but it does enforce the grants of the role that a
connection has set. Readers have SELECT on the public views alone; the views run with the rights of who made them.
"""

from pathlib import Path
from xml.sax.saxutils import escape

FILE = "engine.xml"
_USERS = "users.xml"
MEGABYTE = 1024 * 1024

READER_CAPS = {
    "max_memory_usage": str(100 * MEGABYTE),  # of as many as may read at once, an insert still finds room
    "memory_overcommit_ratio_denominator": "1",  # where memory gets short a reader's statement ends, not an insert
    "max_execution_time": "30",
    "max_result_rows": "1000000",
    "max_result_bytes": str(64 * MEGABYTE),
    "result_overflow_mode": "throw",
    "max_ast_depth": "500",
    "max_ast_elements": "20000",
    "max_expanded_ast_elements": "100000",
}
"""What a reader's statement may take; a request may ask for less, never for more."""

_ENGINE = """<clickhouse>
  <path>{path}</path>
  <users_config>{users}</users_config>
  <timezone>UTC</timezone>
  <max_server_memory_usage>{memory}</max_server_memory_usage>
  <mark_cache_size>{cache}</mark_cache_size>
  <primary_index_cache_size>{cache}</primary_index_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <background_pool_size>2</background_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <!-- Column by column: the facts of runs have so many that merging all at once takes more memory than there is. -->
  <merge_tree>
    <vertical_merge_algorithm_min_rows_to_activate>1</vertical_merge_algorithm_min_rows_to_activate>
  </merge_tree>
  <access_control_improvements>
    <ignore_empty_sql_security_in_create_view_query>false</ignore_empty_sql_security_in_create_view_query>
  </access_control_improvements>
  <ignore_empty_sql_security_in_create_view_query>false</ignore_empty_sql_security_in_create_view_query>
</clickhouse>
"""

_ROLES = """<clickhouse>
  <profiles><default>
    <implicit_select>0</implicit_select>
    <allow_introspection_functions>0</allow_introspection_functions>
    <default_normal_view_sql_security>DEFINER</default_normal_view_sql_security>
    <async_insert>0</async_insert>
    <max_insert_threads>1</max_insert_threads>
    <max_insert_block_size>{rows}</max_insert_block_size>
    <min_insert_block_size_rows>{rows}</min_insert_block_size_rows>
  </default></profiles>
  <roles>
    <writer><grants><query>GRANT ALL ON *.* WITH GRANT OPTION</query></grants></writer>
    <reader><grants>
      <query>GRANT SELECT ON leadline.*</query>
      <query>GRANT SELECT ON information_schema.*</query>
      <query>GRANT SELECT ON INFORMATION_SCHEMA.*</query>
      <query>GRANT SHOW DATABASES, SHOW TABLES, SHOW COLUMNS ON leadline.*</query>
    </grants></reader>
  </roles>
  <users><default>
    <password></password>
    <networks><ip>::/0</ip></networks>
    <profile>default</profile>
    <quota>default</quota>
    <grants><query>GRANT writer</query><query>GRANT reader</query></grants>
  </default></users>
  <quotas><default/></quotas>
</clickhouse>
"""


ROWS_AT_ONCE = 250_000
"""An insert up to this many rows is stored as a whole or not at all; ClickHouse's own million would not fit into the memory."""

LIBRARY_BYTES = 180 * MEGABYTE
"""Pages of the engine's code and of Python that are resident beside what the engine counts as its own."""


def write(data: Path, memory_bytes: int) -> None:
    """Written at every start: the configuration belongs to the version that runs.

    `memory_bytes` is meant for the whole process.
    """
    memory_bytes = max(memory_bytes - LIBRARY_BYTES, 128 * MEGABYTE)
    users = data / _USERS
    engine = _ENGINE.format(
        path=escape(str(data / "engine")), users=escape(str(users)), memory=memory_bytes, cache=memory_bytes // 20
    )
    _replace(users, _ROLES.format(rows=ROWS_AT_ONCE))
    _replace(data / FILE, engine)


def _replace(path: Path, text: str) -> None:
    """Only where it differs: on a full disk the store still starts, and what is in it can be read."""
    if not (path.exists() and path.read_text() == text):
        path.write_text(text)
