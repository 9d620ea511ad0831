"""Class numbers, each drawn in proportion to a row of weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ....ir.dtypes import float64
from ....ir.ops.random import RandomMultinomial
from ....ir.random.choices import races
from ....ir.random.entropy import MersenneStream
from ..kernel import Kernel, Scratch, indented
from ..macros import Emitter
from ..vector import Vector
from ..vector.convert import cast
from ..vector.kinds import real
from ..vector.real import DOUBLE
from .draws import floats_only
from .draws_frame import drawing
from .draws_normal import by_c_library
from .draws_words import I64, Value, draw_words, own_words, unit
from .rule import Job, at, lowers, numba_ready


@lowers(RandomMultinomial)
def multinomial(job: Job) -> Kernel:
    """Without replacement (or for a single draw) by a race of the classes, else by their running shares."""
    numba_ready(job)
    floats_only(job, job.types[1])
    weights, count = job.layouts[1], job.op.count
    rows, classes = math.prod(weights.shape[:-1]), weights.shape[-1] if weights.shape else 0
    _check_attributes(job, classes)
    raced = races(count, job.op.replacement)
    body, memory = _race(job, classes) if raced else _pick(job, classes)
    return drawing(
        job,
        [f"for r in range({rows}):", *indented(body)],
        {"clock": _clock(job)} if raced else {"unit": _unit},
        _checks(job, rows, classes),
        f"{job.op.name} needs weights that are finite, not negative, and not all zero in a row; "
        "row {} has others (-1: the generator's state is damaged)",
        scratch=Scratch(float64, memory),
        inf=math.inf,
    )


def _check_attributes(job: Job, classes: int) -> None:
    """Let the reference refuse what no draw can be made of, whatever the weights."""
    weights = np.ones((*[1] * (job.types[1].rank - 1), classes)[: job.types[1].rank])
    MersenneStream().multinomial(weights, job.op.count, job.op.replacement)


def _cell(job: Job, operand: int, last: str) -> str:
    layout = job.layouts[operand]
    return f"x{operand}[{at(layout, *(['r', last][-len(layout.shape) :]))}]"


def _checks(job: Job, rows: int, classes: int) -> list[str]:
    return [
        f"for r in range({rows} - 1, -1, -1):",
        "    good, some = True, False",
        f"    for j in range({classes}):",
        f"        v = {_cell(job, 1, 'j')}",
        "        good = good and v >= 0 and v < inf",
        "        some = some or v > 0",
        "    if not (good and some):",
        "        status[0], status[1] = 1, r",
    ]


def _race(job: Job, classes: int) -> tuple[list[str], int]:
    """Each class has a random clock; the first ones to arrive are kept in order, NaN last, by insertion."""
    count = job.op.count
    out = [_cell(job, 2, k) for k in ("k", "k - 1")]
    lines = [
        f"for j in range({classes}):",
        f"    k = j if j < {count} else {count}",
        f"    clock(x3, {_cell(job, 1, 'j')}, known, k)",
        "    v = known[k]",
        "    while k > 0 and (v > known[k - 1] or (v == v and known[k - 1] != known[k - 1])):",
        "        known[k] = known[k - 1]",
        f"        if k < {count}:",
        f"            {out[0]} = {out[1]}",
        "        k -= 1",
        "    known[k] = v",
        f"    if k < {count}:",
        f"        {out[0]} = j",
    ]
    return lines, count + 1


def _pick(job: Job, classes: int) -> tuple[list[str], int]:
    """The first class whose share of the running total reaches a unit, by bisection."""
    scalar = f"as_{job.dtypes[1].name}"
    lines = [
        f"run = {scalar}(0)",
        f"for j in range({classes}):",
        f"    run += {_cell(job, 1, 'j')}",
        "    known[j] = run",
        f"for j in range({classes}):",
        f"    known[j] = {scalar}(known[j]) / run",
        f"for c in range({job.op.count}):",
        f"    unit(x3, known, {classes})",
        f"    low, high = 0, {classes - 1}",
        "    while low < high:",
        "        middle = (low + high) // 2",
        f"        if known[middle] < known[{classes}]:",
        "            low = middle + 1",
        "        else:",
        "            high = middle",
        f"    {_cell(job, 2, 'c')} = low",
    ]
    return lines, classes + 1


def _drawn(builder: Any, state: Value) -> Any:
    memory = own_words(builder, 2)
    draw_words(builder, state, memory, I64(2))
    return unit(builder, memory, DOUBLE, 1)


def _unit(builder: Any, arguments: list[Value]) -> None:
    """One unit, into a slot."""
    state, known, slot = arguments
    builder.store(_drawn(builder, state).value, builder.gep(known, [slot]))


def _clock(job: Job) -> Emitter:
    """A weight divided by an exponential sample, in the precision of the weight, into a slot."""
    dtype = job.dtypes[1]

    def emit(builder: Any, arguments: list[Value]) -> None:
        state, weight, known, slot = arguments
        finish = by_c_library("log1p", -_drawn(builder, state)) * -1.0
        held = cast(builder, Vector(finish.value, float64, 1), dtype)
        speed = real(builder, Vector(weight, dtype, 1)) / real(builder, held)
        wide = cast(builder, Vector(speed.value, dtype, 1), float64)
        builder.store(wide.value, builder.gep(known, [slot]))

    return emit
