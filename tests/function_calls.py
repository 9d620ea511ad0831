"""Calls that many entries of the function tables share."""

from __future__ import annotations

from function_samples import (
    SPECIAL,
    Call,
    T,
    call,
    given,
    special,
    t,
)

SHAPES = ((), (3,), (2, 3, 5), (0, 3), (1, 4))


TURNED = T((4, 3, 2), turned=True)


SPECIAL_TURNED = given(SPECIAL[::-1])


TIES = given([[2.0, 1.0, 2.0], [0.0, 0.0, 0.0]])


def unary(low: float = -3.0, high: float = 3.0) -> tuple[Call, ...]:
    plain = tuple(call(T(s, None, low, high)) for s in SHAPES)
    return (*plain, call(T((4, 3, 2), None, low, high, turned=True)), call(special))


def binary(low: float = -3.0, high: float = 3.0) -> tuple[Call, ...]:
    def make(*shape: int) -> T:
        return T(shape, None, low, high)

    return (
        call(make(2, 3, 5), make(2, 3, 5)),
        call(make(2, 3), make(3)),
        call(make(4, 1), make(3)),
        call(make(), make(3)),
        call(make(), make()),
        call(make(0, 3), make(1, 3)),
        call(make(2, 3), 2),
        call(make(2, 3), 1.5),
        call(make(3), True),
        call(TURNED, make(4, 1, 2)),
    )


REDUCTIONS = tuple(
    call(x, *rest, **kw)
    for x in (t(2, 3, 5), TURNED)
    for rest, kw in (
        ((), {}),
        ((0,), {}),
        ((-1,), {}),
        ((1, True), {}),
        (((0, 2),), {}),
        (([1, 2], True), {}),
        ((), {"dim": 1}),
    )
)


ONE_DIM = tuple(
    call(t(2, 3, 5), *rest, **kw)
    for rest, kw in (
        ((0,), {}),
        ((-1,), {}),
        ((1, True), {}),
        ((), {"dim": 1}),
        ((), {"dim": -2, "keepdim": True}),
    )
)
