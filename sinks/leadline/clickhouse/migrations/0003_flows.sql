-- From inlets to tables. Nothing is computed here that a second arrival of the same event would change.

-- Runs ---------------------------------------------------------------------------------------------------------------

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.RunEvent_to_run_events TO leadline_internal.run_events AS
SELECT * EXCEPT (_partition, _offset, nominal_end_at, parent_run_id, parent_job_namespace, parent_job_name, root_run_id,
    root_job_namespace, root_job_name, process_id)
FROM leadline_internal.in_RunEvent;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.RunEvent_to_run_state TO leadline_internal.run_state AS
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
        'code_branch', code_branch, 'code_path', code_path, 'engine', engine, 'error_type', error_type,
        'error_message', error_message, 'error_stack', error_stack, 'producer', producer))) AS texts,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), mapFilter((k, v) -> NOT isNaN(v), map(
        'attempt', toFloat64(attempt), 'process_id', ifNull(toFloat64(process_id), nan),
        'code_dirty', ifNull(toFloat64(code_dirty), nan), 'duration_seconds', ifNull(duration_seconds, nan),
        'peak_memory_bytes', ifNull(toFloat64(peak_memory_bytes), nan),
        'heartbeat_seconds', ifNull(heartbeat_seconds, nan),
        'nominal_at', ifNull(toFloat64(toUnixTimestamp64Micro(nominal_at)), nan),
        'nominal_end_at', ifNull(toFloat64(toUnixTimestamp64Micro(nominal_end_at)), nan),
        'deadline_at', ifNull(toFloat64(toUnixTimestamp64Micro(deadline_at)), nan)))) AS numbers,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), packages) AS packages,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), parameters) AS parameters,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), tags) AS tags,
    mapApply((k, v) -> (k, (toUnixTimestamp64Micro(event_time), v)), facets) AS facets
FROM leadline_internal.in_RunEvent;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.RunEvent_to_run_io TO leadline_internal.run_io AS
SELECT job_namespace, job_name, run_id, tupleElement(io, 1) AS direction, tupleElement(io, 2) AS kind,
    tupleElement(io, 3) AS namespace, tupleElement(io, 4) AS name, tupleElement(io, 5) AS version,
    tupleElement(io, 6) AS schema_version, event_time, recorded_at
FROM leadline_internal.in_RunEvent
ARRAY JOIN arrayConcat(
    arrayMap(i -> ('INPUT', i.kind, i.namespace, i.name, i.version, i.schema_version), inputs),
    arrayMap(o -> ('OUTPUT', o.kind, o.namespace, o.name, o.version, o.schema_version), outputs)) AS io;

-- Nodes --------------------------------------------------------------------------------------------------------------

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.RunEvent_to_nodes TO leadline_internal.nodes AS
SELECT tupleElement(node, 1) AS kind, tupleElement(node, 2) AS namespace, tupleElement(node, 3) AS name,
    event_time AS first_seen, event_time AS last_seen, recorded_at,
    if(tupleElement(node, 4) = '', (0, ''), (toUnixTimestamp64Micro(event_time), tupleElement(node, 4))) AS last_version,
    if(tupleElement(node, 1) != 'JOB' OR owner = '', (0, ''), (toUnixTimestamp64Micro(event_time), owner)) AS run_owner
FROM leadline_internal.in_RunEvent
ARRAY JOIN arrayConcat([('JOB', job_namespace, job_name, '')],
    arrayMap(i -> (i.kind, i.namespace, i.name, i.version), arrayConcat(inputs, outputs))) AS node;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.MetricsReported_to_nodes TO leadline_internal.nodes AS
SELECT kind, namespace, name, min(event_time) AS first_seen, max(event_time) AS last_seen, min(recorded_at) AS recorded_at,
    max(if(version = '', (0, ''), (toUnixTimestamp64Micro(event_time), version))) AS last_version, (0, '') AS run_owner
FROM leadline_internal.in_MetricsReported
GROUP BY kind, namespace, name;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.EntityReported_to_nodes TO leadline_internal.nodes AS
SELECT kind, namespace, name, event_time AS first_seen, event_time AS last_seen, recorded_at, (0, '') AS last_version,
    (0, '') AS run_owner
FROM leadline_internal.in_EntityReported;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.DecisionRecorded_to_nodes TO leadline_internal.nodes AS
SELECT kind, namespace, name, event_time AS first_seen, event_time AS last_seen, recorded_at, (0, '') AS last_version,
    (0, '') AS run_owner
FROM leadline_internal.in_DecisionRecorded;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.RunEvent_to_versions TO leadline_internal.versions AS
SELECT tupleElement(io, 2) AS kind, tupleElement(io, 3) AS namespace, tupleElement(io, 4) AS name,
    tupleElement(io, 5) AS version, tupleElement(io, 6) AS schema_version,
    if(tupleElement(io, 1) = 'OUTPUT', (0, event_time, job_namespace, job_name, run_id), (1, event_time, '', '', '')) AS made_by,
    recorded_at
FROM leadline_internal.in_RunEvent
ARRAY JOIN arrayFilter(n -> tupleElement(n, 5) != '', arrayConcat(
    arrayMap(i -> ('INPUT', i.kind, i.namespace, i.name, i.version, i.schema_version), inputs),
    arrayMap(o -> ('OUTPUT', o.kind, o.namespace, o.name, o.version, o.schema_version), outputs))) AS io;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.MetricsReported_to_versions TO leadline_internal.versions AS
SELECT kind, namespace, name, version, '' AS schema_version, (1, min(event_time), '', '', '') AS made_by,
    min(recorded_at) AS recorded_at
FROM leadline_internal.in_MetricsReported
WHERE version != ''
GROUP BY kind, namespace, name, version;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.EntityReported_to_entities TO leadline_internal.entities AS
SELECT * EXCEPT (_partition, _offset, producer) FROM leadline_internal.in_EntityReported;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.DecisionRecorded_to_decisions TO leadline_internal.decisions AS
SELECT * EXCEPT (_partition, _offset, producer) FROM leadline_internal.in_DecisionRecorded;

-- Readings and bounds ------------------------------------------------------------------------------------------------

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.MetricsReported_to_readings TO leadline_internal.readings AS
SELECT kind, namespace, name, r.metric AS metric, toString(mapSort(r.dims)) AS dims_key,
    ifNull(slot, event_time) AS time, event_id, position, version, r.value AS value, r.unit AS unit, mapSort(r.dims) AS dims,
    event_time, slot, mode, attempt, run_ended_at, job_namespace, job_name, run_id, source, recorded_at
FROM leadline_internal.in_MetricsReported
ARRAY JOIN readings AS r, arrayEnumerate(readings) AS position;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.MetricsReported_to_touched_hours TO leadline_internal.touched_hours AS
SELECT _partition, min(_offset) AS first_offset, max(_offset) AS last_offset, kind, namespace, name, r.metric AS metric,
    toString(mapSort(r.dims)) AS dims_key,
    fromUnixTimestamp64Micro(intDiv(toUnixTimestamp64Micro(ifNull(slot, event_time)), 3600000000) * 3600000000, 'UTC') AS hour
FROM leadline_internal.in_MetricsReported
ARRAY JOIN readings AS r
GROUP BY _partition, kind, namespace, name, metric, dims_key, hour;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.MetricsReported_to_bounds_inline TO leadline_internal.bounds_inline AS
SELECT b.bound_id AS bound_id, kind, namespace, name, cityHash64(toString(b)) AS spec_hash, b AS spec,
    event_time AS first_seen, event_time AS last_seen, recorded_at
FROM leadline_internal.in_MetricsReported
ARRAY JOIN bounds AS b;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.BoundDeclared_to_bounds_declared TO leadline_internal.bounds_declared AS
SELECT tupleElement(spec, 'bound_id') AS bound_id, * EXCEPT (_partition, _offset, producer)
FROM leadline_internal.in_BoundDeclared;

-- Derived ------------------------------------------------------------------------------------------------------------

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.EdgeObserved_to_edge_revisions TO leadline_internal.edge_revisions AS
SELECT * EXCEPT (_partition, _offset, producer, source) FROM leadline_internal.in_EdgeObserved;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.EdgeObserved_to_edges_by_source TO leadline_internal.edges_by_source AS
SELECT * EXCEPT (_partition, _offset, producer, source, event_id, event_time) FROM leadline_internal.in_EdgeObserved;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.EdgeObserved_to_edges_by_target TO leadline_internal.edges_by_target AS
SELECT * EXCEPT (_partition, _offset, producer, source, event_id, event_time) FROM leadline_internal.in_EdgeObserved;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.ChangeDetected_to_changes TO leadline_internal.changes AS
SELECT * EXCEPT (_partition, _offset, producer, source) FROM leadline_internal.in_ChangeDetected;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.Transition_to_alert_events TO leadline_internal.alert_events AS
SELECT * EXCEPT (_partition, _offset, producer, source), false AS enriched FROM leadline_internal.in_Transition;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.Alert_to_alert_events TO leadline_internal.alert_events AS
SELECT * EXCEPT (_partition, _offset, producer, source, last_good), true AS enriched,
    tupleElement(last_good, 'slot') AS last_good_slot
FROM leadline_internal.in_Alert;

-- Logs and dead letters ----------------------------------------------------------------------------------------------

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.LogsReported_to_logs TO leadline_internal.logs AS
SELECT job_namespace, job_name, run_id, tupleElement(line, 1) AS time, event_id, position, tupleElement(line, 2) AS level,
    tupleElement(line, 3) AS logger, tupleElement(line, 4) AS message, tupleElement(line, 5) AS exception,
    tupleElement(line, 6) AS pointer_kind, tupleElement(line, 7) AS pointer, if(position = 1, dropped, 0) AS dropped,
    event_time, recorded_at
FROM leadline_internal.in_LogsReported
ARRAY JOIN arrayConcat(
    arrayMap(l -> (l.time, l.level, l.logger, l.message, l.exception, '', ''), lines),
    arrayMap(p -> (event_time, '', '', '', '', p.kind, p.location), pointers)) AS line,
    arrayEnumerate(arrayConcat(arrayMap(l -> 1, lines), arrayMap(p -> 1, pointers))) AS position;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.DeadLetter_to_dead_letters TO leadline_internal.dead_letters AS
SELECT * EXCEPT (_partition, _offset, producer, source) FROM leadline_internal.in_DeadLetter;
