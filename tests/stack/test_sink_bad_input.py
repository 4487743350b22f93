"""Whatever cannot be read goes to the dead letters with its reason, harms nothing else, and can be sent again."""

import json
import random
import struct
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError, Producer

from leadline.events.codec import encode_body, frame
from leadline.events.kafka import producer_config
from leadline.events.records import DecisionRecorded, LogLine, LogsReported, MetricsReported, Reading, RunEvent
from leadline.events.records.bound import BoundSpec
from tests.conftest import free_port_base, wait_until

from .sink_environment import SinkEnvironment, sink_environment

pytestmark = pytest.mark.stack
T = 1_795_000_000_000_000


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SinkEnvironment]:
    with sink_environment(tmp_path_factory.mktemp("bad")) as environment:
        yield environment


def _run(event_id: str, *, time: int = T, job: str = "job", kind: str = "START", nominal: int | None = None) -> RunEvent:
    return RunEvent(
        event_id=event_id, event_time=time, producer="t/1", run_id="r", job_namespace="n", job_name=job, event_type=kind,
        nominal_at=nominal,
    )  # fmt: skip


def _metrics(event_id: str, *bounds: BoundSpec) -> MetricsReported:
    return MetricsReported(
        event_id=event_id, event_time=T, producer="t/1", kind="MODEL", namespace="n", name="m",
        readings=[Reading(metric="a", value=1.0)], bounds=list(bounds),
    )  # fmt: skip


def _log(event_id: str) -> LogsReported:
    return LogsReported(
        event_id=event_id, event_time=T, producer="t/1", run_id="r", job_namespace="n", job_name="j",
        lines=[LogLine(time=T, level="INFO", logger="l", message=event_id)],
    )  # fmt: skip


def test_each_kind_becomes_a_dead_letter_with_its_reason(env: SinkEnvironment) -> None:
    """Every fault has its own reason, topic, partition and offset are kept, and the good neighbours are stored."""
    good = env.value(_run("good"))
    schema_id = struct.unpack(">bI", good[:5])[1]
    runs = {
        "not_avro": [b'{"run": 1}', b"", b"\x00\x00"],
        "unknown_schema": [frame(999_999, good[5:])],
        "truncated": [good[:-7], good[:5]],
        "trailing_bytes": [good + b"!", good + good[5:]],
        "time_out_of_range": [
            env.value(_run("t1", time=-1)),
            env.value(_run("t2", time=253_402_300_800_000_000)),
            env.value(_run("t3", time=2**63 - 1)),
            env.value(_run("t4", nominal=10**18)),
        ],
        "empty_name": [env.value(_run("e1", job="")), env.value(_run(""))],
        "unknown_state": [env.value(_run("s1", kind="EXPLODED"))],
        "unknown_record": [env.value(_log("elsewhere"))],
    }
    metrics = {
        "refused": [env.value(_metrics("r1", BoundSpec(bound_id="b", metric="a")))],
        "unknown_state": [env.value(_metrics("r2", BoundSpec(bound_id="b", metric="a", error_lower=1.0, state="MAYBE")))],
    }
    assert schema_id
    for values in runs.values():
        env.send_raw("leadline.runs", *values)
    env.send_raw("leadline.runs", *[env.value(_run(f"good-{n}", job=f"good-{n % 5}")) for n in range(200)])
    for values in metrics.values():
        env.send_raw("leadline.metrics", *values)
    env.send_raw("leadline.metrics", *[env.value(_metrics(f"fine-{n}")) for n in range(50)])
    with env.sink():
        env.wait_caught_up()
    for topic, kinds in (("leadline.runs", runs), ("leadline.metrics", metrics)):
        found = env.client.query(
            "SELECT reason, hex(payload) FROM leadline.dead_letters WHERE topic = {topic:String} AND offset >= 0",
            {"topic": topic},
        ).result_rows
        expected = [(reason, value.hex().upper()) for reason, values in kinds.items() for value in values]
        assert sorted(map(tuple, found)) == sorted(expected)
    assert env.one("SELECT uniqExact(event_id) FROM leadline.run_events") == 200
    assert env.one("SELECT count() FROM leadline.readings") == 50
    assert env.one("SELECT count() FROM leadline.bounds") == 0


@pytest.mark.parametrize("bad", [1, 100])
def test_few_bad_among_twenty_thousand(env: SinkEnvironment, bad: int) -> None:
    """Some bad messages in a full block cost seconds; all good ones are stored, each bad one is named."""
    values = [env.value(_log(f"{bad}-{n}")) for n in range(20_000)]
    for n in range(bad):
        at = 150 * n + 77
        values[at] = (values[at][:-3], values[at] + b"x", frame(5, b"") + values[at])[n % 3]
    env.send_raw("leadline.logs", *values)
    with env.sink():
        started = time.monotonic()
        env.wait_caught_up()
        assert time.monotonic() - started < 45
    stored = env.one(f"SELECT uniqExact(event_id) FROM leadline.logs WHERE startsWith(event_id, '{bad}-')")
    assert stored == 20_000 - bad
    buried = env.one(
        "SELECT count() FROM leadline.dead_letters WHERE topic = 'leadline.logs' AND payload LIKE {like:String}",
        like=f"%{bad}-%",
    )
    assert buried == bad


def test_all_bad_stops_the_topic_and_says_so(env: SinkEnvironment) -> None:
    """Where everything is unreadable reading stops before a hundred are buried, health says why, other topics go on."""
    decision = DecisionRecorded(event_id="d", event_time=T, producer="t/1", kind="MODEL", namespace="n", name="m",
                                action="PROMOTE", actor="ada")  # fmt: skip
    env.send_raw("leadline.decisions", *[encode_body(decision) for _ in range(500)])
    port = free_port_base()
    before = env.one("SELECT count() FROM leadline.dead_letters")
    with env.sink(port):
        wait_until(lambda: "leadline.decisions" in json.dumps(_health(port).get("problems", "")), seconds=30, what="the stop")
        env.send(_log("meanwhile"))
        env.wait_caught_up("leadline.logs")
        report = _health(port)
    assert not report["ok"] and "unreadable" in json.dumps(report["problems"])
    assert env.one("SELECT count() FROM leadline.logs WHERE event_id = 'meanwhile'") == 1
    assert env.one("SELECT count() FROM leadline.dead_letters") - before < 100
    with env.sink(more={"LEADLINE_UNREADABLE_SHARE": "1"}):
        env.wait_caught_up()
    assert env.one("SELECT count() FROM leadline.dead_letters") == before + 500


def test_dead_letters_are_listed_shown_and_replayed(env: SinkEnvironment) -> None:
    """The same bytes go to the same topic with key and headers, known since the original was; still bad, they come back."""
    wrong = env.value(_run("short"))[:-1]
    with env.sink():
        env.send_raw("leadline.runs", wrong, key=b'["JOB","n","job"]', headers=[("a", b"1")])
        env.wait_caught_up()
        listed = json.loads(env.cli("dead-letters", "list", "--json", "--reason", "truncated", "--limit", "1").stdout)
        letter = listed[0]["dead_letter_id"]
        shown = env.cli("dead-letters", "show", letter[:13])
        assert shown.returncode == 0 and "truncated" in shown.stdout and '["JOB","n","job"]' in shown.stdout
        dry = env.cli("dead-letters", "replay", letter, "--dry-run")
        assert dry.returncode == 0 and "would send" in dry.stdout
        count = env.one("SELECT count() FROM leadline.dead_letters")
        assert env.lag("leadline.runs") == 0
        assert env.cli("dead-letters", "replay", letter).returncode == 0
        env.wait_caught_up()
        assert env.one("SELECT count() FROM leadline.dead_letters") == count + 1
    again = env.client.query(
        "SELECT hex(payload), headers[1].1, headers[2].1 FROM leadline.dead_letters WHERE reason = 'truncated' "
        "ORDER BY recorded_at DESC LIMIT 1"
    ).first_row
    assert again == (wrong.hex().upper(), "a", "leadline-recorded-at")
    assert env.cli("dead-letters", "show", "ffffffff").returncode == 1
    assert env.cli("dead-letters", "replay").returncode == 2


def test_too_large_messages(env: SinkEnvironment) -> None:
    """What only compression let through becomes a dead letter, whole or cut to what one holds, and harms no neighbour."""
    long = env.value(_run("long", job="x" * 9_000_000))
    endless = b"z" * 30_000_000
    producer = Producer(producer_config(env.settings, **{"message.max.bytes": 40_000_000, "log_level": 0}))
    refused: list[int] = []
    tell = lambda error, _: refused.append(error.code()) if error else None  # noqa: E731
    with env.sink():
        for value in (long, endless, random.Random(7).randbytes(9_000_000)):
            producer.produce("leadline.runs", value, b"k", on_delivery=tell)
        assert producer.flush(60) == 0
        env.send(_run("neighbour"))
        env.wait_caught_up()
        letters = env.client.query(
            "SELECT dead_letter_id, length(payload), headers[-1].1, headers[-1].2, error FROM leadline.dead_letters "
            "WHERE reason = 'too_large' ORDER BY offset"
        ).result_rows
        whole = env.cli("dead-letters", "replay", letters[0][0])
        cut = env.cli("dead-letters", "replay", letters[1][0])
        env.wait_caught_up()
    assert refused == [KafkaError.MSG_SIZE_TOO_LARGE]  # random bytes do not compress: the producer is told
    assert env.one("SELECT count() FROM leadline.run_events WHERE event_id = 'neighbour'") == 1
    assert (letters[0][1], letters[0][2]) == (len(long), "")
    assert letters[0][4].startswith(f"{len(long):,} bytes, leadline.runs takes 8,388,608")
    assert 10_000_000 < letters[1][1] < 10_485_760 and letters[1][2:4] == ("leadline-cut", "30000000")
    assert whole.returncode == 0 and "1 sent" in whole.stdout
    assert (
        env.one("SELECT count() FROM leadline.dead_letters WHERE reason = 'too_large'") == 3
    )  # sent again, as large as before
    assert cut.returncode == 1 and "holds only a part" in cut.stdout and "nothing was sent" in cut.stderr


def _health(port: int) -> dict[str, object]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            found = json.load(answer)
    except urllib.error.HTTPError as error:
        found = json.load(error)
    except OSError:
        return {}
    assert isinstance(found, dict)
    return found
