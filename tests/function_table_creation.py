"""Functions that make and convert tensors."""

from __future__ import annotations

from function_samples import (
    WIDE,
    Entry,
    call,
    given,
    t,
)

CREATION = (
    Entry(
        "zeros",
        (
            call(2, 3),
            call((4,)),
            call([]),
            call(size=(2, 3)),
            call(),
            call(2, size=(3,)),
            call(2, dtype="lib.int32"),
            call(0, 2),
        ),
        WIDE[:1],
    ),
    Entry(
        "ones",
        (
            call(2, 3),
            call(size=[2, 3]),
            call(size=3),
            call(5, dtype="lib.bool"),
            call((2, 1), dtype="lib.float64"),
        ),
        WIDE[:1],
    ),
    Entry(
        "full",
        (
            call((2, 3), 7),
            call((2,), 1.5),
            call((3,), True),
            call((), 4),
            call([2], 3, dtype="lib.float32"),
            call((2,), -2.7, dtype="lib.int64"),
            call((2, 0), 1),
            call(size=(2,), fill_value=3),
        ),
        WIDE[:1],
    ),
    Entry(
        "arange",
        (
            call(5),
            call(2, 7),
            call(2, 9, 3),
            call(5.0),
            call(0, 1, 0.1),
            call(5, 1, -1),
            call(3, dtype="lib.float32"),
            call(0),
            call(1, 2.5),
            call(0.3, 1.0, 0.1),
            call(7, 2, -2.5),
            call(3, 9, 2, dtype="lib.float64"),
            call(5, dtype="lib.uint8"),
            call(-3, 3),
        ),
        WIDE[:1],
    ),
    Entry(
        "linspace",
        (
            call(0, 1, 5),
            call(-2, 3, 7),
            call(0, 10, 4, dtype="lib.float64"),
            call(3, 3, 2),
            call(0, 1, 1),
            call(0, 1, 0),
            call(1.5, -1.5, 11),
            call(0, 10, 5, dtype="lib.int64"),
            call(start=0, end=1, steps=3),
        ),
        WIDE[:1],
    ),
    Entry("eye", (call(3), call(2, 4), call(4, 2), call(0), call(3, dtype="lib.int64")), WIDE[:1]),
    Entry(
        "tensor",
        (
            call([1, 2, 3]),
            call([[1.0, 2], [3, 4]]),
            call(5),
            call(2.5),
            call(True),
            call([True, False]),
            call([1, 2.5]),
            call([[]]),
            call([]),
            call([1, 0], dtype="lib.bool"),
            call((1, 2)),
            call([True, 2]),
            call([1.7, -1.7], dtype="lib.int64"),
            call(range(4)),
            call([300, -1], dtype="lib.int16"),
        ),
        WIDE[:1],
    ),
    Entry(
        "as_tensor",
        (call([1, 2, 3]), call(2.5), call([1, 2], dtype="lib.float64"), call(t(2, 3))),
        WIDE[:1],
    ),
    *(
        Entry(name, (call(t(2, 3)), call(t()), call(t(0, 2)), call(t(2), dtype="lib.float64")))
        for name in ("zeros_like", "ones_like")
    ),
    Entry("full_like", (call(t(2, 3), 2), call(t(2), 1.5, dtype="lib.float32"), call(t(3), True))),
    Entry(
        "new_full",
        (call(t(2, 3), (4,), 2), call(t(2), (2, 2), 1, dtype="lib.int32")),
        path=".new_full",
    ),
    Entry(
        "new_zeros",
        (call(t(2, 3), 4, 1), call(t(2), (2, 2)), call(t(2), [3]), call(t(2), size=(3, 1))),
        path=".new_zeros",
    ),
    Entry("new_ones", (call(t(2, 3), 4), call(t(2), (2,), dtype="lib.int32")), path=".new_ones"),
    Entry("new_tensor", (call(t(2, 3), [1, 2]), call(t(2), 1.5)), path=".new_tensor"),
)


CASTS = (
    *(
        Entry(n, (call(t(2, 3)), call(t()), call(given([1.7, 0.0, 2.2]))), path=f".{n}", node=False)
        for n in (
            "float",
            "double",
            "half",
            "bfloat16",
            "long",
            "int",
            "short",
            "char",
            "byte",
            "bool",
        )
    ),
    Entry(
        "to",
        (
            call(t(2, 3), "lib.float64"),
            call(t(2, 3), "cpu"),
            call(t(2), dtype="lib.float32"),
            call(t(2), t(1, dtype="float64")),
            call(t(2), "cpu", "lib.float64"),
            call(t(2), device="cpu", dtype="lib.float32"),
        ),
        path=".to",
        node=False,
    ),
    Entry("type_as", (call(t(2), t(1, dtype="float64")),), path=".type_as", node=False),
)
