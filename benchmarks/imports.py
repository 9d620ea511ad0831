"""How long `import tapeout` takes, beside NumPy (which it imports) and, where they are installed, PyTorch and JAX.

Each import is a Python of its own, and they take turns. The bytecode is compiled beforehand, into a temporary folder,
as it is after the first run of any installed program. Run it with `python benchmarks/imports.py`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec

from side_by_side import machine

ROUNDS = 15
FIRST = {
    "Python alone": "pass",
    "numpy": "import numpy",
    "tapeout": "import tapeout",
    "tapeout, optim, data": "import tapeout, tapeout.optim, tapeout.data",
}
PEERS = ("torch", "jax")


def import_times(programs: dict[str, str], rounds: int = ROUNDS) -> dict[str, float]:
    """The median seconds of each program, after one run that compiles."""
    times: dict[str, list[float]] = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for round in range(rounds + 1):
            for name, program in programs.items():
                start = time.perf_counter()
                subprocess.run([sys.executable, "-c", program], env=environment, check=True)
                if round:
                    times[name].append(time.perf_counter() - start)
    return {name: statistics.median(t) for name, t in times.items()}


def main() -> None:
    print(machine())
    programs = FIRST | {peer: f"import {peer}" for peer in PEERS if find_spec(peer)}
    times = import_times(programs)
    print(f"a Python that imports it and ends, median of {ROUNDS}")
    for name, seconds in times.items():
        over = (seconds - times["numpy"]) * 1e3
        print(f"  {name:<24}{seconds * 1e3:8.1f} ms   over numpy: {over:+8.1f} ms")


if __name__ == "__main__":
    main()
