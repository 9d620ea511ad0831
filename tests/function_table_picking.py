"""Functions that pick by index tensors."""

from __future__ import annotations

from function_samples import (
    WIDE,
    Entry,
    bools,
    call,
    given,
    ints,
    t,
)

PICKING = (
    Entry(
        "gather",
        (
            call(t(2, 4), 1, ints(2, 3, high=4)),
            call(t(4, 3), 0, ints(2, 2, high=4)),
            call(t(2, 3, 4), -1, ints(1, 2, 5, high=4)),
            call(t(3), 0, ints(0, high=3)),
            call(t(), 0, given(0, "int64")),
            call(t(2, 4), 1, given([[0, 0], [3, 3]], "int64")),
        ),
    ),
    Entry(
        "scatter",
        (
            call(t(2, 4), 1, given([[0, 2], [3, 1]], "int64"), t(2, 2)),
            call(t(4, 3), 0, given([[0, 1, 3]], "int64"), t(1, 3)),
            call(t(2, 4), 1, given([[0, 2], [3, 1]], "int64"), 7),
            call(t(2, 4), 1, given([[0], [3]], "int64"), t(2, 3)),
        ),
    ),
    Entry(
        "scatter_add",
        (
            call(t(2, 4), 1, ints(2, 3, high=4), t(2, 3)),
            call(t(4, 3), 0, ints(2, 3, high=4), t(2, 3)),
            call(t(3), 0, given([0, 0, 1, 0], "int64"), t(4)),
        ),
    ),
    Entry(
        "index_select",
        (
            call(t(4, 3), 0, ints(5, high=4)),
            call(t(2, 4), -1, ints(2, high=4)),
            call(t(3), 0, ints(0, high=1)),
            call(t(4, 3), 0, given(2, "int64")),
            call(t(4, 3), 1, given([0, 1], "int32")),
        ),
    ),
    Entry(
        "index_add",
        (
            call(t(4, 3), 0, ints(5, high=4), t(5, 3)),
            call(t(2, 4), 1, given([1, 1], "int64"), t(2, 2)),
            call(t(4, 3), 0, given([0, 2], "int64"), t(2, 3), alpha=2),
        ),
    ),
    Entry("index_copy", (call(t(4, 3), 0, given([2, 0], "int64"), t(2, 3)),), node=False),
    Entry(
        "index_fill",
        (call(t(4, 3), 0, given([2, 0], "int64"), 1), call(t(4, 3), 1, given([2, 0], "int64"), 2)),
        node=False,
    ),
    Entry(
        "take_along_dim",
        (call(t(2, 4), ints(2, 3, high=4), 1), call(t(2, 4), ints(2, 1, high=4), dim=1)),
        node=False,
    ),
    Entry("take", (call(t(2, 4), ints(2, 3, high=8)),), node=False),
    Entry(
        "masked_select",
        (
            call(t(2, 3), given([[True, False, True], [False, False, True]], "bool")),
            call(t(2, 3), bools(3)),
        ),
        trace=False,
        node=False,
    ),
    Entry(
        "nonzero",
        (
            call(given([[0.0, 1.0], [2.0, 0.0]])),
            call(t()),
            call(given([0.0, 1.0]), as_tuple=True),
            call(t(0, 3)),
        ),
        trace=False,
    ),
    Entry(
        "where_alone",
        (call(bools(2, 3)), call(given([[0.0, 1.0], [2.0, 0.0]])), call(t()), call(t(0, 3))),
        path="where",
        grad=False,
        trace=False,
    ),
    Entry(
        "unique",
        (
            call(given([[3.0, 1.0, 3.0], [2.0, 1.0, 7.0]])),
            call(given([[3.0, 1.0, 3.0], [2.0, 1.0, 7.0]]), return_inverse=True),
            call(given([[3.0, 1.0, 3.0], [2.0, 1.0, 7.0]]), return_counts=True),
            call(given([[3.0, 1.0, 3.0], [2.0, 1.0, 7.0]]), True, True, True),
            call(given([[3.0, 1.0], [2.0, 0.0], [3.0, 1.0]]), True, True, True, 0),
            call(given([[3.0, 1.0, 3.0], [2.0, 0.0, 2.0]]), dim=1, return_counts=True),
            call(given(3.0), return_inverse=True),
            call(given([]), return_inverse=True, return_counts=True),
        ),
        WIDE + ("int64", "uint8", "bool"),
        path=".unique",
        grad=False,
        trace=False,
    ),
    Entry(
        "unique_nan",
        (call(given([3.0, float("nan"), 1.0, float("nan"), 3.0])),),
        WIDE,
        path=".unique",
        grad=False,
        trace=False,
    ),
    Entry(
        "bincount",
        (
            call(given([1, 5, 1, 0])),
            call(given([1, 5, 1, 0]), minlength=9),
            call(given([1, 5, 1, 0]), given([0.5, 1.0, 2.0, 4.0], "float32")),
            call(given([1, 5, 1, 0]), given([0.5, 1.0, 2.0, 4.0], "float64"), 3),
            call(given([1, 5]), given([2, 3], "int64")),
            call(given([1, 5]), given([2, 3, 4], "int64")),
            call(given([[1, 5]])),
            call(given([1, -5])),
            call(given([1, 5]), minlength=-1),
        ),
        ("int64", "int32", "float32"),
        path=".bincount",
        grad=False,
        trace=False,
    ),
    Entry(
        "one_hot",
        (call(ints(2, 3, high=4), 4), call(ints(3, high=2), num_classes=5), call(ints(high=3), 3)),
        ("int64",),
        path="nn.functional.one_hot",
    ),
    Entry(
        "embedding",
        (call(ints(2, 3, high=4), t(4, 5)),),
        WIDE,
        path="nn.functional.embedding",
    ),
)
