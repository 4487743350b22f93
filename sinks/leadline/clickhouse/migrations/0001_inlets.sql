-- Inlets: one per record, in the record's current shape. Staging tables of every writer schema flow into them; from them
-- rows flow on into the tables (0003). They hold nothing themselves.
-- The name of a constraint is the reason that a dead letter carries; leadline.events.validate says the same in Python.

CREATE DATABASE IF NOT EXISTS leadline_internal;

CREATE DATABASE IF NOT EXISTS leadline;

CREATE TABLE IF NOT EXISTS leadline_internal.in_RunEvent
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
    facets Map(String, String),
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999
        AND ifNull(toUnixTimestamp64Micro(nominal_at) BETWEEN 0 AND 7258118399999999, 1)
        AND ifNull(toUnixTimestamp64Micro(nominal_end_at) BETWEEN 0 AND 7258118399999999, 1)
        AND ifNull(toUnixTimestamp64Micro(deadline_at) BETWEEN 0 AND 7258118399999999, 1),
    CONSTRAINT empty_name CHECK event_id != ''
        AND run_id != ''
        AND job_namespace != ''
        AND job_name != ''
        AND arrayAll(i -> tupleElement(i, 'namespace') != '' AND tupleElement(i, 'name') != '', arrayConcat(inputs, outputs)),
    CONSTRAINT unknown_state CHECK event_type IN ('START', 'RUNNING', 'COMPLETE', 'FAIL', 'ABORT', 'LOST', 'OTHER')
        AND mode IN ('', 'LIVE', 'BACKFILL', 'TEST')
        AND arrayAll(i -> tupleElement(i, 'kind') IN ('JOB', 'DATASET', 'MODEL', 'FEATURE_VIEW', 'DEPLOYMENT', 'ARTIFACT'), arrayConcat(inputs, outputs))
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS leadline_internal.in_MetricsReported
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
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999
        AND ifNull(toUnixTimestamp64Micro(slot) BETWEEN 0 AND 7258118399999999, 1)
        AND ifNull(toUnixTimestamp64Micro(run_ended_at) BETWEEN 0 AND 7258118399999999, 1),
    CONSTRAINT empty_name CHECK event_id != ''
        AND namespace != ''
        AND name != ''
        AND arrayAll(r -> tupleElement(r, 'metric') != '', readings)
        AND arrayAll(b -> tupleElement(b, 'bound_id') != '' AND tupleElement(b, 'metric') != '', bounds),
    CONSTRAINT unknown_state CHECK kind IN ('JOB', 'DATASET', 'MODEL', 'FEATURE_VIEW', 'DEPLOYMENT', 'ARTIFACT')
        AND mode IN ('', 'LIVE', 'BACKFILL', 'TEST')
        AND arrayAll(b -> tupleElement(b, 'state') IN ('ACTIVE', 'PAUSED', 'DELETED') AND tupleElement(b, 'inclusive') IN ('both', 'lower', 'upper', 'none')
            AND tupleElement(b, 'on_invalid') IN ('error', 'warn', 'ignore'), bounds),
    CONSTRAINT refused CHECK arrayAll(b -> (isNotNull(tupleElement(b, 'warn_lower')) OR isNotNull(tupleElement(b, 'warn_upper')) OR isNotNull(tupleElement(b, 'error_lower')) OR isNotNull(tupleElement(b, 'error_upper')))
            AND NOT arrayExists(l -> ifNull(isNaN(l), 0), [tupleElement(b, 'warn_lower'), tupleElement(b, 'warn_upper'), tupleElement(b, 'error_lower'), tupleElement(b, 'error_upper')])
            AND ifNull(tupleElement(b, 'error_lower') <= tupleElement(b, 'warn_lower'), 1) AND ifNull(tupleElement(b, 'warn_upper') <= tupleElement(b, 'error_upper'), 1)
            AND ifNull(tupleElement(b, 'warn_lower') <= tupleElement(b, 'warn_upper'), 1) AND ifNull(tupleElement(b, 'warn_lower') <= tupleElement(b, 'error_upper'), 1)
            AND ifNull(tupleElement(b, 'error_lower') <= tupleElement(b, 'warn_upper'), 1) AND ifNull(tupleElement(b, 'error_lower') <= tupleElement(b, 'error_upper'), 1), bounds)
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS leadline_internal.in_LogsReported
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, run_id String, job_namespace String, job_name String,
    lines Array(Tuple(time DateTime64(6, 'UTC'), level String, logger String, message String, exception String)),
    pointers Array(Tuple(kind String, location String)), dropped Int64,
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999
        AND arrayAll(l -> toUnixTimestamp64Micro(tupleElement(l, 'time')) BETWEEN 0 AND 7258118399999999, lines),
    CONSTRAINT empty_name CHECK event_id != ''
        AND run_id != ''
        AND job_namespace != ''
        AND job_name != ''
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS leadline_internal.in_EntityReported
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, kind String, namespace String, name String, aspect String,
    `values` Map(String, String), deleted Bool, actor String,
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999,
    CONSTRAINT empty_name CHECK event_id != ''
        AND namespace != ''
        AND name != ''
        AND aspect != '',
    CONSTRAINT unknown_state CHECK kind IN ('JOB', 'DATASET', 'MODEL', 'FEATURE_VIEW', 'DEPLOYMENT', 'ARTIFACT')
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS leadline_internal.in_BoundDeclared
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, origin String, version Int64, kind String, namespace String, name String,
    spec Tuple(
        bound_id String, metric String, dims Map(String, String), warn_lower Nullable(Float64),
        warn_upper Nullable(Float64), error_lower Nullable(Float64), error_upper Nullable(Float64), inclusive String,
        on_invalid String, state String, owner String, message String, runbook_url String
    ),
    actor String, reason String,
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999,
    CONSTRAINT empty_name CHECK event_id != ''
        AND namespace != ''
        AND name != ''
        AND tupleElement(spec, 'bound_id') != '' AND tupleElement(spec, 'metric') != '',
    CONSTRAINT unknown_state CHECK kind IN ('JOB', 'DATASET', 'MODEL', 'FEATURE_VIEW', 'DEPLOYMENT', 'ARTIFACT')
        AND origin IN ('CODE', 'OPERATOR', 'BUILT_IN')
        AND tupleElement(spec, 'state') IN ('ACTIVE', 'PAUSED', 'DELETED') AND tupleElement(spec, 'inclusive') IN ('both', 'lower', 'upper', 'none')
            AND tupleElement(spec, 'on_invalid') IN ('error', 'warn', 'ignore'),
    CONSTRAINT refused CHECK (isNotNull(tupleElement(spec, 'warn_lower')) OR isNotNull(tupleElement(spec, 'warn_upper')) OR isNotNull(tupleElement(spec, 'error_lower')) OR isNotNull(tupleElement(spec, 'error_upper')))
            AND NOT arrayExists(l -> ifNull(isNaN(l), 0), [tupleElement(spec, 'warn_lower'), tupleElement(spec, 'warn_upper'), tupleElement(spec, 'error_lower'), tupleElement(spec, 'error_upper')])
            AND ifNull(tupleElement(spec, 'error_lower') <= tupleElement(spec, 'warn_lower'), 1) AND ifNull(tupleElement(spec, 'warn_upper') <= tupleElement(spec, 'error_upper'), 1)
            AND ifNull(tupleElement(spec, 'warn_lower') <= tupleElement(spec, 'warn_upper'), 1) AND ifNull(tupleElement(spec, 'warn_lower') <= tupleElement(spec, 'error_upper'), 1)
            AND ifNull(tupleElement(spec, 'error_lower') <= tupleElement(spec, 'warn_upper'), 1) AND ifNull(tupleElement(spec, 'error_lower') <= tupleElement(spec, 'error_upper'), 1)
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS leadline_internal.in_DecisionRecorded
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, kind String, namespace String, name String, action String, actor String,
    version String, reason String, job_namespace String, job_name String, run_id String, details Map(String, String),
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999,
    CONSTRAINT empty_name CHECK event_id != ''
        AND namespace != ''
        AND name != ''
        AND action != '',
    CONSTRAINT unknown_state CHECK kind IN ('JOB', 'DATASET', 'MODEL', 'FEATURE_VIEW', 'DEPLOYMENT', 'ARTIFACT')
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS leadline_internal.in_EdgeObserved
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, granularity String, source_kind String, source_namespace String, source_name String,
    target_kind String, target_namespace String, target_name String, job_namespace String, job_name String,
    valid_from DateTime64(6, 'UTC'), last_seen DateTime64(6, 'UTC'), revision Int64,
    valid_to Nullable(DateTime64(6, 'UTC')), source_version String, source_field String, target_version String,
    target_field String, run_id String, retracted Bool,
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999,
    CONSTRAINT empty_name CHECK event_id != ''
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS leadline_internal.in_ChangeDetected
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, kind String, namespace String, name String, what String, before String, after String,
    job_namespace String, job_name String, run_id String, previous_run_id String, revision Int64, subject String,
    actor String, mode String, slot Nullable(DateTime64(6, 'UTC')), retracted Bool,
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999,
    CONSTRAINT empty_name CHECK event_id != ''
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS leadline_internal.in_Transition
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, episode_id String, series String, bound_id String, bound_version Int64,
    bound_origin String, transition String, ordinal Int64, severity String, kind String, namespace String, name String,
    metric String, value Float64, opened_at DateTime64(6, 'UTC'), condition String, previous_severity String,
    reason String, version String, dims Map(String, String), unit String, threshold Nullable(Float64),
    peak Nullable(Float64), readings Int64, last_good_value Nullable(Float64),
    last_good_time Nullable(DateTime64(6, 'UTC')), last_good_run_id String, opened_slot Nullable(DateTime64(6, 'UTC')),
    slot Nullable(DateTime64(6, 'UTC')), mode String DEFAULT 'LIVE', owner String, message String, runbook_url String,
    job_namespace String, job_name String, run_id String, reading_event_id String,
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999,
    CONSTRAINT empty_name CHECK event_id != ''
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS leadline_internal.in_Alert
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, episode_id String, series String, bound_id String, bound_version Int64,
    bound_origin String, transition String, ordinal Int64, severity String, kind String, namespace String, name String,
    metric String, value Float64, opened_at DateTime64(6, 'UTC'), condition String, previous_severity String,
    reason String, version String, dims Map(String, String), unit String, threshold Nullable(Float64),
    peak Nullable(Float64), readings Int64, last_good_value Nullable(Float64),
    last_good_time Nullable(DateTime64(6, 'UTC')), last_good_run_id String, opened_slot Nullable(DateTime64(6, 'UTC')),
    slot Nullable(DateTime64(6, 'UTC')), mode String DEFAULT 'LIVE', owner String, message String, runbook_url String,
    job_namespace String, job_name String, run_id String, reading_event_id String, owner_source String DEFAULT 'unowned',
    on_call String, summary String,
    last_good Tuple(value Float64, event_time DateTime64(6, 'UTC'), slot Nullable(DateTime64(6, 'UTC')), run_id String),
    changes Array(Tuple(
        kind String, namespace String, name String, what String, before String, after String,
        event_time DateTime64(6, 'UTC'), job_namespace String, job_name String, run_id String, distance Int64,
        actor String, confidence String, evidence String
    )),
    upstream_open Array(Tuple(
        episode_id String, kind String, namespace String, name String, metric String, severity String,
        opened_at DateTime64(6, 'UTC'), distance Int64
    )),
    downstream Array(Tuple(kind String, namespace String, name String, distance Int64, owner String)),
    downstream_count Int64, run_state String, error_message String, host String, code_commit String,
    log_excerpt Array(String), missing Array(String), watermark Nullable(DateTime64(6, 'UTC')),
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999,
    CONSTRAINT empty_name CHECK event_id != ''
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS leadline_internal.in_DeadLetter
(
    _partition Int32, _offset Int64, recorded_at DateTime64(6, 'UTC'), event_id String, event_time DateTime64(6, 'UTC'),
    producer String, source String, consumer String, topic String, `partition` Int64, `offset` Int64,
    `timestamp` DateTime64(6, 'UTC'), reason String, error String, `key` String, payload String,
    headers Array(Tuple(key String, value String)),
    CONSTRAINT time_out_of_range CHECK toUnixTimestamp64Micro(event_time) BETWEEN 0 AND 7258118399999999,
    CONSTRAINT empty_name CHECK event_id != ''
) ENGINE = Null;
