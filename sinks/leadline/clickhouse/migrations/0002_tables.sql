-- Tables. A re-sent event changes nothing: facts are ReplacingMergeTree by natural key and keep the first recorded_at (a
-- negative version); states are AggregatingMergeTree with idempotent functions only (min, max and maxMap of tuples).
-- Facts are partitioned by month of event_time and end by recorded_at; states and rollups stay, so that retention
-- never removes the last known state.
-- Edges, and the runs and data of jobs, are asked for hundreds of scattered nodes at once: small granules, with all columns of a
-- granule side by side (compact parts), take a fraction of the time.
-- "Known" columns are Tuple(microseconds of the event that said so, value); the newest wins, (0, '') is none.

-- Runs ---------------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS leadline_internal.run_events
(
    event_id String, event_time DateTime64(6, 'UTC'), producer String, source LowCardinality(String), run_id String,
    job_namespace String, job_name String, event_type LowCardinality(String), nominal_at Nullable(DateTime64(6, 'UTC')),
    mode LowCardinality(String), attempt Int64, actor String, owner String, host String, cluster String, container String,
    code_repository String, code_commit String, code_branch String, code_path String, code_dirty Nullable(Bool),
    engine String, packages Map(String, String), parameters Map(String, String), tags Map(String, String),
    inputs Array(Tuple(kind String, namespace String, name String, version String, schema_version String)),
    outputs Array(Tuple(kind String, namespace String, name String, version String, schema_version String)),
    error_type String, error_message String, error_stack String, duration_seconds Nullable(Float64),
    peak_memory_bytes Nullable(Int64), heartbeat_seconds Nullable(Float64), deadline_at Nullable(DateTime64(6, 'UTC')),
    facets Map(String, String), recorded_at DateTime64(6, 'UTC'),
    _first Int64 MATERIALIZED -toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_first)
PARTITION BY toYYYYMM(event_time)
ORDER BY (job_namespace, job_name, run_id, event_time, event_id)
TTL toDateTime(recorded_at) + INTERVAL 730 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS leadline_internal.run_state
(
    job_namespace String, job_name String, run_id String,
    -- class 0 open, 1 LOST, 2 terminal; then event_time; then rank: a late COMPLETE beats LOST, a late START loses
    state SimpleAggregateFunction(max, Tuple(class UInt8, time Int64, rank UInt8, type String)),
    -- 0 for START, 1 for any other event: a START says when, else the first thing heard
    started SimpleAggregateFunction(min, Tuple(no_start UInt8, time DateTime64(6, 'UTC'))),
    first_event_at SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_event_at SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    recorded_at SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_recorded_at SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    texts SimpleAggregateFunction(maxMap, Map(String, Tuple(Int64, String))),
    numbers SimpleAggregateFunction(maxMap, Map(String, Tuple(Int64, Float64))),
    packages SimpleAggregateFunction(maxMap, Map(String, Tuple(Int64, String))),
    parameters SimpleAggregateFunction(maxMap, Map(String, Tuple(Int64, String))),
    tags SimpleAggregateFunction(maxMap, Map(String, Tuple(Int64, String))),
    facets SimpleAggregateFunction(maxMap, Map(String, Tuple(Int64, String)))
)
ENGINE = AggregatingMergeTree
ORDER BY (job_namespace, job_name, run_id)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 256, min_bytes_for_wide_part = 1000000000;

CREATE TABLE IF NOT EXISTS leadline_internal.run_io
(
    job_namespace String, job_name String, run_id String, direction LowCardinality(String), kind LowCardinality(String),
    namespace String, name String, version String,
    schema_version SimpleAggregateFunction(max, String),
    event_time SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    recorded_at SimpleAggregateFunction(min, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (job_namespace, job_name, run_id, direction, kind, namespace, name, version)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 256, min_bytes_for_wide_part = 1000000000;

-- Nodes --------------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS leadline_internal.nodes
(
    kind LowCardinality(String), namespace String, name String,
    first_seen SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    recorded_at SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_version SimpleAggregateFunction(max, Tuple(Int64, String)),
    run_owner SimpleAggregateFunction(max, Tuple(Int64, String))
)
ENGINE = AggregatingMergeTree
ORDER BY (kind, namespace, name)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS leadline_internal.versions
(
    kind LowCardinality(String), namespace String, name String, version String,
    schema_version SimpleAggregateFunction(max, String),
    -- the first run that wrote it; not_written 1 where it was only read or measured
    made_by SimpleAggregateFunction(min, Tuple(not_written UInt8, time DateTime64(6, 'UTC'), job_namespace String,
        job_name String, run_id String)),
    recorded_at SimpleAggregateFunction(min, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (kind, namespace, name, version)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS leadline_internal.entities
(
    kind LowCardinality(String), namespace String, name String, aspect LowCardinality(String), source String,
    event_time DateTime64(6, 'UTC'), event_id String, `values` Map(String, String), deleted Bool, actor String,
    recorded_at DateTime64(6, 'UTC'),
    _first Int64 MATERIALIZED -toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_first)
ORDER BY (kind, namespace, name, aspect, source, event_time, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS leadline_internal.decisions
(
    kind LowCardinality(String), namespace String, name String, event_time DateTime64(6, 'UTC'), event_id String,
    action String, actor String, version String, reason String, job_namespace String, job_name String, run_id String,
    details Map(String, String), source String, recorded_at DateTime64(6, 'UTC'),
    _first Int64 MATERIALIZED -toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_first)
ORDER BY (kind, namespace, name, event_time, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

-- Readings and bounds ------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS leadline_internal.readings
(
    kind LowCardinality(String), namespace String, name String, metric LowCardinality(String),
    dims_key String,                  -- the dimensions as text, sorted: a map cannot be part of a key
    time DateTime64(6, 'UTC'),        -- slot, else event_time: what trends are drawn over
    event_id String, position UInt32, -- place in the event's list
    version String, value Float64, unit LowCardinality(String), dims Map(String, String), event_time DateTime64(6, 'UTC'),
    slot Nullable(DateTime64(6, 'UTC')), mode LowCardinality(String), attempt Int64,
    run_ended_at Nullable(DateTime64(6, 'UTC')), job_namespace String, job_name String, run_id String,
    source LowCardinality(String), recorded_at DateTime64(6, 'UTC'),
    hour DateTime64(6, 'UTC')
        MATERIALIZED fromUnixTimestamp64Micro(intDiv(toUnixTimestamp64Micro(time), 3600000000) * 3600000000, 'UTC'),
    _first Int64 MATERIALIZED -toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_first)
PARTITION BY toYYYYMM(event_time)
ORDER BY (kind, namespace, name, metric, dims_key, hour, time, event_id, position)
TTL toDateTime(recorded_at) + INTERVAL 730 DAY
SETTINGS non_replicated_deduplication_window = 1000;

-- Which hours of which series the messages of a partition touched, for the rollup: the sink reads it by offsets. Repeats are
-- written again (no deduplication window): a rollup that is repeated long after its insert finds them fresh.
CREATE TABLE IF NOT EXISTS leadline_internal.touched_hours
(
    _partition Int32, first_offset Int64, last_offset Int64, kind LowCardinality(String), namespace String, name String,
    metric LowCardinality(String), dims_key String, hour DateTime64(6, 'UTC'), inserted_at DateTime DEFAULT now()
)
ENGINE = MergeTree
ORDER BY (_partition, last_offset)
TTL inserted_at + INTERVAL 1 DAY;

-- One row per series and hour, counted anew from the deduplicated readings whenever the hour is touched. Readings are only
-- ever added, so of two rows the one that counted more is the newer; what retention has removed stays counted here.
CREATE TABLE IF NOT EXISTS leadline_internal.trends_hourly
(
    kind LowCardinality(String), namespace String, name String, metric LowCardinality(String), dims_key String,
    hour DateTime64(6, 'UTC'), dims Map(String, String), unit LowCardinality(String), readings UInt64, valid UInt64,
    total Float64, minimum Float64, maximum Float64, first Tuple(DateTime64(6, 'UTC'), Float64),
    last Tuple(DateTime64(6, 'UTC'), Float64)
)
ENGINE = ReplacingMergeTree(readings)
ORDER BY (kind, namespace, name, metric, dims_key, hour)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS leadline_internal.bounds_declared
(
    bound_id String, kind LowCardinality(String), namespace String, name String, origin LowCardinality(String),
    event_time DateTime64(6, 'UTC'), event_id String, version Int64,
    spec Tuple(bound_id String, metric String, dims Map(String, String), warn_lower Nullable(Float64),
        warn_upper Nullable(Float64), error_lower Nullable(Float64), error_upper Nullable(Float64), inclusive String,
        on_invalid String, state String, owner String, message String, runbook_url String),
    actor String, reason String, source String, recorded_at DateTime64(6, 'UTC'),
    _first Int64 MATERIALIZED -toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_first)
ORDER BY (bound_id, kind, namespace, name, origin, event_time, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

-- Bounds declared next to values come with every value: equal ones are one row.
CREATE TABLE IF NOT EXISTS leadline_internal.bounds_inline
(
    bound_id String, kind LowCardinality(String), namespace String, name String, spec_hash UInt64,
    spec SimpleAggregateFunction(any, Tuple(bound_id String, metric String, dims Map(String, String),
        warn_lower Nullable(Float64), warn_upper Nullable(Float64), error_lower Nullable(Float64),
        error_upper Nullable(Float64), inclusive String, on_invalid String, state String, owner String, message String,
        runbook_url String)),
    first_seen SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    recorded_at SimpleAggregateFunction(min, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (bound_id, kind, namespace, name, spec_hash)
SETTINGS non_replicated_deduplication_window = 1000;

-- Derived ------------------------------------------------------------------------------------------------------------

-- All revisions of edges, for what was known when; the two tables below hold the latest of each, once for each direction.
CREATE TABLE IF NOT EXISTS leadline_internal.edge_revisions
(
    granularity LowCardinality(String), source_kind LowCardinality(String), source_namespace String, source_name String,
    source_version String, source_field String, target_kind LowCardinality(String), target_namespace String,
    target_name String, target_version String, target_field String, job_namespace String, job_name String, run_id String,
    valid_from DateTime64(6, 'UTC'), valid_to Nullable(DateTime64(6, 'UTC')), last_seen DateTime64(6, 'UTC'),
    revision Int64, retracted Bool, event_id String, event_time DateTime64(6, 'UTC'), recorded_at DateTime64(6, 'UTC'),
    _first Int64 MATERIALIZED -toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_first)
PARTITION BY toYYYYMM(event_time)
ORDER BY (granularity, target_kind, target_namespace, target_name, source_kind, source_namespace, source_name, job_namespace,
    job_name, run_id, valid_from, source_version, source_field, target_version, target_field, revision, event_time)
TTL toDateTime(recorded_at) + INTERVAL 730 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS leadline_internal.edges_by_source
(
    granularity LowCardinality(String), source_kind LowCardinality(String), source_namespace String, source_name String,
    source_version String, source_field String, target_kind LowCardinality(String), target_namespace String,
    target_name String, target_version String, target_field String, job_namespace String, job_name String, run_id String,
    valid_from DateTime64(6, 'UTC'), valid_to Nullable(DateTime64(6, 'UTC')), last_seen DateTime64(6, 'UTC'),
    revision Int64, retracted Bool, recorded_at DateTime64(6, 'UTC'),
    -- the latest revision, and of its repeats the first
    _latest Int128 MATERIALIZED toInt128(revision) * 10000000000000000 - toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_latest)
ORDER BY (granularity, source_kind, source_namespace, source_name, target_kind, target_namespace, target_name, job_namespace,
    job_name, run_id, valid_from, source_version, source_field, target_version, target_field)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 256, min_bytes_for_wide_part = 1000000000;

CREATE TABLE IF NOT EXISTS leadline_internal.edges_by_target
(
    granularity LowCardinality(String), source_kind LowCardinality(String), source_namespace String, source_name String,
    source_version String, source_field String, target_kind LowCardinality(String), target_namespace String,
    target_name String, target_version String, target_field String, job_namespace String, job_name String, run_id String,
    valid_from DateTime64(6, 'UTC'), valid_to Nullable(DateTime64(6, 'UTC')), last_seen DateTime64(6, 'UTC'),
    revision Int64, retracted Bool, recorded_at DateTime64(6, 'UTC'),
    _latest Int128 MATERIALIZED toInt128(revision) * 10000000000000000 - toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_latest)
ORDER BY (granularity, target_kind, target_namespace, target_name, source_kind, source_namespace, source_name, job_namespace,
    job_name, run_id, valid_from, source_version, source_field, target_version, target_field)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 256, min_bytes_for_wide_part = 1000000000;

CREATE TABLE IF NOT EXISTS leadline_internal.changes
(
    kind LowCardinality(String), namespace String, name String, what String, subject String, job_namespace String,
    job_name String, run_id String, before String, after String, previous_run_id String, actor String,
    mode LowCardinality(String), slot Nullable(DateTime64(6, 'UTC')), revision Int64, retracted Bool, event_id String,
    event_time DateTime64(6, 'UTC'), recorded_at DateTime64(6, 'UTC'),
    _latest Int128 MATERIALIZED toInt128(revision) * 10000000000000000 - toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_latest)
ORDER BY (job_namespace, job_name, run_id, kind, namespace, name, what, subject)
SETTINGS non_replicated_deduplication_window = 1000;

-- Transitions, and the alerts made of them under the same ids: the alert replaces the transition, whichever comes first.
CREATE TABLE IF NOT EXISTS leadline_internal.alert_events
(
    event_id String, event_time DateTime64(6, 'UTC'), enriched Bool, episode_id String, series String, bound_id String,
    bound_version Int64, bound_origin LowCardinality(String), transition LowCardinality(String), ordinal Int64,
    severity LowCardinality(String), previous_severity LowCardinality(String), kind LowCardinality(String),
    namespace String, name String, version String, metric String, dims Map(String, String), unit String, value Float64,
    threshold Nullable(Float64), peak Nullable(Float64), readings Int64, condition String, reason String,
    opened_at DateTime64(6, 'UTC'), opened_slot Nullable(DateTime64(6, 'UTC')), slot Nullable(DateTime64(6, 'UTC')),
    mode LowCardinality(String), last_good_value Nullable(Float64), last_good_time Nullable(DateTime64(6, 'UTC')),
    last_good_slot Nullable(DateTime64(6, 'UTC')), last_good_run_id String, owner String, owner_source String,
    on_call String, summary String, message String, runbook_url String, job_namespace String, job_name String,
    run_id String, run_state String, error_message String, host String, code_commit String, reading_event_id String,
    changes Array(Tuple(kind String, namespace String, name String, what String, before String, after String,
        event_time DateTime64(6, 'UTC'), job_namespace String, job_name String, run_id String, distance Int64, actor String,
        confidence String, evidence String)),
    upstream_open Array(Tuple(episode_id String, kind String, namespace String, name String, metric String, severity String,
        opened_at DateTime64(6, 'UTC'), distance Int64)),
    downstream Array(Tuple(kind String, namespace String, name String, distance Int64, owner String)),
    downstream_count Int64, log_excerpt Array(String), missing Array(String), watermark Nullable(DateTime64(6, 'UTC')),
    recorded_at DateTime64(6, 'UTC'),
    _best Int128 MATERIALIZED toInt128(enriched) * 10000000000000000 - toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_best)
ORDER BY (episode_id, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

-- Logs, dead letters, progress ---------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS leadline_internal.logs
(
    job_namespace String, job_name String, run_id String, time DateTime64(6, 'UTC'), event_id String, position UInt32,
    level LowCardinality(String), logger LowCardinality(String), message String, exception String,
    pointer_kind LowCardinality(String), pointer String, dropped Int64, event_time DateTime64(6, 'UTC'),
    recorded_at DateTime64(6, 'UTC'),
    _first Int64 MATERIALIZED -toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_first)
PARTITION BY toYYYYMM(event_time)
ORDER BY (job_namespace, job_name, run_id, time, event_id, position)
TTL toDateTime(recorded_at) + INTERVAL 180 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS leadline_internal.dead_letters
(
    topic LowCardinality(String), `partition` Int64, `offset` Int64, event_id String, event_time DateTime64(6, 'UTC'),
    consumer LowCardinality(String), `timestamp` DateTime64(6, 'UTC'), reason LowCardinality(String), error String,
    `key` String, payload String, headers Array(Tuple(key String, value String)), recorded_at DateTime64(6, 'UTC'),
    _first Int64 MATERIALIZED -toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_first)
PARTITION BY toYYYYMM(`timestamp`)
ORDER BY (topic, `partition`, `offset`)
TTL toDateTime(recorded_at) + INTERVAL 180 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS leadline_internal.watermarks
(
    topic LowCardinality(String), `partition` Int32, next_offset Int64, end_offset Int64,
    recorded_at Nullable(DateTime64(6, 'UTC')), checked_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(checked_at)
ORDER BY (topic, `partition`);
