"""Run by .ci/run in an environment that holds the wheel and its base dependencies alone: `python - WHEEL < bare_install.py`."""

import importlib.metadata
import subprocess
import sys
import time
import zipfile

names = zipfile.ZipFile(sys.argv[1]).namelist()
top = {name.split("/")[0] for name in names}
metadata = {name for name in top if name.endswith(".dist-info")}
assert top - metadata == {"leadline"}, f"the wheel's top level is {sorted(top)}"
assert len(metadata) == 1, f"the wheel has {sorted(metadata)}"
assert any(name.endswith("RunEvent.v1.avsc") for name in names), "the Avro schemas are missing from the wheel"
assert {"leadline/track/py.typed", "leadline/events/py.typed"} <= {*names}, "type checkers would ignore what users import"
assert any(name.endswith(".sql") for name in names), "the migrations are missing from the wheel"

started = time.perf_counter()
from leadline import track  # noqa: E402

seconds = time.perf_counter() - started
packages = sorted(d.metadata["Name"] for d in importlib.metadata.distributions())
others = [name for name in packages if name not in ("pip", "setuptools")]
assert len(others) <= 12, f"a bare install brings {others}"
assert "run" in track.__all__, "leadline.track has no run"
listed = subprocess.run([sys.executable, "-m", "leadline.cli", "--help"], capture_output=True, text=True, check=True).stdout
assert "emit" in listed, "the bare command lists nothing"
refused = subprocess.run([sys.executable, "-m", "leadline.cli", "runs"], capture_output=True, text=True, check=False)
assert refused.returncode == 2, refused
assert "pip install 'leadline[local]'" in refused.stderr, refused.stderr
sys.stdout.write(f"bare install: {len(others)} packages, leadline.track imported in {seconds:.3f} s\n")
