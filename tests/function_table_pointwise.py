"""The other elementwise functions: comparison, logic, calculus, choice."""

from __future__ import annotations

from function_calls import (
    SPECIAL_TURNED,
    binary,
    unary,
)
from function_samples import (
    FLOATS,
    INTEGERS,
    WIDE,
    Entry,
    bools,
    call,
    given,
    special,
    t,
)

COMPARISON = (
    *(
        Entry(n, (*binary(), call(special, SPECIAL_TURNED), call(t(3), 0)))
        for n in ("eq", "ne", "lt", "le", "gt", "ge")
    ),
    *(
        Entry(
            n,
            (
                call(t(2, 3), t(3)),
                call(special, SPECIAL_TURNED),
                call(t(), t(3)),
                call(bools(3), t(3)),
            ),
        )
        for n in ("logical_and", "logical_or", "logical_xor")
    ),
    Entry("logical_not", unary()),
    *(
        Entry(
            n,
            (call(t(2, 3), t(3)), call(t(3), 2), call(t(3), True), call(bools(3), t(3))),
            (*INTEGERS, "bool", "float32"),
        )
        for n in ("bitwise_and", "bitwise_or", "bitwise_xor")
    ),
    Entry("bitwise_not", (call(t(2, 3)), call(t())), (*INTEGERS, "bool", "float32")),
    *(Entry(n, unary()) for n in ("isnan", "isinf", "isfinite")),
    Entry(
        "isclose",
        (call(t(2, 3), t(3)), call(given([1.0, 2.0]), given([1.0, 2.1])), call(special, special)),
        FLOATS,
    ),
    Entry(
        "allclose",
        (call(t(2, 3), t(3)), call(given([1.0, 2.0]), given([1.0, 2.0]))),
        FLOATS,
        trace=False,
    ),
    Entry(
        "equal",
        (call(t(2, 3), t(2, 3)), call(given([1.0, 2.0]), given([1.0, 2.0])), call(t(2), t(3))),
        trace=False,
    ),
)


ELEMENTARY = (
    *(
        Entry(n, unary(), loose=3)
        for n in ("exp", "expm1", "sin", "cos", "tan", "tanh", "sigmoid", "erf")
    ),
    *(Entry(n, unary(0.2, 5), loose=3) for n in ("log", "log2", "log10", "sqrt", "rsqrt")),
    Entry("log1p", unary(-0.9, 5), loose=3),
    *(Entry(n, unary()) for n in ("abs", "sign", "floor", "ceil", "round", "trunc")),
    Entry("relu", unary(), signs=False),
    Entry(
        "round_decimals",
        (call(t(2, 3), decimals=2), call(t(3), decimals=-1), call(t(3), decimals=0)),
        WIDE,
        path="round",
        node=False,
    ),
    Entry(
        "where",
        (
            call(bools(2, 3), t(2, 3), t(2, 3)),
            call(bools(2, 1), t(3), t(2, 3)),
            call(bools(3), t(3), 2),
            call(bools(3), 1.5, t(3)),
            call(bools(3), t(), t(3)),
            call(bools(), t(3), t(3)),
            call(bools(3), 1, 2),
            call(bools(3), t(3), 2.5),
            call(bools(0, 3), t(3), t(3)),
        ),
    ),
    Entry(
        "masked_fill",
        (
            call(t(2, 3), bools(2, 3), 1),
            call(t(2, 3), bools(3), 0),
            call(t(3), bools(2, 3), 1),
            call(t(2, 3), bools(2, 1), t()),
        ),
    ),
)
