"""A training by PyTorch's DistributedDataParallel, started by torchrun: two processes, and one run."""

import json
import os
import subprocess
import sys
from pathlib import Path

TRAINING = """
import torch, torch.distributed as distributed
from torch.nn.parallel import DistributedDataParallel
from leadline import track

distributed.init_process_group("gloo")
torch.manual_seed(4)
model = DistributedDataParallel(torch.nn.Linear(2, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with track.run("ddp", "n", parameters={"lr": 0.1}) as run:
    for epoch in range(3):
        optimizer.zero_grad()
        loss = model(torch.ones(4, 2) * (distributed.get_rank() + 1)).square().mean()
        loss.backward()
        optimizer.step()
        run.metric("loss", loss)
distributed.destroy_process_group()
"""


def test_rank_0_speaks_for_the_run(tmp_path: Path) -> None:
    """Each reading once, though every process reports it; with `all`, each tells which it is."""
    assert [(line["event_type"], line.get("tags", {})) for line in lines(tmp_path / "first", "RunEvent")] == [
        ("START", {}),
        ("COMPLETE", {}),
    ]
    assert [reading.get("dims", {}) for reading in readings(tmp_path / "first")] == [{}] * 3
    told = sorted(str(reading.get("dims", {})) for reading in readings(tmp_path / "all", LEADLINE_RANKS="all"))
    assert told == ["{'rank': '0'}"] * 3 + ["{'rank': '1'}"] * 3


def readings(folder: Path, **environ: str) -> list[dict[str, object]]:
    return [reading for line in lines(folder, "MetricsReported", **environ) for reading in line["readings"]]


def lines(folder: Path, record: str, **environ: str) -> list[dict]:
    """What two processes reported, without what was captured beside."""
    folder.mkdir(exist_ok=True)
    script, events = folder / "train.py", folder / "events.jsonl"
    if not events.exists():
        script.write_text(TRAINING)
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", script]
        own = {"LEADLINE_TRANSPORT": "file", "LEADLINE_FILE": str(events), "LEADLINE_SPOOL": str(folder / "spool")}
        environment = {**os.environ, **own, "OMP_NUM_THREADS": "1", **environ}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
    return [event for event in map(json.loads, events.read_text().splitlines()) if event["record"] == record]
