"""Native code for CPUs: a Func becomes kernels, written for Numba, and one function that calls them."""

from __future__ import annotations

from .backend import Cpu as Cpu
from .program import Program as Program
