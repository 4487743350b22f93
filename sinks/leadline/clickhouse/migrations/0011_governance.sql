-- Governance: who changed what, which version of a node counts, and which versions runs read.

-- Who said a bound next to a value: bounds_said holds when which content was said, this by which run. Older words have none.
CREATE TABLE IF NOT EXISTS leadline_internal.bound_authors
(
    kind LowCardinality(String), namespace String, name String, bound_id String, event_time DateTime64(6, 'UTC'),
    spec_hash UInt64, event_id String, source LowCardinality(String), job_namespace String, job_name String, run_id String,
    recorded_at DateTime64(6, 'UTC'),
    _first Int64 MATERIALIZED -toUnixTimestamp64Micro(recorded_at)
)
ENGINE = ReplacingMergeTree(_first)
PARTITION BY toYYYYMM(event_time)
ORDER BY (kind, namespace, name, bound_id, event_time, spec_hash)
TTL toDateTime(recorded_at) + INTERVAL 730 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.MetricsReported_to_bound_authors TO leadline_internal.bound_authors AS
SELECT kind, namespace, name, b.bound_id AS bound_id, event_time, cityHash64(toString(b)) AS spec_hash, event_id, source,
    job_namespace, job_name, run_id, recorded_at
FROM leadline_internal.in_MetricsReported
ARRAY JOIN bounds AS b
WHERE mode != 'TEST';

CREATE OR REPLACE VIEW leadline.audit
(
    event_id String COMMENT 'Id of the event; empty: a bound next to a value, of before its author was kept',
    event_time DateTime64(6, 'UTC') COMMENT 'When it was done',
    actor String COMMENT 'Who did it; empty: not said, see tool and job',
    what String COMMENT 'bound, decision or entity',
    action String COMMENT 'set, paused or deleted (bound), the decision''s verb, reported or deleted (entity)',
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    subject String COMMENT 'Bound id, version that was decided about, or aspect of the entity: ownership, tags, alias ...',
    before String COMMENT 'What was said before of the same thing, as JSON; empty: nothing, or a decision',
    after String COMMENT 'What was said, as JSON',
    fields Array(String) COMMENT 'Names of what differs between before and after, such as owner, on_call, a tag or error_lower',
    changed Bool COMMENT 'False: it was only said again',
    origin String COMMENT 'Of a bound CODE or OPERATOR; else empty',
    reason String COMMENT 'Why; empty: not said',
    tool String COMMENT 'Where it was done, for example cli',
    job_namespace String COMMENT 'Namespace of the job that did it: carried a decision out, or has the bound in its code',
    job_name String COMMENT 'Name of that job; empty: none, or not known',
    run_id String COMMENT 'Run of that job',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was known'
) AS
WITH
    arrayFilter(pair -> tupleElement(pair, 2) NOT IN ('""', 'null', '{}'), JSONExtractKeysAndValuesRaw(d.before)) AS gone,
    arrayFilter(pair -> tupleElement(pair, 2) NOT IN ('""', 'null', '{}'), JSONExtractKeysAndValuesRaw(d.now)) AS come
SELECT event_id, event_time, actor, what, action, kind, namespace, name, subject, d.before AS before, after,
    if(what = 'decision', [], arraySort(arrayDistinct(arrayMap(pair -> tupleElement(pair, 1), arrayConcat(
        arrayFilter(pair -> NOT has(gone, pair), come), arrayFilter(pair -> NOT has(come, pair), gone)))))) AS fields,
    toBool(what = 'decision' OR notEmpty(fields)) AS changed, origin, reason, tool, job_namespace, job_name, run_id, recorded_at
FROM (
    SELECT event_id, event_time, actor, 'bound' AS what,
        multiIf(b.spec.state = 'PAUSED', 'paused', b.spec.state = 'DELETED', 'deleted', 'set') AS action, toString(kind) AS kind,
        namespace, name, bound_id AS subject, lagInFrame(toJSONString(b.spec), 1, '') OVER slot AS before,
        toJSONString(b.spec) AS after, after AS now, toString(origin) AS origin, reason, source AS tool, '' AS job_namespace,
        '' AS job_name, '' AS run_id, recorded_at
    FROM leadline_internal.bounds_declared AS b FINAL
    WINDOW slot AS (PARTITION BY bound_id, kind, namespace, name, origin ORDER BY event_time, event_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    UNION ALL
    -- Next to values a bound is said again and again: here only when it became another.
    SELECT a.event_id, v.event_time, '', 'bound', v.action, v.kind, v.namespace, v.name, v.bound_id, v.before, v.after, v.after,
        'CODE', '', toString(a.source), a.job_namespace, a.job_name, a.run_id, v.recorded_at
    FROM (
        SELECT valid_from AS event_time, multiIf(state = 'PAUSED', 'paused', state = 'DELETED', 'deleted', 'set') AS action, kind,
            namespace, name, bound_id, lagInFrame(said, 1, '') OVER slot AS before, said AS after, version, recorded_at
        FROM (
            SELECT *, toJSONString(CAST((bound_id, metric, dims, warn_lower, warn_upper, error_lower, error_upper, inclusive,
                on_invalid, state, owner, message, runbook_url), 'Tuple(bound_id String, metric String,
                dims Map(String, String), warn_lower Nullable(Float64), warn_upper Nullable(Float64),
                error_lower Nullable(Float64), error_upper Nullable(Float64), inclusive String, on_invalid String,
                state String, owner String, message String, runbook_url String)')) AS said
            FROM leadline.bound_versions
            WHERE origin = 'CODE'
        )
        WINDOW slot AS (PARTITION BY bound_id, kind, namespace, name ORDER BY valid_from
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    ) AS v
    -- Of two contents that were said for one time bound_versions has one; either's author is one of that time.
    LEFT ANY JOIN (SELECT * FROM leadline_internal.bound_authors FINAL) AS a
        ON v.kind = a.kind AND v.namespace = a.namespace AND v.name = a.name AND v.bound_id = a.bound_id
        AND v.event_time = a.event_time
    WHERE (v.bound_id, v.kind, v.namespace, v.name, v.event_time) NOT IN (
        SELECT bound_id, toString(kind), namespace, name, event_time FROM leadline_internal.bounds_declared WHERE origin = 'CODE')
    UNION ALL
    SELECT event_id, event_time, actor, 'decision', action, toString(kind), namespace, name, version, '', toJSONString(details),
        '', '', reason, source, job_namespace, job_name, run_id, recorded_at
    FROM leadline_internal.decisions FINAL
    UNION ALL
    SELECT event_id, event_time, actor, 'entity', if(deleted, 'deleted', 'reported'), toString(kind), namespace, name,
        toString(aspect), lagInFrame(if(deleted, '', toJSONString(`values`)), 1, '') OVER slot, toJSONString(`values`),
        if(deleted, '', toJSONString(`values`)), '', '', source, '', '', '', recorded_at
    FROM leadline_internal.entities FINAL
    WINDOW slot AS (PARTITION BY kind, namespace, name, aspect, source ORDER BY event_time, event_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
) AS d
COMMENT 'Who or what changed what, and when: bounds, decisions, owners, on-call, aliases, tags, descriptions, lifecycles';

-- Versions -----------------------------------------------------------------------------------------------------------

-- Which run wrote which version, by node, and how runs ended: run_io and run_state say it too, but only by reading names and maps of
-- every run, which takes more memory than a reader has. Runs are joined by a hash, which is a tenth of their names.

CREATE TABLE IF NOT EXISTS leadline_internal.version_writes
(
    kind LowCardinality(String), namespace String, name String, version String, run_key UInt64,
    schema_version SimpleAggregateFunction(max, String), job_namespace SimpleAggregateFunction(any, String),
    job_name SimpleAggregateFunction(any, String), run_id SimpleAggregateFunction(any, String),
    recorded_at SimpleAggregateFunction(min, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (kind, namespace, name, version, run_key)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS leadline_internal.run_outcomes
(
    run_key UInt64,
    state SimpleAggregateFunction(max, Tuple(class UInt8, time Int64, rank UInt8, type String)),
    started SimpleAggregateFunction(min, Tuple(not_start UInt8, time DateTime64(6, 'UTC'))),
    test SimpleAggregateFunction(max, Bool),
    recorded_at SimpleAggregateFunction(max, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (run_key)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.RunEvent_to_version_writes TO leadline_internal.version_writes AS
SELECT o.kind AS kind, o.namespace AS namespace, o.name AS name, o.version AS version,
    sipHash64(job_namespace, job_name, run_id) AS run_key, o.schema_version AS schema_version, job_namespace, job_name, run_id,
    recorded_at
FROM leadline_internal.in_RunEvent
ARRAY JOIN outputs AS o
WHERE o.version != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS leadline_internal.RunEvent_to_run_outcomes TO leadline_internal.run_outcomes AS
SELECT sipHash64(job_namespace, job_name, run_id) AS run_key, tuple(
        multiIf(event_type IN ('COMPLETE', 'FAIL', 'ABORT'), 2, event_type = 'LOST', 1, 0),
        toUnixTimestamp64Micro(event_time),
        indexOf(['COMPLETE', 'ABORT', 'FAIL'], event_type),
        event_type
    ) AS state,
    tuple(event_type != 'START', event_time) AS started, mode = 'TEST' AS test, recorded_at
FROM leadline_internal.in_RunEvent;

-- What was there before. Run again, or beside the views above, it changes nothing.
INSERT INTO leadline_internal.version_writes
SELECT kind, namespace, name, version, sipHash64(job_namespace, job_name, run_id), schema_version, job_namespace, job_name, run_id,
    recorded_at
FROM leadline_internal.run_io
WHERE direction = 'OUTPUT' AND version != '';

INSERT INTO leadline_internal.run_outcomes
SELECT sipHash64(job_namespace, job_name, run_id), state, started, texts['mode'].2 = 'TEST', last_recorded_at
FROM leadline_internal.run_state;

-- When a version became the one that counts: a run that wrote it succeeded, or somebody described it outside of any run.
CREATE OR REPLACE VIEW leadline.version_moves
(
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    version String COMMENT 'Version that became current; the same one again where it was written again',
    schema_version String COMMENT 'Hash of the columns and their types; empty: not known',
    moved_at DateTime64(6, 'UTC') COMMENT 'When it became current: the end of the run, or the description',
    job_namespace String COMMENT 'Namespace of the job that wrote it; empty: it was described without a run',
    job_name String COMMENT 'Name of the job that wrote it',
    run_id String COMMENT 'The successful run that wrote it',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When that was known'
) AS
SELECT toString(w.kind) AS kind, w.namespace AS namespace, w.name AS name, w.version AS version,
    w.schema_version AS schema_version, r.ended_at AS moved_at, w.job_namespace AS job_namespace, w.job_name AS job_name,
    w.run_id AS run_id, greatest(w.recorded_at, r.recorded_at) AS recorded_at
-- What is asked for stands on the right, of which a table is made in memory; the runs, all of them, only pass by.
FROM (
    SELECT run_key, fromUnixTimestamp64Micro(tupleElement(s.state, 'time'), 'UTC') AS ended_at, recorded_at
    FROM leadline_internal.run_outcomes AS s FINAL
    WHERE tupleElement(s.state, 'type') = 'COMPLETE' AND NOT s.test
) AS r
INNER JOIN (SELECT * FROM leadline_internal.version_writes FINAL) AS w ON w.run_key = r.run_key
UNION ALL
SELECT toString(kind), namespace, name, version, schema_version, event_time, '', '', '', recorded_at
FROM leadline_internal.version_descriptions FINAL
WHERE version != '' AND run_id = ''
COMMENT 'When which version of a node became the one that counts, for what was current then';

CREATE OR REPLACE VIEW leadline.current_versions
(
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    version String COMMENT 'The newest version that a successful run wrote, or that was described without a run',
    schema_version String COMMENT 'Hash of the columns and their types; empty: not known',
    job_namespace String COMMENT 'Namespace of the job that wrote it; empty: it was described without a run',
    job_name String COMMENT 'Name of the job that wrote it',
    run_id String COMMENT 'The successful run that wrote it last',
    event_time DateTime64(6, 'UTC') COMMENT 'Since when it is current: the end of that run, or the description',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When that was known'
) AS
SELECT kind, namespace, name, tupleElement(newest, 1) AS version, tupleElement(newest, 2) AS schema_version,
    tupleElement(newest, 3) AS job_namespace, tupleElement(newest, 4) AS job_name, tupleElement(newest, 5) AS run_id,
    tupleElement(newest, 6) AS event_time, tupleElement(newest, 7) AS recorded_at
FROM (
    SELECT kind, namespace, name, argMax((m.version, m.schema_version, m.job_namespace, m.job_name, m.run_id, m.moved_at,
        m.recorded_at), (m.moved_at, m.run_id, m.version)) AS newest
    FROM leadline.version_moves AS m
    GROUP BY kind, namespace, name
)
COMMENT 'Which version of each node counts: it moves only when a run succeeds';

CREATE OR REPLACE VIEW leadline.run_inputs
(
    run_id String COMMENT 'Run',
    job_namespace String COMMENT 'Namespace of the run''s job',
    job_name String COMMENT 'Name of the run''s job',
    kind String COMMENT 'Kind of the node that was read',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    version String COMMENT 'Version that was read; empty: not known',
    pinned String COMMENT 'SAID by the run, RESOLVED: the one that was current when the run started, or UNKNOWN',
    started_at DateTime64(6, 'UTC') COMMENT 'Start of the run that read it',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was first known that it was read'
) AS
SELECT i.run_id AS run_id, i.job_namespace AS job_namespace, i.job_name AS job_name, i.kind AS kind,
    i.namespace AS namespace, i.name AS name, if(i.version != '', i.version, m.version) AS version,
    multiIf(i.version != '', 'SAID', m.version != '', 'RESOLVED', 'UNKNOWN') AS pinned, i.started_at AS started_at,
    i.recorded_at AS recorded_at
FROM (
    SELECT o.*, sipHash64(o.kind, o.namespace, o.name) AS node_key, r.started_at AS started_at
    FROM (
        SELECT run_key, tupleElement(s.started, 'time') AS started_at FROM leadline_internal.run_outcomes AS s FINAL
    ) AS r
    INNER JOIN (
        SELECT *, sipHash64(job_namespace, job_name, run_id) AS run_key FROM leadline.run_io WHERE direction = 'INPUT'
    ) AS o ON o.run_key = r.run_key
) AS i
ASOF LEFT JOIN (SELECT sipHash64(kind, namespace, name) AS node_key, moved_at, version FROM leadline.version_moves) AS m
    ON i.node_key = m.node_key AND i.started_at >= m.moved_at
COMMENT 'Which versions runs read: as they said, else as follows from what had been written before they started';
