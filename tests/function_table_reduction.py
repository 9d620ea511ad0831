"""Functions that fold dimensions away or work along one."""

from __future__ import annotations

from function_calls import (
    ONE_DIM,
    REDUCTIONS,
    TIES,
    TURNED,
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

REDUCTION = (
    Entry(
        "sum",
        (
            *REDUCTIONS,
            call(t()),
            call(t(), 0),
            call(t(0, 3)),
            call(t(0, 3), 0),
            call(t(0, 3), 1),
            call(special),
            call(t(2, 3), dtype="lib.float64"),
            call(t(2, 3), 1, dtype="lib.int32"),
            call(t(2, 3), ()),
        ),
        loose=4,
    ),
    Entry(
        "mean",
        (
            *REDUCTIONS,
            call(t()),
            call(t(0, 3)),
            call(t(0, 3), 0),
            call(t(2, 3), dtype="lib.float64"),
            call(t(2, 3), ()),
        ),
        loose=8,
    ),
    Entry(
        "prod",
        (
            *ONE_DIM,
            call(t(2, 3)),
            call(t()),
            call(t(0, 3)),
            call(t(0, 3), 0),
            call(given([2.0, 0.0, 3.0])),
            call(given([[0.0, 0.0, 3.0], [1.0, 2.0, 3.0]]), 1),
            call(t(2, 3), dtype="lib.float64"),
        ),
        loose=4,
    ),
    *(
        Entry(
            n,
            (
                *REDUCTIONS,
                call(t(3)),
                call(t(2, 3), False),
                call(t(2, 3), 1, False),
                call(t(2, 3), 0, True, True),
                call(t(2, 3, 5), (0, 2), correction=0),
                call(t(2, 3), correction=2),
                call(t(2, 3), dim=1, keepdim=True),
                call(t(1, 3), 1),
                call(t(2, 1), 1),
                call(t()),
                call(t(2, 3), unbiased=False),
                call(t(2, 3), 1, unbiased=True, keepdim=True),
            ),
            FLOATS,
            loose=8,
        )
        for n in ("var", "std")
    ),
    Entry(
        "var_mean",
        (call(t(2, 3, 5)), call(t(2, 3), 1), call(t(2, 3), 1, correction=0, keepdim=True)),
        FLOATS,
        loose=8,
        node=False,
    ),
    Entry("std_mean", (call(t(2, 3, 5)), call(t(2, 3), 1)), FLOATS, loose=8, node=False),
    *(
        Entry(
            n,
            (
                *ONE_DIM,
                call(t(2, 3)),
                call(t()),
                call(t(), 0),
                call(TIES),
                call(TIES, 1),
                call(t(2, 3), t(3)),
                call(t(1, 3), 0),
                call(TURNED, 2),
                call(t(0, 3), 1),
            ),
        )
        for n in ("max", "min")
    ),
    *(
        Entry(f"{n}_special", (call(special), call(special, 0)), path=n, grad=False)
        for n in ("max", "min")
    ),
    *(
        Entry(
            n, (*REDUCTIONS, call(t()), call(TIES), call(TIES, 1), call(special), call(t(0, 3), 1))
        )
        for n in ("amax", "amin")
    ),
    *(
        Entry(
            n,
            (
                *ONE_DIM,
                call(t(2, 3)),
                call(t()),
                call(t(), 0),
                call(TIES),
                call(TIES, 1),
                call(special),
                call(t(2, 3), keepdim=True),
            ),
        )
        for n in ("argmax", "argmin")
    ),
    Entry(
        "logsumexp",
        (
            *ONE_DIM,
            call(t(2, 3, 5), (0, 2)),
            call(t(), 0),
            call(special, 0),
            call(given([1000.0, 1000.0]), 0),
            call(given([float("-inf")] * 2), 0),
            call(t(0, 3), 0),
        ),
        WIDE + INTEGERS,
        loose=4,
    ),
    *(
        Entry(
            n,
            (
                *REDUCTIONS,
                call(t()),
                call(t(0, 3)),
                call(t(0, 3), 0),
                call(special),
                call(bools(2, 3), 1),
            ),
        )
        for n in ("all", "any")
    ),
    Entry(
        "norm",
        (
            call(t(2, 3)),
            call(t(2, 3, 5), dim=1),
            call(t(2, 3, 5), 2, (0, 2)),
            call(t(2, 3), 1),
            call(t(2, 3), 3, 1, True),
            call(t(2, 3), float("inf")),
            call(t(2, 3), float("-inf"), 0),
            call(t(2, 3), "fro"),
            call(given([0.0, 0.0])),
            call(t(2, 3), 0.5),
            call(t()),
            call(t(2, 3), p=2, dim=1, keepdim=True),
            call(TIES, float("inf")),
            call(t(0, 3)),
        ),
        FLOATS,
        loose=8,
    ),
    Entry(
        "norm_0",
        (call(t(2, 3), 0), call(given([0.0, 1.0, float("nan")]), 0)),
        FLOATS,
        path="norm",
        grad=False,
    ),
    Entry("count_nonzero", (call(t(2, 3)), call(t(2, 3), 1), call(bools(2, 3), (0, 1)))),
    Entry(
        "cumsum",
        (
            call(t(2, 3, 5), 0),
            call(t(2, 3), -1),
            call(t(), 0),
            call(t(0, 3), 0),
            call(t(2, 3), 1, dtype="lib.float64"),
            call(t(2, 3), dim=1),
        ),
        loose=4,
    ),
    Entry(
        "cumprod",
        (
            call(t(2, 3, 5), 0),
            call(t(2, 3), -1),
            call(t(), 0),
            call(t(0, 3), 0),
            call(t(1, 3), 0),
            call(t(2, 3), 1, dtype="lib.float64"),
            call(t(2, 3), dim=1),
            call(given([2.0, 0.0, 3.0, 0.0, 5.0]), 0),
            call(given([1e-30, 1e30, 1e30, 1e-20]), 0),
        ),
        path=".cumprod",
        loose=4,
        signs=False,
    ),
    Entry("cumprod_special", (call(special, 0),), path=".cumprod", grad=False, signs=False),
    Entry(
        "median",
        (
            call(t(2, 3, 5)),
            call(t(2, 3, 5), 1),
            call(t(2, 4), -1, True),
            call(t(2, 4), dim=0, keepdim=True),
            call(t()),
            call(t(), 0),
            call(TIES),
            call(TIES, 1),
            call(given([[3.0, 1.0, 2.0, 2.0], [2.0, 2.0, 1.0, 2.0]]), 1),
            call(given([3.0, 1.0, 2.0, 2.0])),
            call(TURNED, 2),
            call(t(0, 3), 1),
            call(t(0, 3), 0),
            call(t(0)),
        ),
        WIDE + INTEGERS,
        path=".median",
    ),
    Entry(
        "median_special",
        (
            call(special),
            call(special, 0),
            call(given([1.0, float("nan"), 2.0, float("nan")]), 0),
            call(given([1.0, float("inf"), float("inf")])),
        ),
        WIDE,
        path=".median",
        grad=False,
    ),
    *(
        Entry(
            n,
            (
                call(t(2, 3, 5), 0),
                call(t(2, 3), -1),
                call(t(), 0),
                call(t(0, 3), 1),
                call(t(2, 3), 1, dtype="lib.float64"),
                call(t(2, 3), dim=1),
                call(given([[1000.0, 1000.0], [float("-inf"), 0.0]]), 1),
            ),
            FLOATS,
            loose=4,
        )
        for n in ("softmax", "log_softmax")
    ),
    Entry(
        "sort",
        (
            call(given([[3.0, 1.0, 2.0, 1.0], [0.0, 5.0, -2.0, 0.0]]), stable=True, dim=1),
            call(given([[3.0, 1.0, 2.0], [0.0, 5.0, -2.0]])),
            call(given([[3.0, 1.0, 2.0], [0.0, 5.0, -2.0]]), 0),
            call(given([[3.0, 1.0, 2.0], [0.0, 5.0, -2.0]]), 1, True),
            call(t()),
            call(t(0, 3)),
            call(given([2.0, float("nan"), 1.0])),
            call(given([1.0, 0.0, 1.0, 0.0]), stable=True, descending=True),
            call(given([2.0, float("nan"), 1.0]), descending=True),
        ),
        WIDE + INTEGERS + ("bool",),
    ),
    Entry(
        "argsort",
        (
            call(given([[3.0, 1.0, 2.0], [0.0, 5.0, -2.0]])),
            call(given([[3.0, 1.0, 2.0], [0.0, 5.0, -2.0]]), 0, True),
            call(given([1.0, 0.0, 1.0]), stable=True),
        ),
        WIDE + ("int64",),
    ),
    Entry(
        "topk",
        (
            call(given([[3.0, 1.0, 2.0, 7.0], [4.0, 5.0, -2.0, 0.0]]), 2),
            call(given([[3.0, 1.0], [2.0, 7.0], [9.0, 4.0]]), 2, 0),
            call(given([3.0, 1.0, 2.0]), 2, largest=False),
            call(given([3.0, 1.0, 2.0]), 0),
            call(given([3.0, 1.0, 2.0]), 3),
            call(given([[3.0, 1.0, 2.0]]), k=1, dim=-1),
        ),
        WIDE + ("int64", "int32"),
    ),
)
