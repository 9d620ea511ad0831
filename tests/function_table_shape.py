"""Functions that move elements."""

from __future__ import annotations

from function_calls import (
    TURNED,
)
from function_samples import (
    Entry,
    call,
    t,
)

SHAPE = (
    Entry(
        "reshape",
        (
            call(t(2, 3, 5), (6, 5)),
            call(t(2, 3, 5), (-1,)),
            call(t(2, 3), (3, -1)),
            call(t(), (1, 1)),
            call(t(0, 3), (3, 0)),
            call(TURNED, (6, 4)),
            call(t(1), ()),
        ),
    ),
    Entry("reshape_method", (call(t(2, 3, 5), 6, 5), call(t(2, 3), -1)), path=".reshape"),
    Entry(
        "view",
        (call(t(2, 3, 5), 6, 5), call(t(2, 3, 5), -1), call(t(2, 3), (3, 2)), call(t(), 1)),
        path=".view",
    ),
    Entry(
        "flatten",
        (
            call(t(2, 3, 5)),
            call(t(2, 3, 5), 1),
            call(t(2, 3, 5), 0, 1),
            call(t()),
            call(t(3)),
            call(t(0, 3)),
            call(TURNED, 1),
            call(t(2, 3, 5), start_dim=-2),
        ),
    ),
    Entry(
        "unflatten",
        (call(t(6, 5), 0, (2, 3)), call(t(2, 6), 1, (-1, 2)), call(t(2, 6), -1, (3, 2))),
    ),
    Entry(
        "squeeze",
        (
            call(t(1, 3, 1)),
            call(t(1, 3, 1), 0),
            call(t(1, 3, 1), 1),
            call(t(1, 3, 1), -1),
            call(t(1, 3, 1), (0, 2)),
            call(t()),
            call(t(2, 3)),
            call(t(), 0),
        ),
    ),
    Entry(
        "unsqueeze",
        (call(t(2, 3), 0), call(t(2, 3), 1), call(t(2, 3), -1), call(t(), 0), call(t(2, 3), -3)),
    ),
    Entry(
        "transpose",
        (call(t(2, 3, 5), 0, 2), call(t(2, 3, 5), -1, 1), call(t(), 0, -1), call(t(2, 3), 0, 0)),
    ),
    Entry("swapaxes", (call(t(2, 3, 5), 0, 2),)),
    Entry(
        "movedim",
        (call(t(2, 3, 5), 0, 2), call(t(2, 3, 5), (0, 1), (2, 0)), call(t(2, 3, 5), -1, 0)),
    ),
    Entry("permute", (call(t(2, 3, 5), (2, 0, 1)), call(t(2, 3), (-1, 0)), call(t(), ()))),
    Entry("permute_method", (call(t(2, 3, 5), 2, 0, 1), call(t(2, 3), 1, 0)), path=".permute"),
    Entry("t", (call(t(2, 3)), call(t(3)), call(t()))),
    Entry("T", (call(t(2, 3)),), path=lambda lib, x: x.T),
    Entry("mT", (call(t(2, 3)), call(t(4, 2, 3))), path=lambda lib, x: x.mT),
    Entry(
        "expand",
        (
            call(t(3, 1), 3, 4),
            call(t(3), 2, 3),
            call(t(1, 3), 4, -1),
            call(t(), 2, 2),
            call(t(3, 1), (3, 0)),
            call(t(3, 1), (2, -1, 4)),
        ),
        path=".expand",
    ),
    Entry("expand_as", (call(t(3, 1), t(2, 3, 4)),), path=".expand_as"),
    Entry("broadcast_to", (call(t(3, 1), (2, 3, 4)), call(t(3), (3,)))),
    Entry(
        "cat",
        (
            call([t(2, 3), t(4, 3)]),
            call([t(2, 3), t(2, 1)], 1),
            call([t(2, 3), t(2, 2)], dim=-1),
            call([t(3)]),
            call([t(2, 3), t(0)]),
            call((t(2), t(3, dtype="int64"))),
            call([t(0, 3), t(2, 3)]),
            call([t(2), t(2, dtype="float64")]),
        ),
    ),
    Entry("concat", (call([t(2, 3), t(4, 3)], dim=0),)),
    Entry(
        "stack",
        (
            call([t(2, 3), t(2, 3)]),
            call([t(2, 3)] * 3, 1),
            call([t(3), t(3)], -1),
            call([t(), t(), t()]),
            call([t(2), t(2, dtype="float64")]),
        ),
    ),
    Entry("hstack", (call([t(2, 3), t(2, 1)]), call([t(2), t(3)])), node=False),
    Entry("vstack", (call([t(2, 3), t(1, 3)]), call([t(3), t(3)])), node=False),
    Entry(
        "split",
        (
            call(t(5, 2), 2),
            call(t(5, 2), [1, 4]),
            call(t(2, 6), 2, 1),
            call(t(2, 6), [2, 1, 3], dim=-1),
            call(t(4), 9),
            call(t(0, 2), 1),
        ),
    ),
    Entry(
        "chunk",
        (
            call(t(5, 2), 2),
            call(t(5, 2), 3),
            call(t(2, 6), 4, 1),
            call(t(2), 5),
            call(t(3, 2), 1, dim=-1),
        ),
    ),
    Entry("unbind", (call(t(2, 3)), call(t(2, 3), 1), call(t(2, 3), -1))),
    Entry("narrow", (call(t(5, 2), 0, 1, 3), call(t(2, 5), -1, 2, 2), call(t(2, 5), 1, -3, 2))),
    Entry("select", (call(t(5, 2), 0, 1), call(t(2, 5), -1, -2), call(t(2, 5), 1, 0))),
    Entry(
        "flip",
        (
            call(t(2, 3), (0,)),
            call(t(2, 3), (0, 1)),
            call(t(2, 3, 5), [-1]),
            call(t(2, 3), dims=(1,)),
        ),
    ),
    Entry("flip_method", (call(t(2, 3), 0), call(t(2, 3), 0, 1)), path=".flip"),
    Entry(
        "repeat",
        (
            call(t(2, 3), 2, 1),
            call(t(3), 2, 2),
            call(t(2, 3), (1, 2)),
            call(t(2), 0),
            call(t(), 3),
            call(t(2, 1), 1, 1, 4),
        ),
        path=".repeat",
    ),
    Entry("tile", (call(t(2, 3), (2,)), call(t(2), (2, 3))), node=False),
    Entry(
        "repeat_interleave",
        (call(t(2, 3), 2), call(t(2, 3), 2, 1), call(t(2, 3), 3, dim=0), call(t(3), 0)),
        node=False,
    ),
    Entry(
        "roll",
        (
            call(t(5), 2),
            call(t(2, 3), 1),
            call(t(2, 3), 1, 1),
            call(t(2, 3), -1, 0),
            call(t(2, 3), (1, 2), (0, 1)),
            call(t(4), 9),
        ),
        node=False,
    ),
    *(
        Entry(
            n,
            (
                call(t(3, 4)),
                call(t(3, 4), 1),
                call(t(3, 4), -1),
                call(t(2, 3, 3)),
                call(t(3, 3), diagonal=2),
                call(t(0, 3)),
            ),
        )
        for n in ("tril", "triu")
    ),
    Entry("diag", (call(t(3)), call(t(3, 4)), call(t(3), 1), call(t(3, 4), -1)), node=False),
    Entry("diagonal", (call(t(3, 4)), call(t(3, 4), 1), call(t(2, 3, 4), 0, 1, 2)), node=False),
    Entry(
        "meshgrid", (call(t(2), t(3), indexing="ij"), call(t(2), t(3), indexing="xy")), node=False
    ),
    Entry("clone", (call(t(2, 3)), call(t()), call(TURNED))),
    Entry("detach", (call(t(2, 3)),), node=False),
    Entry("contiguous", (call(t(2, 3)), call(TURNED)), path=".contiguous"),
    Entry("numel", (call(t(2, 3)), call(t()), call(t(0, 4))), path=".numel"),
)
