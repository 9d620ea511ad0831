"""Native code for CPUs: a Func becomes kernels, written for Numba, and one function that calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import lazy
from .backend import Cpu as Cpu

if TYPE_CHECKING:
    from .program import Program as Program
else:
    __getattr__, __dir__ = lazy.page(__name__, {"Program": ".program"})
