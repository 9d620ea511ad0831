"""The random permutation."""

from __future__ import annotations

from typing import Any

from ....ir import IRError
from ....ir.dtypes import int64
from ....ir.ops.random import RandomPermutation
from ....ir.random.choices import LARGEST_PERMUTATION, words_for_permutation
from ..kernel import Kernel
from ..macros import Emitter
from ..vector import Vector, storage_type
from ..vector.convert import cast
from .draws_frame import CHUNK, Place, drawing, element, in_chunks
from .draws_words import I32, I64, Value, counted, draw_words, own_words
from .rule import Job, lowers


@lowers(RandomPermutation)
def permutation(job: Job) -> Kernel:
    """Fisher and Yates: place i is swapped with place i + word mod (n − i)."""
    count = job.op.count
    if count > LARGEST_PERMUTATION:
        raise IRError(f"a permutation has 0 to {LARGEST_PERMUTATION} items, got {count}")
    return drawing(
        job, ["number(x1)", "shuffle(x1, x2)"], {"number": _number(job), "shuffle": _shuffle(job)}
    )


def _number(job: Job) -> Emitter:
    def emit(builder: Any, arguments: list[Value]) -> None:
        def one(index: Value) -> None:
            x = cast(builder, Vector(index, int64, 1), job.op.dtype)
            Place(builder, index, 1).store(x, arguments[0], job.layouts[1])

        counted(builder, I64(0), I64(job.op.count), one)

    return emit


def _shuffle(job: Job) -> Emitter:
    count, layout = job.op.count, job.layouts[1]

    def emit(builder: Any, arguments: list[Value]) -> None:
        samples, state = arguments
        memory = own_words(builder, CHUNK)
        items = builder.bitcast(samples, storage_type(job.op.dtype).as_pointer())

        def chunk(start: Value, size: Value) -> None:
            draw_words(builder, state, memory, size)
            _reduce(builder, memory, size, builder.sub(I64(count), start))

            def swap(index: Value) -> None:
                here = builder.add(start, index)
                step = builder.load(builder.gep(memory, [index]))
                there = builder.add(here, builder.zext(step, I64))
                pair = [builder.gep(items, [element(builder, layout, i)]) for i in (here, there)]
                held = [builder.load(place) for place in pair]
                for place, item in zip(pair, reversed(held), strict=True):
                    builder.store(item, place)

            counted(builder, I64(0), size, swap)

        in_chunks(builder, words_for_permutation(count), chunk)

    return emit


def _reduce(builder: Any, words: Value, size: Value, most: Value) -> None:
    """Words modulo `most`, `most` - 1, ..."""

    def one(index: Value) -> None:
        place = builder.gep(words, [index])
        modulus = builder.trunc(builder.sub(most, index), I32)
        builder.store(builder.urem(builder.load(place), modulus), place)

    counted(builder, I64(0), size, one)
