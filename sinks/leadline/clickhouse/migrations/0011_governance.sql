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
SELECT o.kind AS kind, o.namespace AS namespace, o.name AS name, o.version AS version, o.schema_version AS schema_version,
    r.ended_at AS moved_at, o.job_namespace AS job_namespace, o.job_name AS job_name, o.run_id AS run_id,
    greatest(o.recorded_at, r.recorded_at) AS recorded_at
FROM (SELECT * FROM leadline.run_io WHERE direction = 'OUTPUT' AND version != '') AS o
INNER JOIN (
    SELECT job_namespace, job_name, run_id, fromUnixTimestamp64Micro(tupleElement(s.state, 'time'), 'UTC') AS ended_at,
        last_recorded_at AS recorded_at
    FROM leadline_internal.run_state AS s FINAL
    WHERE tupleElement(s.state, 'type') = 'COMPLETE' AND s.texts['mode'].2 != 'TEST'
) AS r ON o.job_namespace = r.job_namespace AND o.job_name = r.job_name AND o.run_id = r.run_id
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
    made_by_namespace String COMMENT 'Namespace of the job that made that version; empty: not known',
    made_by_name String COMMENT 'Name of the job that made it',
    made_by_run_id String COMMENT 'First run that wrote it',
    started_at DateTime64(6, 'UTC') COMMENT 'Start of the run that read it',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was first known that it was read'
) AS
SELECT p.run_id AS run_id, p.job_namespace AS job_namespace, p.job_name AS job_name, p.kind AS kind, p.namespace AS namespace,
    p.name AS name, p.version AS version, p.pinned AS pinned, v.job_namespace AS made_by_namespace, v.job_name AS made_by_name,
    v.run_id AS made_by_run_id, p.started_at AS started_at, p.recorded_at AS recorded_at
FROM (
    SELECT i.run_id AS run_id, i.job_namespace AS job_namespace, i.job_name AS job_name, i.kind AS kind,
        i.namespace AS namespace, i.name AS name, if(i.version != '', i.version, m.version) AS version,
        multiIf(i.version != '', 'SAID', m.version != '', 'RESOLVED', 'UNKNOWN') AS pinned, i.started_at AS started_at,
        i.recorded_at AS recorded_at
    FROM (
        SELECT o.*, r.started_at AS started_at
        FROM (SELECT * FROM leadline.run_io WHERE direction = 'INPUT') AS o
        INNER JOIN (
            SELECT job_namespace, job_name, run_id, tupleElement(s.started, 'time') AS started_at
            FROM leadline_internal.run_state AS s FINAL
        ) AS r ON o.job_namespace = r.job_namespace AND o.job_name = r.job_name AND o.run_id = r.run_id
    ) AS i
    ASOF LEFT JOIN leadline.version_moves AS m
        ON i.kind = m.kind AND i.namespace = m.namespace AND i.name = m.name AND i.started_at >= m.moved_at
) AS p
LEFT JOIN leadline.versions AS v ON p.kind = v.kind AND p.namespace = v.namespace AND p.name = v.name AND p.version = v.version
COMMENT 'Which versions runs read: as they said, else as follows from what had been written before they started';
