"""What the kernels of random draws share: looking at the state, copying it, and filling memory with samples.

A stream is drawn from in order, so one part does it all. The state after the draw may be the same memory as the state
before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numba.core import cgutils

from ....ir.dtypes import DType
from ....ir.random.entropy import MersenneStream
from ....ir.random.mersenne import KEY_WORDS, POSITION, STATE_WORDS
from ..kernel import Kernel, Scratch, indented
from ..layout import Layout
from ..macros import Emitter, macro
from ..vector import Vector, first_lanes, load, storage_type, store
from .draws_words import I32, I64, Value, counted, draw_words, own_words
from .rule import Job

CHUNK = 512
"""How many samples are made of words that are drawn at once; all numbers of lanes divide it."""


@dataclass(frozen=True)
class Place:
    """Some lanes of a draw: the number of the first sample, and which lanes there are (all without a mask)."""

    builder: Any
    index: Value
    lanes: int
    mask: Value = None

    def load(self, dtype: DType, pointer: Value, layout: Layout) -> Vector:
        at, typed = self._address(pointer, dtype, layout)
        return load(self.builder, dtype, typed, at, self.lanes, self.mask)

    def store(self, x: Vector, pointer: Value, layout: Layout) -> None:
        at, typed = self._address(pointer, x.dtype, layout)
        store(self.builder, x, typed, at, self.mask)

    def _address(self, pointer: Value, dtype: DType, layout: Layout) -> tuple[Value, Value]:
        typed = self.builder.bitcast(pointer, storage_type(dtype).as_pointer())
        return element(self.builder, layout, self.index), typed


DAMAGED = f"a generator's state holds a position of 0 to {KEY_WORDS} in word {POSITION}"
Sampler = Callable[[Place, Value, list[Value]], Vector]
"""Makes samples of a pointer to their words; operands beyond the state come as pointers."""


def element(builder: Any, layout: Layout, index: Value) -> Value:
    """Where the element with a number in row order lies."""
    if layout.is_dense:
        return builder.add(index, I64(layout.offset))
    total, below = I64(layout.offset), max(math.prod(layout.shape), 1)
    for size, stride in zip(layout.shape, layout.strides, strict=True):
        below //= max(size, 1)
        number = builder.urem(builder.udiv(index, I64(below)), I64(max(size, 1)))
        total = builder.add(total, builder.mul(number, I64(stride)))
    return total


def drawing(
    job: Job,
    lines: list[str],
    emitters: Mapping[str, Emitter],
    checks: Sequence[str] = (),
    refused: str = "",
    scratch: Scratch | None = None,
    **scope: Any,
) -> Kernel:
    """A kernel that looks at the state and takes it over, then runs the lines.

    `checks` are lines that look at what else there is and report a number; a state that is damaged is -1 then, and
    `refused` is the message for both. Scratch memory is called `known`.
    """
    last = len(job.types) - 1
    names = [*(f"x{b}" for b in range(last + 1)), "status", *["known"] * bool(scratch)]
    text = [
        f"def kernel({', '.join(names)}, part, parts):",
        "    if part == 0:",
        "        look(x0, status)",
        *indented(checks, 2),
        "        if status[0] == 0:",
        f"            take(x0, x{last})",
        *indented(lines, 3),
    ]
    shared = {"look": _look(job.layouts[0], bool(refused)), "take": _take(job.layouts[0])}
    return Kernel(
        job.op.name,
        "\n".join(text) + "\n",
        job.dtypes,
        {**scope, **{name: macro(name, emit) for name, emit in {**shared, **emitters}.items()}},
        identity=f"{job.op}{job.types}{job.layouts}{job.target.vector_bytes}",
        fastmath=frozenset(),
        complaint=refused or f"{job.op.name}: {DAMAGED}, not {{}}: pass what a draw returned",
        error=ValueError,
        scratch=scratch,
    )


def _look(layout: Layout, among_others: bool) -> Emitter:
    """Report a position that does not exist, which would lead out of the state's memory."""

    def emit(builder: Any, arguments: list[Value]) -> None:
        state, status = arguments
        place = element(builder, layout, I64(POSITION))
        position = builder.load(builder.gep(state, [place]))
        with builder.if_then(builder.icmp_unsigned(">", position, I32(KEY_WORDS))):
            number = I64(-1) if among_others else builder.zext(position, I64)
            report(builder, status, number)

    return emit


def report(builder: Any, status: Value, number: Value) -> None:
    """Refuse the operands."""
    builder.store(I64(1), status)
    builder.store(number, builder.gep(status, [I64(1)]))


def _take(layout: Layout) -> Emitter:
    def emit(builder: Any, arguments: list[Value]) -> None:
        before, after = arguments

        def one(index: Value) -> None:
            word = builder.load(builder.gep(before, [element(builder, layout, index)]))
            builder.store(word, builder.gep(after, [index]))

        if layout.is_dense:
            start = builder.gep(before, [I64(layout.offset)])
            cgutils.raw_memmove(builder, after, start, I64(STATE_WORDS), I32.width // 8)
        else:
            counted(builder, I64(0), I64(STATE_WORDS), one)

    return emit


def filling(
    job: Job,
    sampler: Sampler,
    words: int,
    checks: Mapping[str, Emitter] | None = None,
    refused: str = "",
) -> Kernel:
    """A kernel that makes each sample of so many words of its own."""
    operands = ", ".join(f"x{b}" for b in range(1, len(job.types)))
    emitters = {"fill": _fill(job, sampler, words), **(checks or {})}
    lines = [f"{name}({operands}, status)" for name in checks or {}]
    return drawing(job, [f"fill({operands})"], emitters, lines, refused)


def check_attributes(job: Job) -> None:
    """Let the op itself refuse what no draw can be made of, by drawing nothing."""
    type(job.op)(**{**vars(job.op), "shape": (0,)}).draw(MersenneStream())


def _fill(job: Job, sampler: Sampler, words: int) -> Emitter:
    *_, out, _ = job.layouts
    count, lanes = math.prod(out.shape), lanes_of(job, words)

    def emit(builder: Any, arguments: list[Value]) -> None:
        *operands, samples, state = arguments
        memory = own_words(builder, max(CHUNK * words, 1))

        def step(place: Place, offset: Value) -> None:
            source = builder.gep(memory, [builder.mul(offset, I64(words))])
            place.store(sampler(place, source, operands), samples, out)

        def whole(start: Value, size: Value) -> None:
            if words:
                draw_words(builder, state, memory, builder.mul(size, I64(words)))

            def vector(offset: Value) -> None:
                step(Place(builder, builder.add(start, offset), lanes), offset)

            counted(builder, I64(0), builder.and_(size, I64(-lanes)), vector, lanes)

        in_chunks(builder, count, whole)
        if count % lanes:
            mask = first_lanes(builder, I64(count % lanes), lanes)
            first = count - count % lanes
            step(Place(builder, I64(first), lanes, mask), I64(first % CHUNK))

    return emit


def in_chunks(builder: Any, count: int, body: Callable[[Value, Value], None]) -> None:
    """Run `body(first, size)` for each chunk of so many samples."""

    def chunk(start: Value) -> None:
        left = builder.sub(I64(count), start)
        full = builder.icmp_signed("<", I64(CHUNK), left)
        body(start, builder.select(full, I64(CHUNK), left))

    counted(builder, I64(0), I64(count), chunk, CHUNK)


def lanes_of(job: Job, words: int) -> int:
    """As many as fit a register, one where elements do not lie in order."""
    if not all(layout.is_dense for layout in job.layouts[1:-1]):
        return 1
    return job.target.lanes(max(4 * words, *(d.itemsize for d in job.dtypes[1:-1])))
