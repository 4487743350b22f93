-- Public views, continued: metrics, bounds, alerts, changes, logs, operations.

CREATE OR REPLACE VIEW leadline.readings
(
    kind String COMMENT 'Kind of the node that was measured',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    version String COMMENT 'Version of the node that was measured; empty: not known',
    metric String COMMENT 'Name of the metric',
    value Float64 COMMENT 'The value, in unit; NaN and infinities are kept',
    unit String COMMENT 'Unit of the value; empty: none given',
    dims Map(String, String) COMMENT 'Dimensions, sorted by name',
    event_time DateTime64(6, 'UTC') COMMENT 'When it was measured',
    slot Nullable(DateTime64(6, 'UTC')) COMMENT 'The nominal time that the value is about; null: none',
    time DateTime64(6, 'UTC') COMMENT 'slot, else event_time: what trends are drawn over',
    mode String COMMENT 'LIVE, BACKFILL or TEST; where the producer did not say, BACKFILL when known over a day after it ended',
    attempt Int64 COMMENT 'Try of the slot, from 1',
    run_ended_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the run that measured it ended; null: not known',
    job_namespace String COMMENT 'Namespace of the job that measured it; empty: outside of a run',
    job_name String COMMENT 'Name of the job that measured it; empty: outside of a run',
    run_id String COMMENT 'Run that measured it; empty: outside of a run',
    tool String COMMENT 'Tool that it was measured in',
    event_id String COMMENT 'Event that carried it; together with position the reading''s identity',
    position UInt32 COMMENT 'Place in the event, from 1',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was known'
) AS
SELECT kind, namespace, name, version, metric, value, unit, dims, event_time, slot, time,
    multiIf(r.mode != '', toString(r.mode), recorded_at - toIntervalDay(1) > greatest(event_time, ifNull(run_ended_at, event_time)),
        'BACKFILL', 'LIVE') AS mode,
    attempt, run_ended_at, job_namespace, job_name, run_id, source AS tool, event_id, position, recorded_at
FROM leadline_internal.readings AS r FINAL
COMMENT 'Every value of every metric';

CREATE OR REPLACE VIEW leadline.trends_hourly
(
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    metric String COMMENT 'Name of the metric',
    dims Map(String, String) COMMENT 'Dimensions, sorted by name',
    unit String COMMENT 'Unit of the values',
    time DateTime64(6, 'UTC') COMMENT 'Start of the hour, of slot where readings have one, else of event_time',
    readings UInt64 COMMENT 'Number of readings, those of mode TEST left out',
    invalid UInt64 COMMENT 'How many of them are NaN or infinite; they are in no other column',
    mean Nullable(Float64) COMMENT 'Mean, in unit; null: no valid reading',
    minimum Nullable(Float64) COMMENT 'Smallest, in unit',
    maximum Nullable(Float64) COMMENT 'Largest, in unit',
    first Nullable(Float64) COMMENT 'Earliest by time, in unit',
    last Nullable(Float64) COMMENT 'Latest by time, in unit',
    total Float64 COMMENT 'Sum, in unit'
) AS
SELECT kind, namespace, name, metric, dims, unit, hour AS time, t.readings AS readings, t.readings - t.valid AS invalid,
    if(t.valid = 0, NULL, t.total / t.valid) AS mean, if(t.valid = 0, NULL, t.minimum) AS minimum,
    if(t.valid = 0, NULL, t.maximum) AS maximum, if(t.valid = 0, NULL, t.first.2) AS first,
    if(t.valid = 0, NULL, t.last.2) AS last, t.total AS total
FROM leadline_internal.trends_hourly AS t FINAL
COMMENT 'Readings per series and hour';

CREATE OR REPLACE VIEW leadline.trends_daily
(
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    metric String COMMENT 'Name of the metric',
    dims Map(String, String) COMMENT 'Dimensions, sorted by name',
    unit String COMMENT 'Unit of the values',
    time DateTime64(6, 'UTC') COMMENT 'Start of the day (UTC), of slot where readings have one, else of event_time',
    readings UInt64 COMMENT 'Number of readings, those of mode TEST left out',
    invalid UInt64 COMMENT 'How many of them are NaN or infinite; they are in no other column',
    mean Nullable(Float64) COMMENT 'Mean, in unit; null: no valid reading',
    minimum Nullable(Float64) COMMENT 'Smallest, in unit',
    maximum Nullable(Float64) COMMENT 'Largest, in unit',
    first Nullable(Float64) COMMENT 'Earliest by time, in unit',
    last Nullable(Float64) COMMENT 'Latest by time, in unit',
    total Float64 COMMENT 'Sum, in unit'
) AS
SELECT kind, namespace, name, metric, any(h.dims) AS dims, max(h.unit) AS unit,
    fromUnixTimestamp64Micro(intDiv(toUnixTimestamp64Micro(hour), 86400000000) * 86400000000, 'UTC') AS time,
    sum(h.readings) AS readings, sum(h.readings - h.valid) AS invalid,
    if(sum(h.valid) = 0, NULL, sum(h.total) / sum(h.valid)) AS mean,
    if(sum(h.valid) = 0, NULL, minIf(h.minimum, h.valid > 0)) AS minimum,
    if(sum(h.valid) = 0, NULL, maxIf(h.maximum, h.valid > 0)) AS maximum,
    if(sum(h.valid) = 0, NULL, minIf(h.first, h.valid > 0).2) AS first,
    if(sum(h.valid) = 0, NULL, maxIf(h.last, h.valid > 0).2) AS last, sum(h.total) AS total
FROM leadline_internal.trends_hourly AS h FINAL
GROUP BY kind, namespace, name, metric, dims_key, time
COMMENT 'Readings per series and day (UTC)';

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
    event_time DateTime64(6, 'UTC') COMMENT 'When this slot got its present content',
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
    -- Of the operator's the highest version; of the code's what was said last, next to a value or by itself.
    SELECT bound_id, kind, namespace, name, origin, argMax(
        CAST((version, spec, actor, reason, event_time, recorded_at),
            'Tuple(version Int64, spec Tuple(bound_id String, metric String,
            dims Map(String, String), warn_lower Nullable(Float64), warn_upper Nullable(Float64), error_lower Nullable(Float64),
            error_upper Nullable(Float64), inclusive String, on_invalid String, state String, owner String, message String,
            runbook_url String), actor String, reason String, event_time DateTime64(6, \'UTC\'),
            recorded_at DateTime64(6, \'UTC\'))'),
        (if(origin = 'OPERATOR', version, 0), said_at)) AS s
    FROM (
        SELECT bound_id, toString(origin) AS origin, version, toString(kind) AS kind, namespace, name, spec, actor, reason,
            event_time, recorded_at, event_time AS said_at
        FROM leadline_internal.bounds_declared FINAL
        UNION ALL
        SELECT bound_id, 'CODE', 0, toString(kind), namespace, name, spec, '', '', first_seen, recorded_at, last_seen
        FROM leadline_internal.bounds_inline FINAL
    )
    GROUP BY bound_id, kind, namespace, name, origin
)
COMMENT 'What metrics must stay within';

CREATE OR REPLACE VIEW leadline.alert_events
(
    alert_id String COMMENT 'Id of the alert: the same in every topic and after every rebuild',
    episode_id String COMMENT 'One continuous violation of one bound by one series',
    bound_id String COMMENT 'Bound that was left',
    bound_version Int64 COMMENT 'Version of the bound',
    bound_origin String COMMENT 'CODE, OPERATOR or BUILT_IN',
    transition String COMMENT 'opened, escalated, deescalated, resolved, closed, respecified or retracted',
    ordinal Int64 COMMENT 'Counts the transitions of the episode, from 1',
    severity String COMMENT 'warn or error; after a terminal transition the last one',
    previous_severity String COMMENT 'Severity before; empty: none',
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    version String COMMENT 'Version of the node that was measured; empty: not known',
    metric String COMMENT 'Metric that left its bound',
    dims Map(String, String) COMMENT 'Dimensions of the series',
    unit String COMMENT 'Unit of the values',
    value Float64 COMMENT 'The value, in unit',
    threshold Nullable(Float64) COMMENT 'Limit that was crossed, in unit; null for NaN and infinities',
    peak Nullable(Float64) COMMENT 'Value farthest outside so far in this episode, in unit',
    readings Int64 COMMENT 'Readings in this episode so far',
    condition String COMMENT 'The bound in words',
    reason String COMMENT 'Why it was closed, respecified or retracted; empty otherwise',
    opened_at DateTime64(6, 'UTC') COMMENT 'Event time of the reading that opened the episode',
    opened_slot Nullable(DateTime64(6, 'UTC')) COMMENT 'Slot of that reading; null: none',
    slot Nullable(DateTime64(6, 'UTC')) COMMENT 'Slot of this reading; null: none',
    mode String COMMENT 'LIVE, BACKFILL or TEST',
    last_good_value Nullable(Float64) COMMENT 'Last value within the bound, in unit; null: none known',
    last_good_time Nullable(DateTime64(6, 'UTC')) COMMENT 'When that was measured',
    last_good_slot Nullable(DateTime64(6, 'UTC')) COMMENT 'Slot of that reading, once enriched; null: none',
    last_good_run_id String COMMENT 'Run that measured it; empty: not known',
    owner String COMMENT 'Who is called; until enriched as the bound says',
    owner_source String COMMENT 'bound, node, job or unowned; empty until enriched',
    on_call String COMMENT 'Whom to call now; empty: not known',
    summary String COMMENT 'One paragraph, ready to paste; empty until enriched',
    message String COMMENT 'What the author of the bound wants the paged person to know',
    runbook_url String COMMENT 'Runbook',
    job_namespace String COMMENT 'Namespace of the job that measured it',
    job_name String COMMENT 'Name of the job that measured it',
    run_id String COMMENT 'Run that measured it',
    run_state String COMMENT 'State of that run when enriched; empty: not known',
    error_message String COMMENT 'Error of that run; empty: none',
    host String COMMENT 'Machine of that run',
    code_commit String COMMENT 'Commit of that run',
    reading_event_id String COMMENT 'Event of the reading',
    changes Array(Tuple(kind String, namespace String, name String, what String, before String, after String,
        event_time DateTime64(6, 'UTC'), job_namespace String, job_name String, run_id String, distance Int64, actor String,
        confidence String, evidence String)) COMMENT 'What changed upstream since last good, most likely cause first',
    upstream_open Array(Tuple(episode_id String, kind String, namespace String, name String, metric String, severity String,
        opened_at DateTime64(6, 'UTC'), distance Int64)) COMMENT 'Episodes upstream that were open already, with distance in hops',
    downstream Array(Tuple(kind String, namespace String, name String, distance Int64, owner String))
        COMMENT 'The nearest nodes downstream, with distance in hops',
    downstream_count Int64 COMMENT 'Number of nodes downstream',
    log_excerpt Array(String) COMMENT 'The run''s last error lines, else its last lines',
    missing Array(String) COMMENT 'What could not be found out, and why',
    watermark Nullable(DateTime64(6, 'UTC')) COMMENT 'History was complete up to then when it was enriched',
    enriched Bool COMMENT 'False: only the transition has arrived so far',
    event_time DateTime64(6, 'UTC') COMMENT 'When the reading was measured',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was known'
) AS
SELECT event_id AS alert_id, episode_id, bound_id, bound_version, bound_origin, transition, ordinal, severity,
    previous_severity, kind, namespace, name, version, metric, dims, unit, value, threshold, peak, readings, condition, reason,
    opened_at, opened_slot, slot, mode, last_good_value, last_good_time, last_good_slot, last_good_run_id, owner, owner_source,
    on_call, summary, message, runbook_url, job_namespace, job_name, run_id, run_state, error_message, host, code_commit,
    reading_event_id, changes, upstream_open, downstream, downstream_count, log_excerpt, missing, watermark, enriched,
    event_time, recorded_at
FROM leadline_internal.alert_events FINAL
COMMENT 'Every step of every episode, with what a person needs to act once enriched';

CREATE OR REPLACE VIEW leadline.episodes
(
    episode_id String COMMENT 'One continuous violation of one bound by one series',
    bound_id String COMMENT 'Bound that was left',
    state String COMMENT 'open, or how it ended: resolved, closed or retracted',
    severity String COMMENT 'Severity now; after the end the last one',
    kind String COMMENT 'Kind of the node',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    metric String COMMENT 'Metric that left its bound',
    dims Map(String, String) COMMENT 'Dimensions of the series',
    unit String COMMENT 'Unit of the values',
    condition String COMMENT 'The bound in words',
    value Float64 COMMENT 'Value at the latest transition, in unit',
    opening_value Nullable(Float64) COMMENT 'Value that opened it, in unit; null: that transition has not arrived',
    peak Nullable(Float64) COMMENT 'Value farthest outside, in unit',
    threshold Nullable(Float64) COMMENT 'Limit that was crossed last, in unit',
    transitions UInt64 COMMENT 'Number of transitions so far',
    opened_at DateTime64(6, 'UTC') COMMENT 'Event time of the reading that opened it',
    opened_slot Nullable(DateTime64(6, 'UTC')) COMMENT 'Slot of that reading; null: none',
    closed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Event time of the end; null while open',
    last_good_value Nullable(Float64) COMMENT 'Last value within the bound before it, in unit',
    last_good_time Nullable(DateTime64(6, 'UTC')) COMMENT 'When that was measured',
    owner String COMMENT 'Who is called',
    job_namespace String COMMENT 'Namespace of the job whose reading opened it',
    job_name String COMMENT 'Name of the job whose reading opened it',
    run_id String COMMENT 'Run whose reading opened it',
    last_alert_id String COMMENT 'Id of the latest transition',
    last_transition String COMMENT 'The latest transition',
    event_time DateTime64(6, 'UTC') COMMENT 'Event time of the latest transition',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When the first transition was known'
) AS
SELECT episode_id, any(a.bound_id) AS bound_id,
    if(last_transition IN ('resolved', 'closed', 'retracted'), last_transition, 'open') AS state,
    argMax(a.severity, a.ordinal) AS severity, any(a.kind) AS kind, any(a.namespace) AS namespace, any(a.name) AS name,
    any(a.metric) AS metric, any(a.dims) AS dims, max(a.unit) AS unit, argMax(a.condition, a.ordinal) AS condition,
    argMax(a.value, a.ordinal) AS value, argMinIf(toNullable(a.value), a.ordinal, a.ordinal = 1 AND a.transition = 'opened') AS opening_value,
    argMax(a.peak, a.ordinal) AS peak, argMax(a.threshold, a.ordinal) AS threshold, count() AS transitions,
    any(a.opened_at) AS opened_at, any(a.opened_slot) AS opened_slot,
    maxIf(toNullable(a.event_time), a.transition IN ('resolved', 'closed', 'retracted')) AS closed_at,
    argMin(a.last_good_value, a.ordinal) AS last_good_value, argMin(a.last_good_time, a.ordinal) AS last_good_time,
    argMax(a.owner, (a.owner != '', a.ordinal)) AS owner, argMin(a.job_namespace, a.ordinal) AS job_namespace,
    argMin(a.job_name, a.ordinal) AS job_name, argMin(a.run_id, a.ordinal) AS run_id,
    argMax(a.event_id, a.ordinal) AS last_alert_id, argMax(a.transition, a.ordinal) AS last_transition,
    argMax(a.event_time, a.ordinal) AS event_time, min(a.recorded_at) AS recorded_at
FROM leadline_internal.alert_events AS a FINAL
GROUP BY episode_id
COMMENT 'Continuous violations of one bound by one series';

CREATE OR REPLACE VIEW leadline.changes
(
    kind String COMMENT 'Kind of the node that changed',
    namespace String COMMENT 'Namespace of the node',
    name String COMMENT 'Name of the node',
    what String COMMENT 'code.commit, code.dirty, parameter.NAME, package.NAME, engine, container, input, output, input_version or schema',
    before String COMMENT 'Value in the run before',
    after String COMMENT 'Value in this run',
    subject String COMMENT 'Node that an input, output, input_version or schema change is about; empty otherwise',
    actor String COMMENT 'Who ran it',
    job_namespace String COMMENT 'Namespace of the job',
    job_name String COMMENT 'Name of the job',
    run_id String COMMENT 'Run that shows the change',
    previous_run_id String COMMENT 'Run of the same job before it',
    mode String COMMENT 'LIVE, BACKFILL or TEST; empty: not said',
    slot Nullable(DateTime64(6, 'UTC')) COMMENT 'Slot of the run; null: none',
    event_time DateTime64(6, 'UTC') COMMENT 'Start of the run that shows the change',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When this revision of it was known'
) AS
SELECT kind, namespace, name, what, before, after, subject, actor, job_namespace, job_name, run_id, previous_run_id, mode, slot,
    event_time, recorded_at
FROM leadline_internal.changes FINAL
WHERE NOT retracted
COMMENT 'What differed between a run and the run of the same job before it';
