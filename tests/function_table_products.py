"""Matrix products."""

from __future__ import annotations

from function_calls import (
    functional,
)
from function_samples import (
    FLOATS,
    NUMBERS,
    WIDE,
    Entry,
    T,
    call,
    t,
)

PRODUCTS = (
    Entry(
        "matmul",
        (
            call(t(2, 3), t(3, 4)),
            call(t(3), t(3)),
            call(t(2, 3), t(3)),
            call(t(3), t(3, 4)),
            call(t(5, 2, 3), t(3, 4)),
            call(t(5, 2, 3), t(5, 3, 4)),
            call(t(5, 1, 2, 3), t(4, 3, 2)),
            call(t(3), t(5, 3, 4)),
            call(t(5, 2, 3), t(3)),
            call(t(2, 3), t(5, 3, 4)),
            call(t(0, 3), t(3, 4)),
            call(t(2, 0), t(0, 4)),
            call(T((3, 2), turned=True), t(2, 4)),
        ),
        (*NUMBERS,),
        loose=8,
    ),
    Entry("mm", (call(t(2, 3), t(3, 4)), call(t(2, 0), t(0, 4))), NUMBERS, loose=8),
    Entry("bmm", (call(t(5, 2, 3), t(5, 3, 4)),), NUMBERS, loose=8),
    Entry("mv", (call(t(2, 3), t(3)),), NUMBERS, loose=8),
    Entry("dot", (call(t(3), t(3)), call(t(0), t(0))), NUMBERS, loose=8),
    Entry("outer", (call(t(3), t(4)),), NUMBERS),
    Entry(
        "addmm",
        (
            call(t(2, 4), t(2, 3), t(3, 4)),
            call(t(4), t(2, 3), t(3, 4)),
            call(t(2, 4), t(2, 3), t(3, 4), beta=2, alpha=3),
            call(t(2, 1), t(2, 3), t(3, 4)),
            call(t(2, 4), t(2, 3), t(3, 4), beta=0),
        ),
        NUMBERS,
        loose=8,
    ),
    Entry(
        "baddbmm",
        (
            call(t(5, 2, 4), t(5, 2, 3), t(5, 3, 4)),
            call(t(4), t(5, 2, 3), t(5, 3, 4), beta=2, alpha=3),
        ),
        WIDE,
        loose=8,
        node=False,
    ),
    Entry("addmv", (call(t(2), t(2, 3), t(3)),), WIDE, loose=8, node=False),
    Entry("addr", (call(t(2, 3), t(2), t(3)),), WIDE, loose=8, node=False),
    Entry(
        "linear",
        (
            call(t(2, 3), t(4, 3)),
            call(t(2, 3), t(4, 3), t(4)),
            call(t(3), t(4, 3), t(4)),
            call(t(5, 2, 3), t(4, 3), t(4)),
            call(t(3), t(4, 3)),
            call(t(5, 2, 3), t(4, 3)),
            call(t(2, 3), t(3)),
            call(t(0, 3), t(4, 3), t(4)),
        ),
        FLOATS,
        path=functional("linear", "products"),
        loose=8,
    ),
    Entry(
        "einsum",
        tuple(
            call(*c)
            for c in (
                ("ij,jk->ik", t(2, 3), t(3, 4)),
                ("bij,bjk->bik", t(5, 2, 3), t(5, 3, 4)),
                ("ij->ji", t(2, 3)),
                ("ij->", t(2, 3)),
                ("ij->i", t(2, 3)),
                ("i,i->", t(3), t(3)),
                ("i,j->ij", t(3), t(4)),
                ("i,i->i", t(3), t(3)),
                ("ii->i", t(3, 3)),
                ("ii->", t(3, 3)),
                ("ij,jk", t(2, 3), t(3, 4)),
                ("ba", t(2, 3)),
                ("...ij,...jk->...ik", t(5, 2, 3), t(5, 3, 4)),
                ("...i->...", t(2, 3)),
                ("bhqd,bhkd->bhqk", t(2, 3, 4, 5), t(2, 3, 6, 5)),
                ("ij,jk,kl->il", t(2, 3), t(3, 4), t(4, 5)),
                ("bn,anm,bm->ba", t(2, 3), t(4, 3, 5), t(2, 5)),
                ("i,ij->ij", t(2), t(2, 3)),
                ("...ij,jk->...ik", t(5, 2, 3), t(3, 4)),
                ("ij,ij->", t(2, 3), t(2, 3)),
                ("bii->bi", t(2, 3, 3)),
                ("ij,kj->ik", t(2, 3), t(4, 3)),
                (" i j , j k -> i k", t(2, 3), t(3, 4)),
                ("aB,Bc->ac", t(2, 3), t(3, 4)),
                ("b...,b...->b...", t(2, 3), t(2, 3)),
                ("i,->i", t(3), t()),
            )
        ),
        WIDE,
        node=False,
        loose=8,
    ),
)
