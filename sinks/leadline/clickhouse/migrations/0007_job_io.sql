-- What jobs read and write, all their runs together, by node: run_io answers that too, but only by reading every run.
-- Small granules in compact parts, since it is asked for many single nodes at once, as edges_by_source is; by direction first,
-- since that is nearly always known, and far less is written than read. The index finds what a job reads and writes.

CREATE TABLE IF NOT EXISTS leadline_internal.job_io
(
    kind LowCardinality(String), namespace String, name String, direction LowCardinality(String), job_namespace String,
    job_name String,
    first_seen SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    recorded_at SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    INDEX by_job job_name TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = AggregatingMergeTree
ORDER BY (direction, kind, namespace, name, job_namespace, job_name)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 512, min_bytes_for_wide_part = 1000000000;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.RunEvent_to_job_io TO leadline_internal.job_io AS
SELECT tupleElement(io, 2) AS kind, tupleElement(io, 3) AS namespace, tupleElement(io, 4) AS name,
    tupleElement(io, 1) AS direction, job_namespace, job_name, event_time AS first_seen, event_time AS last_seen, recorded_at
FROM leadline_internal.in_RunEvent
ARRAY JOIN arrayConcat(
    arrayMap(i -> ('INPUT', i.kind, i.namespace, i.name), inputs),
    arrayMap(o -> ('OUTPUT', o.kind, o.namespace, o.name), outputs)) AS io;

CREATE OR REPLACE VIEW leadline.job_io
(
    kind String COMMENT 'Kind of the node that was read or written',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    direction String COMMENT 'INPUT or OUTPUT',
    job_namespace String COMMENT 'Namespace of the job',
    job_name String COMMENT 'Name of the job',
    first_seen DateTime64(6, 'UTC') COMMENT 'Event time of the first run event that said so',
    last_seen DateTime64(6, 'UTC') COMMENT 'Event time of the latest',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When that was first known'
) AS
-- Grouped, not FINAL: for hundreds of scattered nodes that takes half of the time.
SELECT kind, namespace, name, direction, job_namespace, job_name, min(j.first_seen) AS first_seen, max(j.last_seen) AS last_seen,
    min(j.recorded_at) AS recorded_at
FROM leadline_internal.job_io AS j
GROUP BY kind, namespace, name, direction, job_namespace, job_name
COMMENT 'Which jobs read and write what, all their runs together; fast by node';
