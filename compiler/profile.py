"""Profiling a compiled function: its program runs on copies, so that nothing of the user's moves on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..inspection.profile import Profile, profile
from ..inspection.record import Record
from ..ir.types import TensorType
from ..tracer.eager import read_array
from ..tracer.program import Spec
from ..tracer.reading import read
from ..tracer.tensor import Tensor
from .program import Program

Array = np.ndarray[Any, Any]


def profiled(
    program: Program,
    record: Record,
    given: Sequence[Tensor | Spec] | None,
    steps: int,
    threads: int | None,
) -> Profile:
    """The program's profile for these inputs; for made-up ones where there are none, or a spec."""
    if program.options.backend != "cpu":
        raise ValueError(
            f"profile() measures the kernels of native code, and this function is compiled for the backend "
            f"'{program.options.backend}'; compile it with backend='cpu'"
        )
    inputs = program.func.args[: len(program.func.args) - len(program.states)]
    found: Sequence[Tensor | Spec] = (
        given if given is not None else [Spec(a.type.shape, a.type.dtype) for a in inputs]
    )
    for state in program.states:
        if state.tensor._refresh is not None:
            state.tensor._refresh()
    arrays = [state.array() for state in program.states]
    chosen = program.options.threads if threads is None else threads
    return profile(record, [_array(g) for g in found], arrays, steps, chosen)


def _array(given: Tensor | Spec) -> Array:
    return made_up(given.type) if isinstance(given, Spec) else read_array(read(given))


def made_up(type: TensorType) -> Array:
    """An input of a type: normal floats; zeros for integers, which are good indices wherever there is something."""
    dtype = type.dtype.numpy
    if not type.dtype.is_floating_point:
        return np.zeros(type.static_shape, dtype)
    drawn = np.random.default_rng(0).standard_normal(type.static_shape)
    return np.asarray(drawn).astype(dtype)
