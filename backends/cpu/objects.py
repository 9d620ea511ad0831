"""A kernel's object file: from the cache, or compiled and put there. Programs that share a kernel compile it once."""

from __future__ import annotations

from ...runtime import cache
from ...runtime.versions import compiler_version
from .kernel import Kernel
from .target import Target


def object_of(kernel: Kernel, target: Target) -> bytes:
    """The code of a kernel for a target."""
    key = cache.cache_key("kernel", kernel.symbol, repr(target), compiler_version())
    found = cache.get(key)
    if found is None:
        found = kernel.object_code(target)
        cache.put(key, found)
    return found
