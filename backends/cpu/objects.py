"""Kernels' object files: from the cache, or compiled and put there. Programs that share a kernel compile it once."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ...runtime import cache
from ...runtime.versions import compiler_version
from .kernel import Kernel
from .target import Target


class Objects:
    """The code of some kernels for a target, in the order in which they are asked for.

    What Numba does for a kernel is Python and waits its turn. LLVM's part is done by threads meanwhile.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._made: list[bytes | Future[bytes]] = []
        self._threads = ThreadPoolExecutor(os.cpu_count(), "tapeout-llvm")

    def __enter__(self) -> Objects:
        return self

    def __exit__(self, *error: object) -> None:
        self._threads.shutdown(cancel_futures=True)

    def want(self, kernel: Kernel) -> None:
        """The next kernel. It is refused here if Numba cannot compile it."""
        key = cache.cache_key("kernel", kernel.symbol, repr(self.target), compiler_version())
        found = cache.get(key)
        if found is None:
            module = kernel.module(self.target)
            self._made.append(self._threads.submit(self._finish, kernel, module, key))
        else:
            self._made.append(found)

    def _finish(self, kernel: Kernel, module: Any, key: str) -> bytes:
        code = kernel.code_of(module, self.target)
        cache.put(key, code)
        return code

    def made(self) -> list[bytes]:
        """All of them, when they are ready."""
        return [m if isinstance(m, bytes) else m.result() for m in self._made]
