-- What bounds were, and when. A bound that is declared next to values is said again and again: the table holds when which
-- content was said, bounds_inline the content itself under the same hash. Tests declare no bounds, as for the processor.

CREATE TABLE IF NOT EXISTS leadline_internal.bounds_said
(
    kind LowCardinality(String), namespace String, name String, bound_id String, event_time DateTime64(6, 'UTC'),
    spec_hash UInt64,
    limits UInt8, -- how many are set: of two contents said for one time the one with more holds
    recorded_at DateTime64(6, 'UTC'),
    _first Int64 MATERIALIZED -toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_first)
PARTITION BY toYYYYMM(event_time)
ORDER BY (kind, namespace, name, bound_id, event_time, spec_hash)
TTL toDateTime(recorded_at) + INTERVAL 730 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.MetricsReported_to_bounds_said TO leadline_internal.bounds_said AS
SELECT kind, namespace, name, b.bound_id AS bound_id, event_time, cityHash64(toString(b)) AS spec_hash,
    isNotNull(b.warn_lower) + isNotNull(b.warn_upper) + isNotNull(b.error_lower) + isNotNull(b.error_upper) AS limits,
    recorded_at
FROM leadline_internal.in_MetricsReported
ARRAY JOIN bounds AS b
WHERE mode != 'TEST';

ALTER TABLE leadline_internal.MetricsReported_to_bounds_inline MODIFY QUERY
SELECT b.bound_id AS bound_id, kind, namespace, name, cityHash64(toString(b)) AS spec_hash, b AS spec,
    event_time AS first_seen, event_time AS last_seen, recorded_at
FROM leadline_internal.in_MetricsReported
ARRAY JOIN bounds AS b
WHERE mode != 'TEST';

CREATE OR REPLACE VIEW leadline.bounds
(
    bound_id String COMMENT 'Id of the bound, chosen by its author; with the node it is the bound''s identity',
    origin String COMMENT 'CODE or OPERATOR: two slots of one bound of one node',
    effective Bool COMMENT 'True for the slot that counts: the operator''s where there is one that is not DELETED',
    state String COMMENT 'ACTIVE, PAUSED or DELETED',
    version Int64 COMMENT 'Version of this slot; 0: declared next to a value',
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    metric String COMMENT 'Name of the metric',
    dims Map(String, String) COMMENT 'Only readings with these dimensions; empty: all',
    warn_lower Nullable(Float64) COMMENT 'warn below it, in the metric''s unit',
    warn_upper Nullable(Float64) COMMENT 'warn above it, in the metric''s unit',
    error_lower Nullable(Float64) COMMENT 'error below it, in the metric''s unit',
    error_upper Nullable(Float64) COMMENT 'error above it, in the metric''s unit',
    inclusive String COMMENT 'Which limits themselves are within: both, lower, upper or none',
    on_invalid String COMMENT 'Severity of NaN and infinities: error, warn or ignore',
    owner String COMMENT 'Who is called; empty: the node''s owner',
    message String COMMENT 'What the paged person should know',
    runbook_url String COMMENT 'Runbook',
    actor String COMMENT 'Who declared it; empty: the code',
    reason String COMMENT 'Why',
    event_time DateTime64(6, 'UTC') COMMENT 'When this slot first had its present content; see bound_versions',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When that was known'
) AS
SELECT bound_id, origin,
    toBool(if(origin = 'OPERATOR', s.spec.state != 'DELETED',
        countIf(origin = 'OPERATOR' AND s.spec.state != 'DELETED') OVER (PARTITION BY bound_id, kind, namespace, name) = 0))
        AS effective,
    s.spec.state AS state, s.version AS version, kind, namespace, name,
    s.spec.metric AS metric, s.spec.dims AS dims, s.spec.warn_lower AS warn_lower, s.spec.warn_upper AS warn_upper,
    s.spec.error_lower AS error_lower, s.spec.error_upper AS error_upper, s.spec.inclusive AS inclusive,
    s.spec.on_invalid AS on_invalid, s.spec.owner AS owner, s.spec.message AS message, s.spec.runbook_url AS runbook_url,
    s.actor AS actor, s.reason AS reason, s.event_time AS event_time, s.recorded_at AS recorded_at
FROM (
    -- Of the operator's the highest version; of the code's what was said last, next to a value or by itself, and of two
    -- said for one time the one with more limits.
    SELECT bound_id, kind, namespace, name, origin, argMax(
        CAST((version, spec, actor, reason, event_time, recorded_at),
            'Tuple(version Int64, spec Tuple(bound_id String, metric String,
            dims Map(String, String), warn_lower Nullable(Float64), warn_upper Nullable(Float64), error_lower Nullable(Float64),
            error_upper Nullable(Float64), inclusive String, on_invalid String, state String, owner String, message String,
            runbook_url String), actor String, reason String, event_time DateTime64(6, \'UTC\'),
            recorded_at DateTime64(6, \'UTC\'))'),
        (if(origin = 'OPERATOR', version, 0), said_at, limits, toString(spec))) AS s
    FROM (
        SELECT bound_id, toString(origin) AS origin, version, toString(kind) AS kind, namespace, name, spec, actor, reason,
            event_time, recorded_at, event_time AS said_at, isNotNull(spec.warn_lower) + isNotNull(spec.warn_upper)
                + isNotNull(spec.error_lower) + isNotNull(spec.error_upper) AS limits
        FROM leadline_internal.bounds_declared FINAL
        UNION ALL
        SELECT bound_id, 'CODE', 0, toString(kind), namespace, name, spec, '', '', first_seen, recorded_at, last_seen,
            isNotNull(spec.warn_lower) + isNotNull(spec.warn_upper) + isNotNull(spec.error_lower) + isNotNull(spec.error_upper)
        FROM leadline_internal.bounds_inline FINAL
    )
    GROUP BY bound_id, kind, namespace, name, origin
)
COMMENT 'What metrics must stay within';

CREATE OR REPLACE VIEW leadline.bound_versions
(
    bound_id String COMMENT 'Id of the bound; with the node it is the bound''s identity',
    origin String COMMENT 'CODE or OPERATOR: two slots of one bound; the operator''s counts while it is there and not DELETED',
    version Int64 COMMENT 'As alerts say it: the declaration''s; next to a value valid_from in microseconds',
    state String COMMENT 'ACTIVE, PAUSED or DELETED',
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    metric String COMMENT 'Name of the metric',
    dims Map(String, String) COMMENT 'Only readings with these dimensions; empty: all',
    warn_lower Nullable(Float64) COMMENT 'warn below it, in the metric''s unit',
    warn_upper Nullable(Float64) COMMENT 'warn above it, in the metric''s unit',
    error_lower Nullable(Float64) COMMENT 'error below it, in the metric''s unit',
    error_upper Nullable(Float64) COMMENT 'error above it, in the metric''s unit',
    inclusive String COMMENT 'Which limits themselves are within: both, lower, upper or none',
    on_invalid String COMMENT 'Severity of NaN and infinities: error, warn or ignore',
    owner String COMMENT 'Who is called; empty: the node''s owner',
    message String COMMENT 'What the paged person should know',
    runbook_url String COMMENT 'Runbook',
    actor String COMMENT 'Who declared it; empty: the code',
    reason String COMMENT 'Why',
    valid_from DateTime64(6, 'UTC') COMMENT 'Event time from which the slot had this content',
    valid_to Nullable(DateTime64(6, 'UTC')) COMMENT 'Event time from which it had another; null: it has this one',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When that was known'
) AS
WITH if(v.declared, v.spec, i.spec) AS said
SELECT v.bound_id AS bound_id, v.origin AS origin, v.version AS version, tupleElement(said, 'state') AS state, v.kind AS kind,
    v.namespace AS namespace, v.name AS name, tupleElement(said, 'metric') AS metric, tupleElement(said, 'dims') AS dims,
    tupleElement(said, 'warn_lower') AS warn_lower, tupleElement(said, 'warn_upper') AS warn_upper,
    tupleElement(said, 'error_lower') AS error_lower, tupleElement(said, 'error_upper') AS error_upper,
    tupleElement(said, 'inclusive') AS inclusive, tupleElement(said, 'on_invalid') AS on_invalid,
    tupleElement(said, 'owner') AS owner, tupleElement(said, 'message') AS message,
    tupleElement(said, 'runbook_url') AS runbook_url, v.actor AS actor, v.reason AS reason, v.valid_from AS valid_from,
    v.valid_to AS valid_to, v.recorded_at AS recorded_at
FROM (
    -- Filters on the node pass all windows, down to the keys of the tables, since each is within one slot of one bound.
    SELECT *, leadInFrame(toNullable(valid_from)) OVER (PARTITION BY bound_id, kind, namespace, name, origin ORDER BY valid_from
        ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS valid_to
    FROM (
        SELECT *, lagInFrame(toNullable(content)) OVER (PARTITION BY bound_id, kind, namespace, name, origin ORDER BY valid_from
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
        FROM (
            SELECT *, max(rank) OVER (PARTITION BY bound_id, kind, namespace, name, origin ORDER BY valid_from
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS highest
            FROM (
                SELECT bound_id, kind, namespace, name, origin, valid_from, max(f.rank) AS rank,
                    argMax((f.version, f.content, f.declared, f.spec, f.actor, f.reason, f.recorded_at),
                        (f.rank, f.limits, f.content, -toUnixTimestamp64Micro(f.recorded_at))) AS newest,
                    newest.1 AS version, newest.2 AS content, newest.3 AS declared, newest.4 AS spec, newest.5 AS actor,
                    newest.6 AS reason, newest.7 AS recorded_at
                FROM (
                    -- The operator's word counts by its version; code repeats itself, which makes no new version.
                    SELECT bound_id, toString(kind) AS kind, namespace, name, toString(origin) AS origin,
                        event_time AS valid_from, if(origin = 'OPERATOR', d.version, 0) AS rank, d.version AS version,
                        if(origin = 'OPERATOR', cityHash64(d.version, event_id), cityHash64(toString(d.spec))) AS content,
                        true AS declared, d.spec AS spec, actor, reason, d.recorded_at AS recorded_at,
                        isNotNull(spec.warn_lower) + isNotNull(spec.warn_upper) + isNotNull(spec.error_lower)
                            + isNotNull(spec.error_upper) AS limits
                    FROM leadline_internal.bounds_declared AS d
                    UNION ALL
                    SELECT bound_id, toString(kind), namespace, name, 'CODE', event_time, 0, toUnixTimestamp64Micro(event_time),
                        spec_hash, false, defaultValueOfTypeName('Tuple(bound_id String, metric String,
                            dims Map(String, String), warn_lower Nullable(Float64), warn_upper Nullable(Float64),
                            error_lower Nullable(Float64), error_upper Nullable(Float64), inclusive String, on_invalid String,
                            state String, owner String, message String, runbook_url String)'), '', '', recorded_at, limits
                    FROM leadline_internal.bounds_said
                    UNION ALL
                    -- What was said before the table was there, or is older than it keeps.
                    SELECT bound_id, toString(kind), namespace, name, 'CODE', seen, 0, toUnixTimestamp64Micro(seen), spec_hash,
                        false, spec, '', '', recorded_at, isNotNull(spec.warn_lower) + isNotNull(spec.warn_upper)
                            + isNotNull(spec.error_lower) + isNotNull(spec.error_upper)
                    FROM leadline_internal.bounds_inline
                    ARRAY JOIN [first_seen, last_seen] AS seen
                ) AS f
                GROUP BY bound_id, kind, namespace, name, origin, valid_from
            )
        )
        WHERE rank = highest
    )
    WHERE isDistinctFrom(before, content)
) AS v
LEFT JOIN (SELECT bound_id, kind, namespace, name, spec_hash, spec FROM leadline_internal.bounds_inline FINAL) AS i
    ON v.bound_id = i.bound_id AND v.kind = i.kind AND v.namespace = i.namespace AND v.name = i.name AND v.content = i.spec_hash
COMMENT 'What metrics had to stay within: every content of every bound, and from when to when it held';
