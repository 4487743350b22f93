-- Other names as they were said over time, so that what was known of them at a time stays known.

CREATE OR REPLACE VIEW leadline.alias_words
(
    kind String COMMENT 'Kind of the node that is another name',
    namespace String COMMENT 'Namespace of the other name',
    name String COMMENT 'The other name',
    of_kind String COMMENT 'Kind of the node that it is another name of; empty: it was taken back',
    of_namespace String COMMENT 'Namespace of that node',
    of_name String COMMENT 'Name of that node',
    reason String COMMENT 'Why: the type of a symlink, RENAME, or as it was said',
    source String COMMENT 'Tool that said so; its latest word holds',
    actor String COMMENT 'Who said so; empty: not said',
    deleted Bool COMMENT 'True: it was taken back',
    event_time DateTime64(6, 'UTC') COMMENT 'When it was said',
    event_id String COMMENT 'Id of the event; of two words of one time the one with the greater id is the later',
    recorded_at DateTime64(6, 'UTC') COMMENT 'When it was known'
) AS
SELECT kind, namespace, name, e.values['kind'] AS of_kind, e.values['namespace'] AS of_namespace, e.values['name'] AS of_name,
    e.values['reason'] AS reason, source, actor, deleted, event_time, event_id, recorded_at
FROM leadline_internal.entities AS e FINAL
WHERE aspect = 'alias'
COMMENT 'Everything that was said about names that mean the same node; aliases has what holds now';
