-- Public views: a contract. Columns may be added; what breaks one gets a new database beside this one. docs/views.md is
-- generated from the comments.

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
    packages Map(String, String) COMMENT 'Package name to version',
    parameters Map(String, String) COMMENT 'Parameters of the run',
    tags Map(String, String) COMMENT 'Tags of the run',
    facets Map(String, String) COMMENT 'Facets that Leadline does not know, verbatim JSON',
    error_type String COMMENT 'Class of the error that ended it; empty: none',
    error_message String COMMENT 'The error''s message',
    error_stack String COMMENT 'The error''s stack trace',
    duration_seconds Nullable(Float64) COMMENT 'Seconds, as the run measured, else from start to end; null while RUNNING',
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

CREATE OR REPLACE VIEW leadline.run_events
(
    event_id String COMMENT 'Id of the event',
    event_time DateTime64(6, 'UTC') COMMENT 'When it happened',
    event_type String COMMENT 'START, RUNNING, COMPLETE, FAIL, ABORT, LOST or OTHER',
    run_id String COMMENT 'Run',
    job_namespace String COMMENT 'Namespace of the job',
    job_name String COMMENT 'Name of the job',
    tool String COMMENT 'Tool that it happened in',
    producer String COMMENT 'Program that reported it, as name/version',
    code_commit String COMMENT 'Commit, as far as this event said',
    inputs Array(Tuple(kind String, namespace String, name String, version String, schema_version String))
        COMMENT 'What the run read, as far as this event said',
    outputs Array(Tuple(kind String, namespace String, name String, version String, schema_version String))
        COMMENT 'What the run wrote, as far as this event said',
    error_message String COMMENT 'Error, as far as this event said',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was known: filter by it to ask what was known then'
) AS
SELECT event_id, event_time, event_type, run_id, job_namespace, job_name, source AS tool, producer, code_commit, inputs,
    outputs, error_message, recorded_at
FROM leadline_internal.run_events FINAL
COMMENT 'Every event of every run, for what was known when';

CREATE OR REPLACE VIEW leadline.run_io
(
    run_id String COMMENT 'Run',
    job_namespace String COMMENT 'Namespace of the run''s job',
    job_name String COMMENT 'Name of the run''s job',
    direction String COMMENT 'INPUT or OUTPUT',
    kind String COMMENT 'Kind of the node that was read or written',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    version String COMMENT 'Version of the node; empty: not known',
    schema_version String COMMENT 'Hash of the columns and their types; empty: not known',
    event_time DateTime64(6, 'UTC') COMMENT 'Time of the first event that said so',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When that was first known'
) AS
SELECT run_id, job_namespace, job_name, direction, kind, namespace, name, tupleElement(said, 1) AS version,
    tupleElement(said, 2) AS schema_version, tupleElement(said, 3) AS event_time, tupleElement(said, 4) AS recorded_at
FROM (
    -- An event that did not know the version yet is overtaken by one that does. Grouped, not by NOT IN, whose set would
    -- hold the whole table for a question about one run.
    SELECT run_id, job_namespace, job_name, direction, kind, namespace, name,
        groupArray((i.version, i.schema_version, i.event_time, i.recorded_at)) AS everything,
        arrayFilter(v -> tupleElement(v, 1) != '', everything) AS versioned
    FROM leadline_internal.run_io AS i FINAL
    GROUP BY run_id, job_namespace, job_name, direction, kind, namespace, name
)
ARRAY JOIN if(empty(versioned), everything, versioned) AS said
COMMENT 'What runs read and wrote';

CREATE OR REPLACE VIEW leadline.nodes
(
    kind String COMMENT 'JOB, DATASET, MODEL, FEATURE_VIEW, DEPLOYMENT or ARTIFACT',
    namespace String COMMENT 'Namespace',
    name String COMMENT 'Name',
    owner String COMMENT 'Who owns it: as reported for the node, else as its latest run said; empty: nobody is known',
    on_call String COMMENT 'Whom to call; empty: not known',
    consumers String COMMENT 'Who uses it; empty: not known',
    description String COMMENT 'Description; empty: none',
    tags Map(String, String) COMMENT 'Tags',
    lifecycle String COMMENT 'State of the lifecycle as reported, for example deprecated; empty: none',
    last_version String COMMENT 'The version seen last by event time; empty: none known',
    first_seen DateTime64(6, 'UTC') COMMENT 'Event time of the first event about it',
    last_seen DateTime64(6, 'UTC') COMMENT 'Event time of the latest event about it',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was first known'
) AS
SELECT n.kind AS kind, n.namespace AS namespace, n.name AS name,
    if(e.owner.2 != '', e.owner.2, n.run_owner.2) AS owner, e.on_call.2 AS on_call, e.consumers.2 AS consumers,
    e.description.2 AS description, mapApply((k, v) -> (k, v.2), e.tags) AS tags, e.lifecycle.2 AS lifecycle,
    n.last_version.2 AS last_version, n.first_seen AS first_seen, n.last_seen AS last_seen, n.recorded_at AS recorded_at
FROM (SELECT * FROM leadline_internal.nodes FINAL) AS n
LEFT JOIN (
    -- Of each source the latest word on each aspect; of all sources the latest that says something.
    SELECT kind, namespace, name,
        max(if(aspect = 'ownership' AND said['owner'] != '', (at, said['owner']), (0, ''))) AS owner,
        max(if(aspect = 'ownership' AND said['on_call'] != '', (at, said['on_call']), (0, ''))) AS on_call,
        max(if(aspect = 'ownership' AND said['consumers'] != '', (at, said['consumers']), (0, ''))) AS consumers,
        max(if(aspect = 'documentation', (at, said['description']), (0, ''))) AS description,
        max(if(aspect = 'lifecycle', (at, said['state']), (0, ''))) AS lifecycle,
        maxMap(if(aspect = 'tags', mapApply((k, v) -> (k, (at, v)), said), CAST(map(), 'Map(String, Tuple(Int64, String))'))) AS tags
    FROM (
        SELECT kind, namespace, name, aspect, source, max(toUnixTimestamp64Micro(event_time)) AS at,
            argMax(`values`, (event_time, event_id)) AS said, argMax(deleted, (event_time, event_id)) AS gone
        FROM leadline_internal.entities
        GROUP BY kind, namespace, name, aspect, source
    )
    WHERE NOT gone
    GROUP BY kind, namespace, name
) AS e ON n.kind = e.kind AND n.namespace = e.namespace AND n.name = e.name
COMMENT 'Everything that has a name: jobs, datasets, models, and whose they are';

CREATE OR REPLACE VIEW leadline.versions
(
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    version String COMMENT 'The tool''s own version, else a hash of the content',
    schema_version String COMMENT 'Hash of the columns and their types; empty: not known',
    job_namespace String COMMENT 'Namespace of the job that made it; empty: not known',
    job_name String COMMENT 'Name of the job that made it; empty: not known',
    run_id String COMMENT 'First run that wrote it; empty: not known',
    event_time DateTime64(6, 'UTC') COMMENT 'When it was first written, else first read or measured',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was first known'
) AS
SELECT kind, namespace, name, version, schema_version, tupleElement(v.made_by, 'job_namespace') AS job_namespace,
    tupleElement(v.made_by, 'job_name') AS job_name, tupleElement(v.made_by, 'run_id') AS run_id,
    tupleElement(v.made_by, 'time') AS event_time, recorded_at
FROM leadline_internal.versions AS v FINAL
COMMENT 'Versions of datasets and models, and the run that made them';

CREATE OR REPLACE VIEW leadline.lineage_edges
(
    granularity String COMMENT 'RUN (one run read and wrote it), JOB (valid over an interval) or COLUMN',
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
    revision Int64 COMMENT 'Revision of what is known of the edge; this is the latest',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When this revision was known'
) AS
SELECT granularity, source_kind, source_namespace, source_name, source_version, source_field, target_kind, target_namespace,
    target_name, target_version, target_field, job_namespace, job_name, run_id, valid_from, valid_to, last_seen, revision,
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
    revision Int64 COMMENT 'As in lineage_edges',
    recorded_at DateTime64(6, 'UTC') COMMENT 'As in lineage_edges'
) AS
SELECT granularity, source_kind, source_namespace, source_name, source_version, source_field, target_kind, target_namespace,
    target_name, target_version, target_field, job_namespace, job_name, run_id, valid_from, valid_to, last_seen, revision,
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
    revision Int64 COMMENT 'Of equal edges the highest revision holds',
    retracted Bool COMMENT 'True: an earlier revision said so wrongly',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When this revision was known'
) AS
SELECT granularity, source_kind, source_namespace, source_name, source_version, source_field, target_kind, target_namespace,
    target_name, target_version, target_field, job_namespace, job_name, run_id, valid_from, valid_to, last_seen, revision,
    retracted, recorded_at
FROM leadline_internal.edge_revisions FINAL
COMMENT 'Every revision of every edge, for what was known when';
