-- What a job tells without being asked, what its metrics mean, and what versions hold.
-- A Null table takes new columns but no new constraints, so one with both is made anew: it holds nothing, and views that read
-- from it go on. Constraints stand on inlets alone: a table behind one would refuse its part after others have theirs.

ALTER TABLE leadline_internal.in_RunEvent
    ADD COLUMN IF NOT EXISTS code_hash String, ADD COLUMN IF NOT EXISTS command String,
    ADD COLUMN IF NOT EXISTS working_directory String, ADD COLUMN IF NOT EXISTS packages_hash String,
    ADD COLUMN IF NOT EXISTS tool_url String, ADD COLUMN IF NOT EXISTS tool_ids Map(String, String),
    ADD COLUMN IF NOT EXISTS resource Map(String, String), ADD COLUMN IF NOT EXISTS traceparent String,
    ADD COLUMN IF NOT EXISTS exit_code Nullable(Int64), ADD COLUMN IF NOT EXISTS cpu_seconds Nullable(Float64);

ALTER TABLE leadline_internal.run_events
    ADD COLUMN IF NOT EXISTS code_hash String, ADD COLUMN IF NOT EXISTS command String,
    ADD COLUMN IF NOT EXISTS working_directory String, ADD COLUMN IF NOT EXISTS packages_hash String,
    ADD COLUMN IF NOT EXISTS tool_url String, ADD COLUMN IF NOT EXISTS tool_ids Map(String, String),
    ADD COLUMN IF NOT EXISTS resource Map(String, String), ADD COLUMN IF NOT EXISTS traceparent String,
    ADD COLUMN IF NOT EXISTS exit_code Nullable(Int64), ADD COLUMN IF NOT EXISTS cpu_seconds Nullable(Float64);

ALTER TABLE leadline_internal.run_state
    ADD COLUMN IF NOT EXISTS tool_ids SimpleAggregateFunction(maxMap, Map(String, Tuple(Int64, String))),
    ADD COLUMN IF NOT EXISTS resource SimpleAggregateFunction(maxMap, Map(String, Tuple(Int64, String)));

ALTER TABLE leadline_internal.RunEvent_to_run_state MODIFY QUERY
SELECT job_namespace, job_name, run_id, tuple(
        multiIf(event_type IN ('COMPLETE', 'FAIL', 'ABORT'), 2, event_type = 'LOST', 1, 0),
        toUnixTimestamp64Micro(event_time),
        indexOf(['COMPLETE', 'ABORT', 'FAIL'], event_type),
        event_type
    ) AS state,
    tuple(event_type != 'START', event_time) AS started,
    event_time AS first_event_at, event_time AS last_event_at, recorded_at, recorded_at AS last_recorded_at,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), mapFilter((k, v) -> v != '', map(
        'tool', source, 'parent_run_id', parent_run_id, 'parent_job_namespace', parent_job_namespace,
        'parent_job_name', parent_job_name, 'root_run_id', root_run_id, 'root_job_namespace', root_job_namespace,
        'root_job_name', root_job_name, 'mode', mode, 'actor', actor, 'owner', owner, 'host', host, 'cluster', cluster,
        'container', container, 'code_repository', code_repository, 'code_commit', code_commit,
        'code_branch', code_branch, 'code_path', code_path, 'code_hash', code_hash, 'command', command,
        'working_directory', working_directory, 'packages_hash', packages_hash, 'tool_url', tool_url,
        'traceparent', traceparent, 'engine', engine, 'error_type', error_type,
        'error_message', error_message, 'error_stack', error_stack, 'producer', producer))) AS texts,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), mapFilter((k, v) -> NOT isNaN(v), map(
        'attempt', toFloat64(attempt), 'process_id', ifNull(toFloat64(process_id), nan),
        'code_dirty', ifNull(toFloat64(code_dirty), nan), 'duration_seconds', ifNull(duration_seconds, nan),
        'peak_memory_bytes', ifNull(toFloat64(peak_memory_bytes), nan), 'cpu_seconds', ifNull(cpu_seconds, nan),
        'exit_code', ifNull(toFloat64(exit_code), nan),
        'heartbeat_seconds', ifNull(heartbeat_seconds, nan),
        'nominal_at', ifNull(toFloat64(toUnixTimestamp64Micro(nominal_at)), nan),
        'nominal_end_at', ifNull(toFloat64(toUnixTimestamp64Micro(nominal_end_at)), nan),
        'deadline_at', ifNull(toFloat64(toUnixTimestamp64Micro(deadline_at)), nan)))) AS numbers,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), packages) AS packages,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), parameters) AS parameters,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), tags) AS tags,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), facets) AS facets,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), tool_ids) AS tool_ids,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), resource) AS resource
FROM leadline_internal.in_RunEvent;

CREATE OR REPLACE VIEW leadline.runs
(
    run_id String COMMENT 'Id of the run: the tool''s own, UUIDv7 where Leadline made it; unique together with the job',
    job_namespace String COMMENT 'Namespace of the job',
    job_name String COMMENT 'Name of the job',
    state String COMMENT 'RUNNING while open; else COMPLETE, FAIL, ABORT, or LOST (no end within its deadline)',
    started_at DateTime64(6, 'UTC') COMMENT 'Time of the START event; where none came, of the first event heard',
    ended_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Time of the event that ended it; null while RUNNING',
    nominal_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Slot: the nominal time that the run is about, such as a logical date',
    nominal_end_at Nullable(DateTime64(6, 'UTC')) COMMENT 'End of the nominal interval',
    parent_run_id String COMMENT 'Run that started this one; empty: none',
    parent_job_namespace String COMMENT 'Namespace of the parent run''s job',
    parent_job_name String COMMENT 'Name of the parent run''s job',
    root_run_id String COMMENT 'Run at the top of the chain of parents; empty: none',
    root_job_namespace String COMMENT 'Namespace of the root run''s job',
    root_job_name String COMMENT 'Name of the root run''s job',
    mode String COMMENT 'LIVE, BACKFILL or TEST as the producer said; empty: judged by when the run ended',
    attempt Int64 COMMENT '1 for the first try of a slot',
    tool String COMMENT 'Tool that it ran in, for example airflow or python',
    engine String COMMENT 'What executed it, as name/version',
    actor String COMMENT 'Person or service account that it ran as',
    owner String COMMENT 'Owner as the run said; empty: see nodes',
    host String COMMENT 'Machine',
    cluster String COMMENT 'Cluster; empty: none',
    container String COMMENT 'Container image, else container id',
    process_id Nullable(Int64) COMMENT 'Process id on the host',
    code_repository String COMMENT 'Repository of the code',
    code_commit String COMMENT 'Commit of the code',
    code_branch String COMMENT 'Branch of the code',
    code_path String COMMENT 'Path of the code within its repository',
    code_dirty Nullable(Bool) COMMENT 'True: the code had uncommitted changes; null: not known',
    code_hash String COMMENT 'Hash of the job''s own source, the same wherever it lies and whatever wraps it; empty: not known',
    command String COMMENT 'Command line as a shell would take it, secrets redacted',
    working_directory String COMMENT 'Working directory',
    packages Map(String, String) COMMENT 'Package name to version',
    packages_hash String COMMENT 'Hash of packages: equal where the same ones were imported',
    tool_url String COMMENT 'Where a person sees the run in its tool',
    tool_ids Map(String, String) COMMENT 'What the tool calls the run, such as dag_id and task_id',
    resource Map(String, String) COMMENT 'Where it ran, by OpenTelemetry''s resource attributes, such as cloud.region',
    traceparent String COMMENT 'W3C trace context that the run was started in; empty: none',
    parameters Map(String, String) COMMENT 'Parameters of the run',
    tags Map(String, String) COMMENT 'Tags of the run',
    facets Map(String, String) COMMENT 'Facets that Leadline does not know, verbatim JSON',
    error_type String COMMENT 'Class of the error that ended it; empty: none',
    error_message String COMMENT 'The error''s message',
    error_stack String COMMENT 'The error''s stack trace',
    duration_seconds Nullable(Float64) COMMENT 'Seconds, as the run measured, else from start to end; null while RUNNING',
    cpu_seconds Nullable(Float64) COMMENT 'Processor time, user and system, in seconds; null: not measured',
    exit_code Nullable(Int64) COMMENT 'Exit code of the process, where the run is one; -n: signal n',
    peak_memory_bytes Nullable(Int64) COMMENT 'Largest resident memory, in bytes; null: not measured',
    heartbeat_seconds Nullable(Float64) COMMENT 'The run promises an event at least this often, in seconds',
    deadline_at Nullable(DateTime64(6, 'UTC')) COMMENT 'LOST when it has not ended by then, as the producer declared',
    first_event_at DateTime64(6, 'UTC') COMMENT 'Event time of the earliest event',
    last_event_at DateTime64(6, 'UTC') COMMENT 'Event time of the latest event',
    producer String COMMENT 'Program that reported it, as name/version',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When the first event of the run was known',
    last_recorded_at DateTime64(6, 'UTC') COMMENT 'When the newest event of the run was known'
) AS
-- Not r.state.class: under FINAL the engine reads such a subcolumn from one row, not from the aggregated tuple.
SELECT run_id, job_namespace, job_name,
    if(tupleElement(r.state, 'class') = 0, 'RUNNING', tupleElement(r.state, 'type')) AS state,
    tupleElement(r.started, 'time') AS started_at,
    if(tupleElement(r.state, 'class') = 0, NULL, fromUnixTimestamp64Micro(tupleElement(r.state, 'time'), 'UTC')) AS ended_at,
    if(mapContains(numbers, 'nominal_at'), fromUnixTimestamp64Micro(toInt64(numbers['nominal_at'].2), 'UTC'), NULL) AS nominal_at,
    if(mapContains(numbers, 'nominal_end_at'), fromUnixTimestamp64Micro(toInt64(numbers['nominal_end_at'].2), 'UTC'), NULL)
        AS nominal_end_at,
    texts['parent_run_id'].2 AS parent_run_id, texts['parent_job_namespace'].2 AS parent_job_namespace,
    texts['parent_job_name'].2 AS parent_job_name, texts['root_run_id'].2 AS root_run_id,
    texts['root_job_namespace'].2 AS root_job_namespace, texts['root_job_name'].2 AS root_job_name,
    texts['mode'].2 AS mode, toInt64(numbers['attempt'].2) AS attempt, texts['tool'].2 AS tool,
    texts['engine'].2 AS engine, texts['actor'].2 AS actor, texts['owner'].2 AS owner, texts['host'].2 AS host,
    texts['cluster'].2 AS cluster, texts['container'].2 AS container,
    if(mapContains(numbers, 'process_id'), toInt64(numbers['process_id'].2), NULL) AS process_id,
    texts['code_repository'].2 AS code_repository, texts['code_commit'].2 AS code_commit,
    texts['code_branch'].2 AS code_branch, texts['code_path'].2 AS code_path,
    if(mapContains(numbers, 'code_dirty'), numbers['code_dirty'].2 != 0, NULL) AS code_dirty,
    texts['code_hash'].2 AS code_hash, texts['command'].2 AS command, texts['working_directory'].2 AS working_directory,
    texts['packages_hash'].2 AS packages_hash, texts['tool_url'].2 AS tool_url,
    mapApply((k, v) -> (k, v.2), r.tool_ids) AS tool_ids, mapApply((k, v) -> (k, v.2), r.resource) AS resource,
    texts['traceparent'].2 AS traceparent,
    if(mapContains(numbers, 'cpu_seconds'), numbers['cpu_seconds'].2, NULL) AS cpu_seconds,
    if(mapContains(numbers, 'exit_code'), toInt64(numbers['exit_code'].2), NULL) AS exit_code,
    mapApply((k, v) -> (k, v.2), r.packages) AS packages, mapApply((k, v) -> (k, v.2), r.parameters) AS parameters,
    mapApply((k, v) -> (k, v.2), r.tags) AS tags, mapApply((k, v) -> (k, v.2), r.facets) AS facets,
    texts['error_type'].2 AS error_type, texts['error_message'].2 AS error_message, texts['error_stack'].2 AS error_stack,
    multiIf(mapContains(numbers, 'duration_seconds'), numbers['duration_seconds'].2, tupleElement(r.state, 'class') = 0, NULL,
        (tupleElement(r.state, 'time') - toUnixTimestamp64Micro(tupleElement(r.started, 'time'))) / 1e6) AS duration_seconds,
    if(mapContains(numbers, 'peak_memory_bytes'), toInt64(numbers['peak_memory_bytes'].2), NULL) AS peak_memory_bytes,
    if(mapContains(numbers, 'heartbeat_seconds'), numbers['heartbeat_seconds'].2, NULL) AS heartbeat_seconds,
    if(mapContains(numbers, 'deadline_at'), fromUnixTimestamp64Micro(toInt64(numbers['deadline_at'].2), 'UTC'), NULL)
        AS deadline_at,
    first_event_at, last_event_at, texts['producer'].2 AS producer, recorded_at, last_recorded_at
FROM leadline_internal.run_state AS r FINAL
COMMENT 'What ran: one row per run';

-- Metric definitions -------------------------------------------------------------------------------------------------

CREATE OR REPLACE TABLE leadline_internal.in_MetricsReported
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, kind String, namespace String, name String, version String, job_namespace String,
    job_name String, run_id String, slot Nullable(DateTime64(6, 'UTC')), mode String, attempt Int64 DEFAULT 1,
    run_ended_at Nullable(DateTime64(6, 'UTC')),
    readings Array(Tuple(metric String, value Float64, unit String, dims Map(String, String))),
    bounds Array(Tuple(
        bound_id String, metric String, dims Map(String, String), warn_lower Nullable(Float64),
        warn_upper Nullable(Float64), error_lower Nullable(Float64), error_upper Nullable(Float64), inclusive String,
        on_invalid String, state String, owner String, message String, runbook_url String
    )),
    definitions Array(Tuple(metric String, unit String, direction String, aliases Array(String), formula_version String,
        description String)),
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999
        AND ifNull(toUnixTimestamp64Micro(slot) BETWEEN 0 AND 7258118399999999, 1)
        AND ifNull(toUnixTimestamp64Micro(run_ended_at) BETWEEN 0 AND 7258118399999999, 1),
    CONSTRAINT empty_name CHECK event_id != ''
        AND namespace != ''
        AND name != ''
        AND arrayAll(r -> tupleElement(r, 'metric') != '', readings)
        AND arrayAll(b -> tupleElement(b, 'bound_id') != '' AND tupleElement(b, 'metric') != '', bounds)
        AND arrayAll(d -> tupleElement(d, 'metric') != '', definitions),
    CONSTRAINT unknown_state CHECK kind IN ('JOB', 'DATASET', 'MODEL', 'FEATURE_VIEW', 'DEPLOYMENT', 'ARTIFACT')
        AND mode IN ('', 'LIVE', 'BACKFILL', 'TEST')
        AND arrayAll(b -> tupleElement(b, 'state') IN ('ACTIVE', 'PAUSED', 'DELETED') AND tupleElement(b, 'inclusive') IN ('both', 'lower', 'upper', 'none')
            AND tupleElement(b, 'on_invalid') IN ('error', 'warn', 'ignore'), bounds)
        AND arrayAll(d -> tupleElement(d, 'direction') IN ('', 'HIGHER_IS_BETTER', 'LOWER_IS_BETTER'), definitions),
    CONSTRAINT refused CHECK arrayAll(b -> (isNotNull(tupleElement(b, 'warn_lower')) OR isNotNull(tupleElement(b, 'warn_upper')) OR isNotNull(tupleElement(b, 'error_lower')) OR isNotNull(tupleElement(b, 'error_upper')))
            AND NOT arrayExists(l -> ifNull(isNaN(l), 0), [tupleElement(b, 'warn_lower'), tupleElement(b, 'warn_upper'), tupleElement(b, 'error_lower'), tupleElement(b, 'error_upper')])
            AND ifNull(tupleElement(b, 'error_lower') <= tupleElement(b, 'warn_lower'), 1) AND ifNull(tupleElement(b, 'warn_upper') <= tupleElement(b, 'error_upper'), 1)
            AND ifNull(tupleElement(b, 'warn_lower') <= tupleElement(b, 'warn_upper'), 1) AND ifNull(tupleElement(b, 'warn_lower') <= tupleElement(b, 'error_upper'), 1)
            AND ifNull(tupleElement(b, 'error_lower') <= tupleElement(b, 'warn_upper'), 1) AND ifNull(tupleElement(b, 'error_lower') <= tupleElement(b, 'error_upper'), 1), bounds)
) ENGINE = Null;

-- They come with values, again and again: equal ones are one row.
CREATE TABLE IF NOT EXISTS leadline_internal.metric_definitions
(
    kind LowCardinality(String), namespace String, name String, metric String, unit String,
    direction LowCardinality(String), aliases Array(String), formula_version String, description String,
    first_seen SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    recorded_at SimpleAggregateFunction(min, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (kind, namespace, name, metric, unit, direction, aliases, formula_version, description)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.MetricsReported_to_metric_definitions
TO leadline_internal.metric_definitions AS
SELECT kind, namespace, name, d.metric AS metric, d.unit AS unit, d.direction AS direction, d.aliases AS aliases,
    d.formula_version AS formula_version, d.description AS description, event_time AS first_seen, event_time AS last_seen,
    recorded_at
FROM leadline_internal.in_MetricsReported
ARRAY JOIN definitions AS d;

CREATE OR REPLACE VIEW leadline.metric_definitions
(
    kind String COMMENT 'Kind of the node that the metric belongs to',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    metric String COMMENT 'Name of the metric',
    unit String COMMENT 'Unit of its values; empty: not said',
    direction String COMMENT 'HIGHER_IS_BETTER, LOWER_IS_BETTER, or empty: neither',
    aliases Array(String) COMMENT 'Other names under which the same metric is reported',
    formula_version String COMMENT 'Changes when the value is computed differently',
    description String COMMENT 'What it says, for people',
    current Bool COMMENT 'True for the definition that was said last',
    first_seen DateTime64(6, 'UTC') COMMENT 'Event time of the first values that came with this definition',
    last_seen DateTime64(6, 'UTC') COMMENT 'Event time of the latest',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was first known'
) AS
SELECT kind, namespace, name, metric, unit, direction, aliases, formula_version, description,
    toBool(row_number() OVER (PARTITION BY kind, namespace, name, metric
        ORDER BY d.last_seen DESC, d.first_seen DESC, formula_version DESC) = 1) AS current,
    d.first_seen AS first_seen, d.last_seen AS last_seen, d.recorded_at AS recorded_at
FROM leadline_internal.metric_definitions AS d FINAL
COMMENT 'What metrics mean: one row per node, metric and content of its definition';

-- Versions -----------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS leadline_internal.in_VersionDescribed
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, kind String, namespace String, name String, version String, schema_version String,
    job_namespace String, job_name String, run_id String, content_hash String, size_bytes Nullable(Int64),
    files Nullable(Int64), format String, class_name String, parameters Map(String, String),
    attributes Map(String, String), rows Nullable(Int64),
    columns Array(Tuple(name String, type String, null_share Nullable(Float64), distinct Nullable(Int64), minimum Nullable(Float64),
        maximum Nullable(Float64), mean Nullable(Float64), deviation Nullable(Float64), quantiles Map(String, Float64),
        edges Array(Float64), counts Array(Int64), frequent Map(String, Int64))),
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999,
    CONSTRAINT empty_name CHECK event_id != ''
        AND namespace != ''
        AND name != ''
        AND arrayAll(c -> tupleElement(c, 'name') != '', columns),
    CONSTRAINT unknown_state CHECK kind IN ('JOB', 'DATASET', 'MODEL', 'FEATURE_VIEW', 'DEPLOYMENT', 'ARTIFACT')
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS leadline_internal.version_descriptions
(
    kind LowCardinality(String), namespace String, name String, version String, event_time DateTime64(6, 'UTC'),
    event_id String, schema_version String, job_namespace String, job_name String, run_id String, content_hash String,
    size_bytes Nullable(Int64), files Nullable(Int64), format LowCardinality(String), class_name String,
    parameters Map(String, String), attributes Map(String, String), rows Nullable(Int64),
    columns Array(Tuple(name String, type String, null_share Nullable(Float64), distinct Nullable(Int64), minimum Nullable(Float64),
        maximum Nullable(Float64), mean Nullable(Float64), deviation Nullable(Float64), quantiles Map(String, Float64),
        edges Array(Float64), counts Array(Int64), frequent Map(String, Int64))),
    source LowCardinality(String), recorded_at DateTime64(6, 'UTC'),
    _first Int64 MATERIALIZED -toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_first)
ORDER BY (kind, namespace, name, version, event_time, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.VersionDescribed_to_version_descriptions
TO leadline_internal.version_descriptions AS
SELECT * EXCEPT (_partition, _offset, producer) FROM leadline_internal.in_VersionDescribed;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.VersionDescribed_to_nodes TO leadline_internal.nodes AS
SELECT kind, namespace, name, event_time AS first_seen, event_time AS last_seen, recorded_at,
    if(version = '', (0, ''), (toUnixTimestamp64Micro(event_time), version)) AS last_version, (0, '') AS run_owner
FROM leadline_internal.in_VersionDescribed;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.VersionDescribed_to_versions TO leadline_internal.versions AS
SELECT kind, namespace, name, version, schema_version, (1, event_time, '', '', '') AS made_by, recorded_at
FROM leadline_internal.in_VersionDescribed
WHERE version != '';

CREATE OR REPLACE VIEW leadline.version_details
(
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    version String COMMENT 'The tool''s own version, else a hash of the content; empty: not known',
    schema_version String COMMENT 'Hash of the columns and their types; empty: not known',
    content_hash String COMMENT 'sha256: and the hash of the bytes; empty: not known',
    size_bytes Nullable(Int64) COMMENT 'Size in bytes; null: not known',
    files Nullable(Int64) COMMENT 'Number of files, where it is a directory',
    `rows` Nullable(Int64) COMMENT 'Number of rows, where it is data; null: not counted',
    columns UInt64 COMMENT 'Number of columns, or inputs of a model, that are described in column_profiles',
    format String COMMENT 'Media type, table format or library, such as text/csv, delta or sklearn',
    class_name String COMMENT 'Class of the object that was described, with its module',
    parameters Map(String, String) COMMENT 'Hyperparameters of a model',
    attributes Map(String, String) COMMENT 'More that is known, such as its location',
    job_namespace String COMMENT 'Namespace of the job that described it; empty: none did',
    job_name String COMMENT 'Name of the job that described it',
    run_id String COMMENT 'Run that described it',
    event_id String COMMENT 'Event of the latest description',
    event_time DateTime64(6, 'UTC') COMMENT 'When it was described last',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When that was known'
) AS
-- The latest description of each version; where no version is known each stands for itself.
SELECT kind, namespace, name, version, schema_version, content_hash, size_bytes, files, rows, length(columns) AS columns, format,
    class_name, parameters, attributes, job_namespace, job_name, run_id, event_id, event_time, recorded_at
FROM leadline_internal.version_descriptions FINAL
ORDER BY event_time DESC, event_id DESC
LIMIT 1 BY kind, namespace, name, version, if(version = '', event_id, '')
COMMENT 'What versions of datasets, models and artifacts hold: one row per version that was described';

CREATE OR REPLACE VIEW leadline.column_profiles
(
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    version String COMMENT 'Version of the node',
    `column` String COMMENT 'Name of the column',
    position UInt32 COMMENT 'Its place, from 1',
    type String COMMENT 'Arrow''s name of the type, such as int64, string or timestamp[us, UTC]',
    `rows` Nullable(Int64) COMMENT 'Rows of the data; null: not counted',
    null_share Nullable(Float64) COMMENT 'Share of rows without a value, 0 to 1; NaN counts as none',
    `distinct` Nullable(Int64) COMMENT 'Number of different values; null: not counted',
    minimum Nullable(Float64) COMMENT 'Smallest value, in the column''s unit',
    maximum Nullable(Float64) COMMENT 'Largest value, in the column''s unit',
    mean Nullable(Float64) COMMENT 'Mean, in the column''s unit',
    deviation Nullable(Float64) COMMENT 'Sample standard deviation, in the column''s unit',
    quantiles Map(String, Float64) COMMENT 'Probability such as 0.25 to value',
    edges Array(Float64) COMMENT 'Histogram: n + 1 edges of n bins, rising; the last bin is closed',
    counts Array(Int64) COMMENT 'Histogram: rows in each bin',
    frequent Map(String, Int64) COMMENT 'Most frequent values to rows, only where the job asked for them',
    run_id String COMMENT 'Run that described it',
    event_time DateTime64(6, 'UTC') COMMENT 'When it was described',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When that was known'
) AS
SELECT kind, namespace, name, version, c.name AS column, position, c.type AS type, rows, c.null_share AS null_share,
    c.distinct AS distinct, c.minimum AS minimum, c.maximum AS maximum, c.mean AS mean, c.deviation AS deviation,
    c.quantiles AS quantiles, c.edges AS edges, c.counts AS counts, c.frequent AS frequent, run_id, event_time, recorded_at
FROM (
    SELECT * FROM leadline_internal.version_descriptions FINAL
    WHERE notEmpty(columns)
    -- A version's content stays: a look at its schema alone, later, takes nothing away from what is known of its values.
    ORDER BY arrayExists(c -> isNotNull(c.null_share), columns) DESC, event_time DESC, event_id DESC
    LIMIT 1 BY kind, namespace, name, version, if(version = '', event_id, '')
)
ARRAY JOIN columns AS c, arrayEnumerate(columns) AS position
COMMENT 'Columns of every version that was profiled: the snapshot of the data over time';
