-- Public views, continued: what people and programs said, and how far the store has read.

CREATE OR REPLACE VIEW leadline.logs
(
    run_id String COMMENT 'Run',
    job_namespace String COMMENT 'Namespace of the job',
    job_name String COMMENT 'Name of the job',
    time DateTime64(6, 'UTC') COMMENT 'When the line was written',
    level String COMMENT 'DEBUG, INFO, WARNING, ERROR or CRITICAL; empty for a pointer',
    logger String COMMENT 'Logger that wrote it',
    message String COMMENT 'The line',
    exception String COMMENT 'Stack trace; empty: none',
    pointer_kind String COMMENT 'file, s3, gcs, cloudwatch or url where the row is a pointer; empty for a line',
    pointer String COMMENT 'Where log text stays that was not sent; empty for a line',
    dropped Int64 COMMENT 'Lines before this one that were cut by a limit',
    event_id String COMMENT 'Event that carried it',
    position UInt32 COMMENT 'Place in the event, from 1: lines of one time are in this order',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was known'
) AS
SELECT run_id, job_namespace, job_name, time, level, logger, message, exception, pointer_kind, pointer, dropped, event_id,
    position, recorded_at
FROM leadline_internal.logs FINAL
COMMENT 'Log lines of runs, and pointers to where others are';

CREATE OR REPLACE VIEW leadline.dead_letters
(
    dead_letter_id String COMMENT 'Id, the same for the same message whoever could not read it',
    topic String COMMENT 'Topic of the original',
    `partition` Int64 COMMENT 'Partition of the original',
    `offset` Int64 COMMENT 'Offset of the original',
    `timestamp` DateTime64(6, 'UTC') COMMENT 'Kafka''s timestamp of the original',
    consumer String COMMENT 'Role that could not read it',
    reason String COMMENT 'Short code to group by, see docs/dead-letters.md',
    error String COMMENT 'A sentence for people',
    `key` String COMMENT 'Original key, bytes',
    payload String COMMENT 'Original value, bytes',
    headers Array(Tuple(key String, value String)) COMMENT 'Original headers, values as bytes',
    event_time DateTime64(6, 'UTC') COMMENT 'When it was dead-lettered',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When the dead letter was known'
) AS
SELECT event_id AS dead_letter_id, topic, `partition`, `offset`, `timestamp`, consumer, reason, error, `key`, payload, headers,
    event_time, recorded_at
FROM leadline_internal.dead_letters FINAL
COMMENT 'Messages that could not be read, with their bytes';

CREATE OR REPLACE VIEW leadline.decisions
(
    decision_id String COMMENT 'Id of the decision',
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    version String COMMENT 'Version that was decided about; empty: none',
    action String COMMENT 'PROMOTE, DEPLOY, ROLL_BACK, APPROVE, QUARANTINE, FIX, or another verb',
    actor String COMMENT 'Person or policy that decided',
    reason String COMMENT 'Why',
    job_namespace String COMMENT 'Namespace of the job that carried it out; empty: none',
    job_name String COMMENT 'Name of that job',
    run_id String COMMENT 'Run that carried it out; empty: none',
    details Map(String, String) COMMENT 'Whatever else was said',
    tool String COMMENT 'Tool that it was decided in',
    event_time DateTime64(6, 'UTC') COMMENT 'When it was decided',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was known'
) AS
SELECT event_id AS decision_id, kind, namespace, name, version, action, actor, reason, job_namespace, job_name, run_id, details,
    source AS tool, event_time, recorded_at
FROM leadline_internal.decisions FINAL
COMMENT 'What a person or a policy did to a node';

CREATE OR REPLACE VIEW leadline.audit
(
    event_id String COMMENT 'Id of the event',
    event_time DateTime64(6, 'UTC') COMMENT 'When it was done',
    actor String COMMENT 'Who did it; empty: not said',
    what String COMMENT 'bound, decision or entity',
    action String COMMENT 'set, paused or deleted (bound), the decision''s verb, reported or deleted (entity)',
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    subject String COMMENT 'Bound id, version that was decided about, or aspect of the entity',
    before String COMMENT 'What was said before of the same thing, as JSON; empty: nothing, or a decision',
    after String COMMENT 'What was said, as JSON',
    reason String COMMENT 'Why; empty: not said',
    tool String COMMENT 'Where it was done, for example cli',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was known'
) AS
SELECT event_id, event_time, actor, 'bound' AS what,
    multiIf(b.spec.state = 'PAUSED', 'paused', b.spec.state = 'DELETED', 'deleted', 'set') AS action, toString(kind) AS kind,
    namespace, name, bound_id AS subject, lagInFrame(toJSONString(b.spec), 1, '') OVER slot AS before,
    toJSONString(b.spec) AS after, reason, source AS tool, recorded_at
FROM leadline_internal.bounds_declared AS b FINAL
WINDOW slot AS (PARTITION BY bound_id, kind, namespace, name, origin ORDER BY event_time, event_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
UNION ALL
SELECT event_id, event_time, actor, 'decision', action, toString(kind), namespace, name, version, '', toJSONString(details),
    reason, source, recorded_at
FROM leadline_internal.decisions FINAL
UNION ALL
SELECT event_id, event_time, actor, 'entity', if(deleted, 'deleted', 'reported'), toString(kind), namespace, name,
    toString(aspect), lagInFrame(toJSONString(`values`), 1, '') OVER slot, toJSONString(`values`), '', source, recorded_at
FROM leadline_internal.entities FINAL
WINDOW slot AS (PARTITION BY kind, namespace, name, aspect, source ORDER BY event_time, event_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
COMMENT 'Who changed what: bounds, decisions, entities';

CREATE OR REPLACE VIEW leadline.watermarks
(
    topic String COMMENT 'Topic',
    `partition` Int32 COMMENT 'Partition',
    next_offset Int64 COMMENT 'All messages before it are in the store, or in dead letters',
    end_offset Int64 COMMENT 'End of the partition when the sink last looked',
    lag Int64 COMMENT 'Messages that were not yet in the store then',
    recorded_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When Kafka took the newest message that is in the store; null: none yet',
    checked_at DateTime64(6, 'UTC') COMMENT 'When the sink last looked',
    complete_until Nullable(DateTime64(6, 'UTC'))
        COMMENT 'What was known by then is in the store: checked_at where nothing lags, else recorded_at'
) AS
SELECT topic, `partition`, next_offset, end_offset, greatest(end_offset - next_offset, 0) AS lag, recorded_at, checked_at,
    if(end_offset <= next_offset, checked_at, recorded_at) AS complete_until
FROM leadline_internal.watermarks FINAL
COMMENT 'How far the store has read each partition';
