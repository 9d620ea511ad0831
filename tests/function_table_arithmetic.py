"""Elementwise arithmetic."""

from __future__ import annotations

from function_calls import (
    binary,
    unary,
)
from function_samples import (
    FLOATS,
    NUMBERS,
    WIDE,
    Entry,
    bools,
    call,
    given,
    special,
    t,
)

ARITHMETIC = (
    Entry("add", (*binary(), call(t(2, 3), t(3), alpha=2), call(t(3), 2, alpha=3))),
    Entry("sub", (*binary(), call(t(2, 3), t(3), alpha=2), call(t(3), 2, alpha=3))),
    Entry("mul", binary()),
    Entry(
        "div",
        (
            *binary(1, 4),
            *(
                call(t(4, 5, low=-9, high=9), t(5, low=1, high=4), rounding_mode=m)
                for m in ("floor", "trunc")
            ),
            call(
                given([7.0, -7.0, 7.0, -7.0]), given([2.0, 2.0, -2.0, -2.0]), rounding_mode="trunc"
            ),
            call(t(3), 2, rounding_mode="trunc"),
            call(t(3, low=-9, high=9), 2, rounding_mode="floor"),
        ),
    ),
    Entry(
        "floor_divide",
        (*binary(1, 4), call(given([7, -7, 6, -6]), given([2, 2, -4, -4]))),
        grad=False,
    ),
    Entry(
        "remainder",
        (*binary(1, 4), call(given([7, -7, 7, -7]), given([3, 3, -3, -3])), call(t(3), 2.5)),
    ),
    Entry(
        "fmod",
        (
            *(c for c in binary(1, 4) if c.args[1] is not True),
            call(given([7, -7, 7, -7, 6, -6]), given([3, 3, -3, -3, 2, 2])),
            call(t(3), 2.5),
            call(given([-1e-20, 1e-20, -0.0, 0.0, 5.0, float("inf")]), 1.5),
            call(given([5.0, -5.0]), float("inf")),
            call(given([5, -5]), 0),
            call(given([3]), True),
        ),
        path=".fmod",
        loose=4,
    ),
    Entry(
        "pow",
        (
            call(t(2, 3, low=0.2, high=3), t(3, low=0, high=3)),
            *(call(t(2, 3, low=0.5, high=3), p) for p in (2, 3, 0, 1, 4)),
            call(t(3, low=0.5, high=3), 0.5),
            call(t(3, low=0.5, high=3), 2.5),
            call(t(low=1, high=3), t(3, low=1, high=3)),
            call(given([0.0, -1.0, 2.0, -0.0]), 2),
            call(given([0.0, 1.0, 2.0]), given([0.0, 2.0, 3.0])),
            call(2, t(3, low=0, high=4)),
            call(1.5, t(3, low=0, high=4)),
            call(special, 2),
            call(special, 3),
        ),
        loose=4,
    ),
    Entry("pow_root", (call(special, 0.5),), WIDE, path="pow"),
    *(
        Entry(
            name,
            (*binary(), call(given([1.0, 2.0, 3.0]), given([1.0, 3.0, 2.0])), call(special, t(16))),
        )
        for name in ("maximum", "minimum")
    ),
    Entry("neg", unary()),
    Entry("positive", unary()),
    Entry("square", unary()),
    Entry("reciprocal", unary(0.5, 4)),
    Entry(
        "lerp",
        (call(t(2, 3), t(2, 3), 0.3), call(t(2, 3), t(3), t(3)), call(t(3), t(3), 0.7)),
        FLOATS,
    ),
    Entry("addcmul", (call(t(2, 3), t(2, 3), t(3)), call(t(3), t(3), t(3), value=2)), NUMBERS),
    Entry(
        "addcdiv",
        (
            call(t(2, 3), t(2, 3), t(3, low=1, high=4)),
            call(t(3), t(3), t(3, low=1, high=4), value=0.5),
        ),
        FLOATS,
    ),
    Entry(
        "clamp",
        (
            call(t(2, 3), -1, 1),
            call(t(2, 3), min=0),
            call(t(2, 3), max=1),
            call(t(3), 0.5, 1.5),
            call(t(3), 2, 1),
            call(t(), 0, 1),
            call(t(2, 3), t(3, low=-2, high=0), t(2, 1, low=0, high=2)),
            call(given([-1.0, 0.0, 1.0]), -1.0, 1.0),
            call(special, -1, 1),
            call(t(3), min=t(3)),
            call(t(2, 3), None, t()),
        ),
        NUMBERS,
    ),
    Entry(
        "clamp_bool",
        (call(bools(3), bools(3)), call(bools(3), None, bools(3)), call(bools(3), 0, 1)),
        ("bool",),
        path="clamp",
    ),
    Entry("clamp_min", (call(t(2, 3), 1), call(t(3), 0.5)), path=".clamp_min"),
    Entry("clamp_max", (call(t(2, 3), 1), call(t(3), 0.5)), path=".clamp_max"),
)
