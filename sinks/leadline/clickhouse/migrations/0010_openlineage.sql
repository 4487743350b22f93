-- OpenLineage: its events as they came with their facets, columns of edges, which job waits for which, and jobs by design.

-- Runs ---------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE TABLE leadline_internal.in_RunEvent
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, run_id String, job_namespace String, job_name String, event_type String,
    nominal_at Nullable(DateTime64(6, 'UTC')), nominal_end_at Nullable(DateTime64(6, 'UTC')), parent_run_id String,
    parent_job_namespace String, parent_job_name String, root_run_id String, root_job_namespace String,
    root_job_name String, mode String, attempt Int64 DEFAULT 1, actor String, owner String, host String, cluster String,
    container String, process_id Nullable(Int64), code_repository String, code_commit String, code_branch String,
    code_path String, code_dirty Nullable(Bool), engine String, packages Map(String, String),
    parameters Map(String, String), tags Map(String, String),
    inputs Array(Tuple(kind String, namespace String, name String, version String, schema_version String)),
    outputs Array(Tuple(kind String, namespace String, name String, version String, schema_version String)),
    error_type String, error_message String, error_stack String, duration_seconds Nullable(Float64),
    peak_memory_bytes Nullable(Int64), heartbeat_seconds Nullable(Float64), deadline_at Nullable(DateTime64(6, 'UTC')),
    facets Map(String, String), code_hash String, command String, working_directory String, packages_hash String,
    tool_url String, tool_ids Map(String, String), resource Map(String, String), traceparent String,
    exit_code Nullable(Int64), cpu_seconds Nullable(Float64), processing_type String, job_type String, partial Bool,
    columns Array(Tuple(source_kind String, source_namespace String, source_name String, source_field String, target_kind String,
        target_namespace String, target_name String, target_field String,
        transformations Array(Tuple(type String, subtype String, masking Bool)))),
    dependencies Array(Tuple(direction String, job_namespace String, job_name String, run_id String, type String, trigger_rule String)),
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999
        AND ifNull(toUnixTimestamp64Micro(nominal_at) BETWEEN 0 AND 7258118399999999, 1)
        AND ifNull(toUnixTimestamp64Micro(nominal_end_at) BETWEEN 0 AND 7258118399999999, 1)
        AND ifNull(toUnixTimestamp64Micro(deadline_at) BETWEEN 0 AND 7258118399999999, 1),
    CONSTRAINT empty_name CHECK event_id != ''
        AND run_id != ''
        AND job_namespace != ''
        AND job_name != ''
        AND arrayAll(i -> tupleElement(i, 'namespace') != '' AND tupleElement(i, 'name') != '', arrayConcat(inputs, outputs))
        AND arrayAll(c -> tupleElement(c, 'source_namespace') != '' AND tupleElement(c, 'source_name') != ''
            AND tupleElement(c, 'source_field') != '' AND tupleElement(c, 'target_namespace') != ''
            AND tupleElement(c, 'target_name') != '', columns)
        AND arrayAll(d -> tupleElement(d, 'job_namespace') != '' AND tupleElement(d, 'job_name') != '', dependencies),
    CONSTRAINT unknown_state CHECK event_type IN ('START', 'RUNNING', 'COMPLETE', 'FAIL', 'ABORT', 'LOST', 'OTHER')
        AND mode IN ('', 'LIVE', 'BACKFILL', 'TEST')
        AND arrayAll(i -> tupleElement(i, 'kind') IN ('JOB', 'DATASET', 'MODEL', 'FEATURE_VIEW', 'DEPLOYMENT', 'ARTIFACT'), arrayConcat(inputs, outputs))
        AND arrayAll(c -> tupleElement(c, 'source_kind') IN ('JOB', 'DATASET', 'MODEL', 'FEATURE_VIEW', 'DEPLOYMENT', 'ARTIFACT')
            AND tupleElement(c, 'target_kind') IN ('JOB', 'DATASET', 'MODEL', 'FEATURE_VIEW', 'DEPLOYMENT', 'ARTIFACT'), columns)
        AND arrayAll(d -> tupleElement(d, 'direction') IN ('UPSTREAM', 'DOWNSTREAM'), dependencies)
) ENGINE = Null;

ALTER TABLE leadline_internal.run_events
    ADD COLUMN IF NOT EXISTS processing_type String, ADD COLUMN IF NOT EXISTS job_type String,
    ADD COLUMN IF NOT EXISTS partial Bool,
    ADD COLUMN IF NOT EXISTS dependencies Array(Tuple(direction String, job_namespace String, job_name String, run_id String, type String, trigger_rule String));

-- Columns are in the lineage alone: with them the facts of wide tables would take several times the room.
ALTER TABLE leadline_internal.RunEvent_to_run_events MODIFY QUERY
SELECT * EXCEPT (_partition, _offset, nominal_end_at, parent_run_id, parent_job_namespace, parent_job_name, root_run_id,
    root_job_namespace, root_job_name, process_id, columns)
FROM leadline_internal.in_RunEvent;

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
        'traceparent', traceparent, 'processing_type', processing_type, 'job_type', job_type, 'engine', engine, 'error_type', error_type,
        'error_message', error_message, 'error_stack', error_stack, 'producer', producer))) AS texts,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), mapFilter((k, v) -> NOT isNaN(v), map(
        'attempt', toFloat64(attempt), 'process_id', ifNull(toFloat64(process_id), nan),
        'code_dirty', ifNull(toFloat64(code_dirty), nan), 'duration_seconds', ifNull(duration_seconds, nan),
        'peak_memory_bytes', ifNull(toFloat64(peak_memory_bytes), nan), 'cpu_seconds', ifNull(cpu_seconds, nan),
        'partial', if(partial, 1, nan), 'exit_code', ifNull(toFloat64(exit_code), nan),
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
    processing_type String COMMENT 'BATCH, STREAMING, SERVICE, or as the tool says; empty: not said',
    job_type String COMMENT 'What the tool calls this kind of job, such as TASK or QUERY; empty: not said',
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
    partial Bool COMMENT 'True: the tool could not find out all inputs and outputs',
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
    texts['processing_type'].2 AS processing_type, texts['job_type'].2 AS job_type, texts['engine'].2 AS engine, texts['actor'].2 AS actor, texts['owner'].2 AS owner, texts['host'].2 AS host,
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
    mapContains(numbers, 'partial') AS partial, texts['error_type'].2 AS error_type, texts['error_message'].2 AS error_message, texts['error_stack'].2 AS error_stack,
    multiIf(mapContains(numbers, 'duration_seconds'), numbers['duration_seconds'].2, tupleElement(r.state, 'class') = 0, NULL,
        (tupleElement(r.state, 'time') - toUnixTimestamp64Micro(tupleElement(r.started, 'time'))) / 1e6) AS duration_seconds,
    if(mapContains(numbers, 'peak_memory_bytes'), toInt64(numbers['peak_memory_bytes'].2), NULL) AS peak_memory_bytes,
    if(mapContains(numbers, 'heartbeat_seconds'), numbers['heartbeat_seconds'].2, NULL) AS heartbeat_seconds,
    if(mapContains(numbers, 'deadline_at'), fromUnixTimestamp64Micro(toInt64(numbers['deadline_at'].2), 'UTC'), NULL)
        AS deadline_at,
    first_event_at, last_event_at, texts['producer'].2 AS producer, recorded_at, last_recorded_at
FROM leadline_internal.run_state AS r FINAL
COMMENT 'What ran: one row per run';

-- Jobs by design -----------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS leadline_internal.in_JobDeclared
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, job_namespace String, job_name String,
    inputs Array(Tuple(kind String, namespace String, name String, version String, schema_version String)),
    outputs Array(Tuple(kind String, namespace String, name String, version String, schema_version String)),
    columns Array(Tuple(source_kind String, source_namespace String, source_name String, source_field String, target_kind String,
        target_namespace String, target_name String, target_field String,
        transformations Array(Tuple(type String, subtype String, masking Bool)))),
    code_repository String, code_commit String, code_branch String, code_path String, code_hash String,
    processing_type String, job_type String,
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999,
    CONSTRAINT empty_name CHECK event_id != ''
        AND job_namespace != ''
        AND job_name != ''
        AND arrayAll(i -> tupleElement(i, 'namespace') != '' AND tupleElement(i, 'name') != '', arrayConcat(inputs, outputs))
        AND arrayAll(c -> tupleElement(c, 'source_namespace') != '' AND tupleElement(c, 'source_name') != ''
            AND tupleElement(c, 'source_field') != '' AND tupleElement(c, 'target_namespace') != ''
            AND tupleElement(c, 'target_name') != '', columns),
    CONSTRAINT unknown_state CHECK arrayAll(i -> tupleElement(i, 'kind') IN ('JOB', 'DATASET', 'MODEL', 'FEATURE_VIEW', 'DEPLOYMENT', 'ARTIFACT'), arrayConcat(inputs, outputs))
        AND arrayAll(c -> tupleElement(c, 'source_kind') IN ('JOB', 'DATASET', 'MODEL', 'FEATURE_VIEW', 'DEPLOYMENT', 'ARTIFACT')
            AND tupleElement(c, 'target_kind') IN ('JOB', 'DATASET', 'MODEL', 'FEATURE_VIEW', 'DEPLOYMENT', 'ARTIFACT'), columns)
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS leadline_internal.job_declarations
(
    job_namespace String, job_name String, event_time DateTime64(6, 'UTC'), event_id String, producer String,
    source LowCardinality(String), inputs Array(Tuple(kind String, namespace String, name String, version String, schema_version String)),
    outputs Array(Tuple(kind String, namespace String, name String, version String, schema_version String)),
    code_repository String, code_commit String, code_branch String, code_path String, code_hash String,
    processing_type String, job_type String, recorded_at DateTime64(6, 'UTC'),
    _first Int64 MATERIALIZED -toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_first)
ORDER BY (job_namespace, job_name, event_time, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.JobDeclared_to_job_declarations
TO leadline_internal.job_declarations AS
SELECT * EXCEPT (_partition, _offset, columns) FROM leadline_internal.in_JobDeclared;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.JobDeclared_to_nodes TO leadline_internal.nodes AS
SELECT tupleElement(node, 1) AS kind, tupleElement(node, 2) AS namespace, tupleElement(node, 3) AS name,
    event_time AS first_seen, event_time AS last_seen, recorded_at, (0, '') AS last_version, (0, '') AS run_owner
FROM leadline_internal.in_JobDeclared
ARRAY JOIN arrayConcat([('JOB', job_namespace, job_name)],
    arrayMap(i -> (i.kind, i.namespace, i.name), arrayConcat(inputs, outputs))) AS node;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.JobDeclared_to_job_io TO leadline_internal.job_io AS
SELECT tupleElement(io, 2) AS kind, tupleElement(io, 3) AS namespace, tupleElement(io, 4) AS name,
    tupleElement(io, 1) AS direction, job_namespace, job_name, event_time AS first_seen, event_time AS last_seen, recorded_at
FROM leadline_internal.in_JobDeclared
ARRAY JOIN arrayConcat(
    arrayMap(i -> ('INPUT', i.kind, i.namespace, i.name), inputs),
    arrayMap(o -> ('OUTPUT', o.kind, o.namespace, o.name), outputs)) AS io;

CREATE OR REPLACE VIEW leadline.job_declarations
(
    job_namespace String COMMENT 'Namespace of the job',
    job_name String COMMENT 'Name of the job',
    event_time DateTime64(6, 'UTC') COMMENT 'When it was declared; the latest of a job is how it is now',
    inputs Array(Tuple(kind String, namespace String, name String)) COMMENT 'What it reads, by its definition',
    outputs Array(Tuple(kind String, namespace String, name String)) COMMENT 'What it writes, by its definition',
    code_repository String COMMENT 'Repository of the code',
    code_commit String COMMENT 'Commit of the code',
    code_branch String COMMENT 'Branch of the code',
    code_path String COMMENT 'Path of the code within its repository',
    code_hash String COMMENT 'Hash of the job''s own source; empty: not known',
    processing_type String COMMENT 'BATCH, STREAMING, SERVICE, or as the tool says; empty: not said',
    job_type String COMMENT 'What the tool calls this kind of job; empty: not said',
    source String COMMENT 'Tool that declared it',
    producer String COMMENT 'Program that reported it',
    event_id String COMMENT 'Event that said so',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was known'
) AS
SELECT job_namespace, job_name, event_time, arrayMap(i -> (i.kind, i.namespace, i.name), inputs) AS inputs,
    arrayMap(o -> (o.kind, o.namespace, o.name), outputs) AS outputs, code_repository, code_commit, code_branch, code_path,
    code_hash, processing_type, job_type, source, producer, event_id, recorded_at
FROM leadline_internal.job_declarations FINAL
COMMENT 'Jobs by design: what each reads and writes according to its definition, whether or not it ran';

-- Edges --------------------------------------------------------------------------------------------------------------

ALTER TABLE leadline_internal.in_EdgeObserved
    ADD COLUMN IF NOT EXISTS transformations Array(Tuple(type String, subtype String, masking Bool));

ALTER TABLE leadline_internal.edge_revisions
    ADD COLUMN IF NOT EXISTS transformations Array(Tuple(type String, subtype String, masking Bool));

ALTER TABLE leadline_internal.edges_by_source
    ADD COLUMN IF NOT EXISTS transformations Array(Tuple(type String, subtype String, masking Bool));

ALTER TABLE leadline_internal.edges_by_target
    ADD COLUMN IF NOT EXISTS transformations Array(Tuple(type String, subtype String, masking Bool));

CREATE OR REPLACE VIEW leadline.lineage_edges
(
    granularity String COMMENT 'RUN (one run read and wrote it), JOB or COLUMN (valid over an interval), or CONTROL: one job waits for another',
    source_kind String COMMENT 'Kind of what was read',
    source_namespace String COMMENT 'Namespace of what was read',
    source_name String COMMENT 'Name of what was read',
    source_version String COMMENT 'Version of what was read; empty: not known, or not of this granularity',
    source_field String COMMENT 'Column that was read; empty: not of this granularity',
    target_kind String COMMENT 'Kind of what was written',
    target_namespace String COMMENT 'Namespace of what was written',
    target_name String COMMENT 'Name of what was written',
    target_version String COMMENT 'Version of what was written; empty: not known, or not of this granularity',
    target_field String COMMENT 'Column that was written; empty: not of this granularity',
    job_namespace String COMMENT 'Namespace of the job between them',
    job_name String COMMENT 'Name of the job between them',
    run_id String COMMENT 'Run; empty where the granularity is JOB',
    valid_from DateTime64(6, 'UTC') COMMENT 'Since when the edge holds',
    valid_to Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was superseded; null: still valid',
    last_seen DateTime64(6, 'UTC') COMMENT 'End of the newest run that confirmed it',
    transformations Array(Tuple(type String, subtype String, masking Bool)) COMMENT
        'Of a COLUMN edge: how the value came over, in OpenLineage''s terms; empty: not said',
    revision Int64 COMMENT 'Revision of what is known of the edge; this is the latest',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When this revision was known'
) AS
SELECT granularity, source_kind, source_namespace, source_name, source_version, source_field, target_kind, target_namespace,
    target_name, target_version, target_field, job_namespace, job_name, run_id, valid_from, valid_to, last_seen, transformations, revision,
    recorded_at
FROM leadline_internal.edges_by_source FINAL
WHERE NOT retracted
COMMENT 'Which data was made from which, through which job; fast by source';

CREATE OR REPLACE VIEW leadline.lineage_edges_by_target
(
    granularity String COMMENT 'As in lineage_edges, which is fast by source; this one is fast by target: walk up with it',
    source_kind String COMMENT 'As in lineage_edges',
    source_namespace String COMMENT 'As in lineage_edges',
    source_name String COMMENT 'As in lineage_edges',
    source_version String COMMENT 'As in lineage_edges',
    source_field String COMMENT 'As in lineage_edges',
    target_kind String COMMENT 'As in lineage_edges',
    target_namespace String COMMENT 'As in lineage_edges',
    target_name String COMMENT 'As in lineage_edges',
    target_version String COMMENT 'As in lineage_edges',
    target_field String COMMENT 'As in lineage_edges',
    job_namespace String COMMENT 'As in lineage_edges',
    job_name String COMMENT 'As in lineage_edges',
    run_id String COMMENT 'As in lineage_edges',
    valid_from DateTime64(6, 'UTC') COMMENT 'As in lineage_edges',
    valid_to Nullable(DateTime64(6, 'UTC')) COMMENT 'As in lineage_edges',
    last_seen DateTime64(6, 'UTC') COMMENT 'As in lineage_edges',
    transformations Array(Tuple(type String, subtype String, masking Bool)) COMMENT
        'As in lineage_edges',
    revision Int64 COMMENT 'As in lineage_edges',
    recorded_at DateTime64(6, 'UTC') COMMENT 'As in lineage_edges'
) AS
SELECT granularity, source_kind, source_namespace, source_name, source_version, source_field, target_kind, target_namespace,
    target_name, target_version, target_field, job_namespace, job_name, run_id, valid_from, valid_to, last_seen, transformations, revision,
    recorded_at
FROM leadline_internal.edges_by_target FINAL
WHERE NOT retracted
COMMENT 'The same edges, fast by target';

CREATE OR REPLACE VIEW leadline.lineage_revisions
(
    granularity String COMMENT 'As in lineage_edges; here every revision is kept, to ask what was known when',
    source_kind String COMMENT 'As in lineage_edges',
    source_namespace String COMMENT 'As in lineage_edges',
    source_name String COMMENT 'As in lineage_edges',
    source_version String COMMENT 'As in lineage_edges',
    source_field String COMMENT 'As in lineage_edges',
    target_kind String COMMENT 'As in lineage_edges',
    target_namespace String COMMENT 'As in lineage_edges',
    target_name String COMMENT 'As in lineage_edges',
    target_version String COMMENT 'As in lineage_edges',
    target_field String COMMENT 'As in lineage_edges',
    job_namespace String COMMENT 'As in lineage_edges',
    job_name String COMMENT 'As in lineage_edges',
    run_id String COMMENT 'As in lineage_edges',
    valid_from DateTime64(6, 'UTC') COMMENT 'As in lineage_edges',
    valid_to Nullable(DateTime64(6, 'UTC')) COMMENT 'As in lineage_edges',
    last_seen DateTime64(6, 'UTC') COMMENT 'As in lineage_edges',
    transformations Array(Tuple(type String, subtype String, masking Bool)) COMMENT
        'As in lineage_edges',
    revision Int64 COMMENT 'Of equal edges the highest revision holds',
    retracted Bool COMMENT 'True: an earlier revision said so wrongly',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When this revision was known'
) AS
SELECT granularity, source_kind, source_namespace, source_name, source_version, source_field, target_kind, target_namespace,
    target_name, target_version, target_field, job_namespace, job_name, run_id, valid_from, valid_to, last_seen, transformations, revision,
    retracted, recorded_at
FROM leadline_internal.edge_revisions FINAL
COMMENT 'Every revision of every edge, for what was known when';

-- OpenLineage's own events -------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS leadline_internal.in_OpenLineageReceived
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, kind String, namespace String, name String, run_id String, event_type String,
    body String, warnings Array(String),
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999,
    CONSTRAINT empty_name CHECK event_id != ''
        AND namespace != ''
        AND name != ''
        AND body != '',
    CONSTRAINT unknown_state CHECK kind IN ('RUN', 'JOB', 'DATASET')
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS leadline_internal.openlineage_events
(
    kind LowCardinality(String), namespace String, name String, run_id String, event_time DateTime64(6, 'UTC'),
    event_id String, event_type LowCardinality(String), producer LowCardinality(String), source LowCardinality(String),
    body String CODEC(ZSTD(3)), warnings Array(String), recorded_at DateTime64(6, 'UTC'),
    _first Int64 MATERIALIZED -toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_first)
PARTITION BY toYYYYMM(event_time)
ORDER BY (kind, namespace, name, run_id, event_time, event_id)
TTL toDateTime(recorded_at) + INTERVAL 180 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.OpenLineageReceived_to_openlineage_events
TO leadline_internal.openlineage_events AS
SELECT * EXCEPT (_partition, _offset) FROM leadline_internal.in_OpenLineageReceived;

CREATE OR REPLACE VIEW leadline.openlineage_events
(
    kind String COMMENT 'RUN, JOB or DATASET: which of OpenLineage''s three events it is',
    namespace String COMMENT 'Namespace of the job; of a dataset event: of the dataset',
    name String COMMENT 'Name of the job; of a dataset event: of the dataset',
    run_id String COMMENT 'Run; empty where the kind is not RUN',
    event_type String COMMENT 'START, RUNNING, COMPLETE ... as it came; empty: none',
    event_time DateTime64(6, 'UTC') COMMENT 'When it happened, as its producer says',
    source String COMMENT 'Tool that it is about',
    producer String COMMENT 'Program that sent it, as it names itself',
    body String COMMENT 'The whole event, JSON',
    warnings Array(String) COMMENT 'What the specification would not allow, and was taken all the same',
    event_id String COMMENT 'Derived from the content: the same event has it however often it came',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was known'
) AS
SELECT kind, namespace, name, run_id, event_type, event_time, source, producer, body, warnings, event_id, recorded_at
FROM leadline_internal.openlineage_events FINAL
COMMENT 'What OpenLineage''s clients sent, verbatim';

-- One row per content: what is said again in every event of every run is kept once.
CREATE TABLE IF NOT EXISTS leadline_internal.facets
(
    level LowCardinality(String), namespace String, name String, facet LowCardinality(String), job_namespace String,
    job_name String, run_id String, value_hash UInt64,
    value SimpleAggregateFunction(any, String) CODEC(ZSTD(3)),
    first_seen SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    recorded_at SimpleAggregateFunction(min, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (level, namespace, name, facet, job_namespace, job_name, run_id, value_hash)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.OpenLineageReceived_to_facets TO leadline_internal.facets AS
WITH
    -- Facets of the data belong to it whichever run says them; those of its use belong to the run.
    (level, data) -> arrayMap(f -> (level, JSONExtractString(data, 'namespace'), JSONExtractString(data, 'name'), f.1, f.2),
        JSONExtractKeysAndValuesRaw(data, if(level = 'INPUT', 'inputFacets', if(level = 'OUTPUT', 'outputFacets', 'facets'))))
        AS of_data,
    JSONExtractArrayRaw(body, 'inputs') AS inputs, JSONExtractArrayRaw(body, 'outputs') AS outputs
SELECT tupleElement(found, 1) AS level, tupleElement(found, 2) AS namespace, tupleElement(found, 3) AS name,
    tupleElement(found, 4) AS facet, if(kind = 'DATASET' OR level = 'DATASET', '', r.namespace) AS job_namespace,
    if(kind = 'DATASET' OR level = 'DATASET', '', r.name) AS job_name,
    if(level IN ('RUN', 'INPUT', 'OUTPUT'), r.run_id, '') AS run_id, cityHash64(tupleElement(found, 5)) AS value_hash,
    tupleElement(found, 5) AS value, event_time AS first_seen, event_time AS last_seen, recorded_at
FROM leadline_internal.in_OpenLineageReceived AS r
ARRAY JOIN arrayConcat(
    arrayMap(f -> ('RUN', r.namespace, r.name, f.1, f.2), JSONExtractKeysAndValuesRaw(body, 'run', 'facets')),
    arrayMap(f -> ('JOB', r.namespace, r.name, f.1, f.2), JSONExtractKeysAndValuesRaw(body, 'job', 'facets')),
    arrayMap(f -> ('DATASET', r.namespace, r.name, f.1, f.2), JSONExtractKeysAndValuesRaw(body, 'dataset', 'facets')),
    arrayFlatten(arrayMap(d -> of_data('DATASET', d), arrayConcat(inputs, outputs))),
    arrayFlatten(arrayMap(d -> of_data('INPUT', d), inputs)),
    arrayFlatten(arrayMap(d -> of_data('OUTPUT', d), outputs))) AS found;

CREATE OR REPLACE VIEW leadline.facets
(
    level String COMMENT 'RUN, JOB, DATASET, or INPUT and OUTPUT: of the data as one run used it',
    namespace String COMMENT 'Namespace of the job; of DATASET, INPUT and OUTPUT: of the dataset',
    name String COMMENT 'Name of the job or dataset',
    facet String COMMENT 'Name of the facet, as OpenLineage or the tool has it',
    value String COMMENT 'The facet, JSON: JSONExtractString(value, ''description'') and the like read it',
    job_namespace String COMMENT 'Namespace of the job; empty where the facet is of a dataset',
    job_name String COMMENT 'Name of the job',
    run_id String COMMENT 'Run, of RUN, INPUT and OUTPUT; else empty',
    first_seen DateTime64(6, 'UTC') COMMENT 'Event time of the first event that said exactly this',
    last_seen DateTime64(6, 'UTC') COMMENT 'Event time of the latest: of several contents the one with the latest holds',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was first known'
) AS
SELECT level, namespace, name, facet, f.value AS value, job_namespace, job_name, run_id, f.first_seen AS first_seen,
    f.last_seen AS last_seen, f.recorded_at AS recorded_at
FROM leadline_internal.facets AS f FINAL
COMMENT 'Every facet that an OpenLineage event carried, verbatim: one row per content';

-- Other names --------------------------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW leadline.aliases
(
    kind String COMMENT 'Kind of the node that is another name',
    namespace String COMMENT 'Namespace of the other name',
    name String COMMENT 'The other name',
    of_kind String COMMENT 'Kind of the node that it is another name of',
    of_namespace String COMMENT 'Namespace of that node',
    of_name String COMMENT 'Name of that node',
    reason String COMMENT 'Why: the type of a symlink, RENAME, or as it was said',
    source String COMMENT 'Tool that said so',
    actor String COMMENT 'Who said so; empty: not said',
    event_time DateTime64(6, 'UTC') COMMENT 'Since when',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was known'
) AS
-- What each source said last of a name; taken back by a deletion.
SELECT kind, namespace, name, said['kind'] AS of_kind, said['namespace'] AS of_namespace, said['name'] AS of_name,
    said['reason'] AS reason, source, actor, event_time, recorded_at
FROM (
    SELECT kind, namespace, name, e.values AS said, deleted, source, actor, event_time, recorded_at
    FROM leadline_internal.entities AS e FINAL
    WHERE aspect = 'alias'
    ORDER BY event_time DESC, event_id DESC
    LIMIT 1 BY kind, namespace, name, source
)
WHERE NOT deleted AND said['name'] != ''
COMMENT 'Which names mean the same node, who said so and why';
