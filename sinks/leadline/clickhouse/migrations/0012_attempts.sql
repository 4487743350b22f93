-- Runs that are about the same slot, and versions of jobs by content.

CREATE OR REPLACE VIEW leadline.run_attempts
(
    job_namespace String COMMENT 'Namespace of the job',
    job_name String COMMENT 'Name of the job',
    nominal_at DateTime64(6, 'UTC') COMMENT 'Slot that the runs are about',
    run_id String COMMENT 'Run',
    state String COMMENT 'State of the run',
    attempt Int64 COMMENT 'Which try of the slot it says to be',
    number UInt64 COMMENT 'Which one it is, from 1, by what it says and then by start',
    attempts UInt64 COMMENT 'How many there are',
    retry_of String COMMENT 'Run before it; empty: it is the first',
    retried_by String COMMENT 'Run after it; empty: it is the newest',
    test Bool COMMENT 'True: of mode TEST, whose runs are no tries of what is live',
    part String COMMENT 'Which of the tasks that a tool made of one, such as map_index of Airflow; empty: there is one',
    started_at DateTime64(6, 'UTC') COMMENT 'Start of the run',
    ended_at Nullable(DateTime64(6, 'UTC')) COMMENT 'End of the run; null while RUNNING',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When the run was first known'
) AS
SELECT job_namespace, job_name, assumeNotNull(nominal_at) AS nominal_at, run_id, state, attempt, row_number() OVER slot AS number,
    count() OVER (PARTITION BY job_namespace, job_name, nominal_at, test, part) AS attempts,
    lagInFrame(run_id, 1, '') OVER slot AS retry_of, leadInFrame(run_id, 1, '') OVER slot AS retried_by,
    test, part, started_at, ended_at, recorded_at
FROM (
    SELECT *, mode = 'TEST' AS test, tool_ids['map_index'] AS part,
        count() OVER (PARTITION BY job_namespace, job_name, nominal_at, mode = 'TEST', tool_ids['map_index'], attempt, parent_run_id)
            AS beside
    FROM leadline.runs
    WHERE nominal_at IS NOT NULL
)
-- Runs that one parent started side by side, such as a sweep's trials, are no retries of each other.
WHERE beside = 1 OR parent_run_id = ''
WINDOW slot AS (PARTITION BY job_namespace, job_name, nominal_at, test, part ORDER BY attempt, started_at, run_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
COMMENT 'Which runs are tries of the same slot of a job, in their order';

CREATE OR REPLACE VIEW leadline.job_versions
(
    job_namespace String COMMENT 'Namespace of the job',
    job_name String COMMENT 'Name of the job',
    version String COMMENT 'UUID of the content: the same code that reads and writes the same is the same version, whichever run',
    code_hash String COMMENT 'Hash of the job''s own source; empty: not known, then the commit counts',
    code_repository String COMMENT 'Repository of the code',
    code_path String COMMENT 'Path of the code within its repository',
    code_commit String COMMENT 'Commit of the code, in its newest run',
    inputs Array(Tuple(kind String, namespace String, name String)) COMMENT 'What it reads',
    outputs Array(Tuple(kind String, namespace String, name String)) COMMENT 'What it writes',
    runs UInt64 COMMENT 'Successful runs of it',
    first_run_at DateTime64(6, 'UTC') COMMENT 'Start of its first successful run',
    last_run_at DateTime64(6, 'UTC') COMMENT 'Start of its newest successful run',
    last_run_id String COMMENT 'Its newest successful run',
    current Bool COMMENT 'True: the job''s newest successful run was of it',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was first known'
) AS
-- The first 16 bytes of the SHA-256 of all parts, each after its length in bytes, so that none runs into the next.
SELECT job_namespace, job_name,
    toString(toUUID(hex(substring(SHA256(arrayStringConcat(arrayMap(part -> concat(toString(length(part)), ':', part),
        arrayConcat([job_namespace, job_name], code, arrayFlatten(arrayMap(u -> [u.1, u.2, u.3, u.4], io)))))), 1, 16)))) AS version,
    max(r.code_hash) AS code_hash, max(r.code_repository) AS code_repository, max(r.code_path) AS code_path,
    argMax(r.code_commit, (r.started_at, r.run_id)) AS code_commit,
    arrayMap(u -> (u.2, u.3, u.4), arrayFilter(u -> u.1 = 'INPUT', io)) AS inputs,
    arrayMap(u -> (u.2, u.3, u.4), arrayFilter(u -> u.1 = 'OUTPUT', io)) AS outputs,
    count() AS runs, min(r.started_at) AS first_run_at,
    max(r.started_at) AS last_run_at, argMax(r.run_id, (r.started_at, r.run_id)) AS last_run_id,
    (last_run_at, last_run_id) = max((last_run_at, last_run_id)) OVER (PARTITION BY job_namespace, job_name) AS current,
    min(r.recorded_at) AS recorded_at
FROM (
    SELECT job_namespace, job_name, run_id, started_at, recorded_at, code_hash, code_repository, code_path, code_commit,
        if(code_hash != '', [code_hash], [code_repository, code_path, code_commit]) AS code, i.io AS io
    FROM (SELECT * FROM leadline.runs WHERE state = 'COMPLETE' AND mode != 'TEST' AND NOT partial) AS s
    LEFT JOIN (
        SELECT job_namespace, job_name, run_id,
            arraySort(groupUniqArray((toString(direction), toString(kind), namespace, name))) AS io
        FROM leadline.run_io
        GROUP BY job_namespace, job_name, run_id
    ) AS i USING (job_namespace, job_name, run_id)
) AS r
GROUP BY job_namespace, job_name, code, io
COMMENT 'Versions of jobs by content: what the code is, and what it reads and writes; of successful runs alone';
