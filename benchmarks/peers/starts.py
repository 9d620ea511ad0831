"""From the start of a process to the end of its first training step, and the most memory it has had.

Run as `python -m peers.starts ROOM`, this is such a process; it prints one line when the step is done.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from peers.networks import Network

HERE = Path(__file__).parent.parent
STEPPED = b"stepped"


@dataclass(frozen=True)
class Start:
    """How one process went."""

    seconds: float
    megabytes: float
    call: float
    """The seconds of the first call alone: what is compiled is compiled there."""


@dataclass(frozen=True)
class Way:
    """A framework's way of stepping, and what tells it where to keep compiled code ({} is the folder)."""

    room: str
    name: str
    caches: Mapping[str, str]


WAYS = {
    "tapeout": Way("tapeout_compiled", "compiled", {"TAPEOUT_CACHE_DIR": "{}"}),
    "torch eager": Way("torch_eager", "fused", {}),
    "torch.compile": Way("torch_compiled", "whole", {"TORCHINDUCTOR_CACHE_DIR": "{}"}),
    "JAX": Way(
        "jax_jit",
        "jit",
        {
            "JAX_COMPILATION_CACHE_DIR": "{}",
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        },
    ),
}


def starts(way: Way, network: Network, warm: int) -> tuple[Start, list[Start]]:
    """One start with an empty cache, and some with what that one left."""
    with TemporaryDirectory() as folder:
        caches = {name: value.format(folder) for name, value in way.caches.items()}
        cold = start(way, network, caches)
        return cold, [start(way, network, caches) for _ in range(warm)]


def start(way: Way, network: Network, environment: Mapping[str, str]) -> Start:
    """One process, timed until it says that it has stepped."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "peers.starts", way.room, way.name],
        cwd=HERE,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write(pickle.dumps(network))
    process.stdin.close()
    said = process.stdout.readline()
    seconds = time.perf_counter() - begun
    errors = process.stderr.read().decode()
    usage = os.wait4(process.pid, 0)[2]
    process.returncode = 0  # wait4 has collected it
    if not said.startswith(STEPPED):
        raise RuntimeError((errors.strip().splitlines() or ["the process said nothing"])[-1])
    return Start(seconds, usage.ru_maxrss / 1024, float(said.removeprefix(STEPPED)))


def main(room: str, name: str) -> None:
    network = pickle.load(sys.stdin.buffer)
    runner = import_module(f"peers.{room}").runners(network)[name]()
    begun = time.perf_counter()
    runner.array(runner.call())
    print(STEPPED.decode(), time.perf_counter() - begun, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
