"""Records what the demo's programs report, for the test of the explanation: `python -m leadline.demo.record FOLDER`.

The programs run as in the demo, but without a stack: what they report stays in the spool of `track`, from where it is read.
They are forked from a server that has imported their libraries, since there are some thousand of them.
"""

import argparse
import io
import lzma
import multiprocessing
import os
import runpy
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import fastavro
import msgspec

from leadline.events.records import EntityReported, Event, MetricsReported, RunEvent
from leadline.events.schemas import newest, without_logical_types
from leadline.events.topics import record_types
from leadline.track.segment import Segment

from .plan import Plan, make_plan
from .repository import Repository
from .schedule import run_all
from .tasks import Task, backfill, replay
from .workplace import Workplace, build

HISTORY_FILE = "history.jsonl.xz"
"""January to June, which is the same for every seed."""
KEPT = (RunEvent, MetricsReported, EntityReported)
_LOST: dict[str, Any] = {
    "host": "",
    "actor": "",
    "process_id": None,
    "engine": "",
    "code_repository": "",
    "duration_seconds": None,
}
_LOST |= {"peak_memory_bytes": None, "heartbeat_seconds": None, "error_stack": "", "container": "", "code_branch": ""}
_LOST |= {"code_hash": "", "command": "", "working_directory": "", "packages_hash": "", "resource": {}, "cpu_seconds": None}
_LOST |= {"tool_url": "", "tool_ids": {}, "traceparent": "", "cluster": ""}
"""Fields that differ between machines or that no test needs."""

_processes = multiprocessing.get_context("forkserver")


def seed_file(seed: int, *, with_culprit: bool) -> str:
    return f"{'culprit' if with_culprit else 'harmless'}-{seed:03}.jsonl.xz"


def load(path: Path) -> list[Event]:
    """The recorded events, in the order of their times."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [_from_json(line) for line in lines]


def record_history(workplace: Workplace, folder: Path) -> None:
    _save(folder / HISTORY_FILE, _record(workplace, backfill()))


def record_seed(base: Workplace, plan: Plan, folder: Path, target: Path) -> None:
    """`base` has the history in its lake, which is linked, not copied: the programs replace files, they change none."""
    shutil.copytree(base.lake, folder / "lake", copy_function=os.link)
    shutil.copytree(base.folder / "packages", folder / "packages")
    workplace = Workplace(folder, Repository(folder, plan))
    _save(target, _record(workplace, replay(plan)))


def _record(workplace: Workplace, tasks: list[Task]) -> list[Event]:
    spool = workplace.folder / "spool"
    spool.mkdir()

    def run(task: Task) -> None:
        workplace.prepare(task)
        program, arguments = workplace.command(task)
        paths = [str(program.parent), str(workplace.python_path(task))]
        process = _processes.Process(target=_execute, args=(program, arguments, paths, spool, workplace.log))
        process.start()
        process.join()

    run_all(tasks, run, lambda _: None)
    events = [event for path in spool.glob("*.spool") for event in _spooled(path)]
    return sorted(events, key=lambda event: event.event_time)


def _execute(program: Path, arguments: list[str], paths: list[str], spool: Path, log: Path) -> None:
    """In the child: as if python had been started with the program."""
    os.environ |= {"LEADLINE_SPOOL": str(spool), "LEADLINE_DATA": str(spool / "none")}
    sys.path[:0] = paths
    sys.argv = [str(program), *arguments]
    sys.modules["__main__"].__file__ = str(program)
    sys.stdout = sys.stderr = log.open("a", buffering=1)
    try:
        runpy.run_path(str(program), run_name="__main__")
    except Exception:
        traceback.print_exc()


def _spooled(path: Path) -> Iterator[Event]:
    segment = Segment.adopt(path)
    assert segment is not None
    for entry in segment.entries():
        kind = record_types()[entry.record]
        if kind in KEPT:
            schema = fastavro.parse_schema(without_logical_types(newest(entry.record)))
            fields: Any = fastavro.schemaless_reader(io.BytesIO(entry.body), schema, None)
            yield msgspec.convert(fields, kind)


def _save(path: Path, events: Iterable[Event]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{line}\n" for line in _short(events))
    path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


def _short(events: Iterable[Event]) -> Iterator[str]:
    """JSON lines with short ids, rounded values and nothing that stands at its default."""
    ids: dict[str, str] = {}
    for number, event in enumerate(events):
        fields = msgspec.to_builtins(event)
        fields["event_id"] = f"e{number}"
        fields["producer"] = "recorded"
        if "run_id" in fields:
            fields["run_id"] = ids.setdefault(fields["run_id"], f"{fields['job_name']}-{len(ids)}") if fields["run_id"] else ""
        fields |= {name: value for name, value in _LOST.items() if name in fields}
        if isinstance(event, RunEvent):
            fields["packages"] = {name: version for name, version in event.packages.items() if name == "travel-days"}
        for reading in fields.get("readings", ()):
            reading["value"] = float(f"{reading['value']:.6g}")
        compact = _without_defaults(msgspec.convert(fields, type(event)))
        yield msgspec.json.encode({"record": type(event).__name__, **compact}).decode()


def _without_defaults(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        fields = {field.name: field for field in msgspec.structs.fields(value)}
        shown = {name: getattr(value, name) for name, field in fields.items() if _differs(getattr(value, name), field)}
        return {name: _without_defaults(part) for name, part in shown.items()}
    return [_without_defaults(part) for part in value] if isinstance(value, list) else value


def _differs(value: Any, field: msgspec.structs.FieldInfo) -> bool:
    default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    return bool(value != default)


def _from_json(line: str) -> Event:
    fields = msgspec.json.decode(line)
    return msgspec.convert(fields, record_types()[fields.pop("record")])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--culprits", type=int, nargs="*", default=[])
    parser.add_argument("--harmless", type=int, nargs="*", default=[])
    args = parser.parse_args()
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    _processes.set_forkserver_preload(["pyarrow.feather", "pyarrow.csv", "sklearn.linear_model", "leadline.track", __name__])
    with tempfile.TemporaryDirectory(prefix="leadline-record-") as scratch:
        base = build(Path(scratch) / "base", make_plan(0))
        record_history(base, args.folder)
        for seed, with_culprit in [(seed, True) for seed in args.culprits] + [(seed, False) for seed in args.harmless]:
            target = args.folder / seed_file(seed, with_culprit=with_culprit)
            place = Path(scratch) / target.stem
            record_seed(base, make_plan(seed, with_culprit=with_culprit), place, target)
            shutil.rmtree(place)
            print(target, target.stat().st_size, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
