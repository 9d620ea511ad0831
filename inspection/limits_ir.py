"""The regions that measure a machine, in LLVM IR: multiply-adds in registers, and y += s * x over memory.

Each takes a frame: a barrier; then the words of `Frame`; then, two lines for each part, when it began and ended. The
parts begin together.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from ..runtime.pool_ir import BARRIER, BARRIER_BYTES
from .clock_ir import LINES, NOW

FMA, AXPY = "fma", "axpy"
CHAINS = 12
"""Sums that do not wait for each other: enough for two units that take five cycles, few enough for 16 registers."""
UNROLLED = 4
BARRIER_WORDS = BARRIER_BYTES // 8


class Frame(IntEnum):
    """The words of a frame after its barrier."""

    ROUNDS = 0
    VECTORS = 1
    """How many a part has, at x and at y."""
    APART = 2
    """Bytes from one part's memory to the next."""
    X = 3
    Y = 4
    PARTS = 5
    """Written by the region: how many ran."""
    NOTES = LINES


_BEGIN = f"""
  %words = getelementptr i8, ptr %frame, i64 {BARRIER_BYTES}
  %parts.p = getelementptr i64, ptr %words, i64 {Frame.PARTS:d}
  store i64 %parts, ptr %parts.p
  %rounds.p = getelementptr i64, ptr %words, i64 {Frame.ROUNDS:d}
  %rounds = load i64, ptr %rounds.p
  %vectors.p = getelementptr i64, ptr %words, i64 {Frame.VECTORS:d}
  %vectors = load i64, ptr %vectors.p
  %apart.p = getelementptr i64, ptr %words, i64 {Frame.APART:d}
  %apart = load i64, ptr %apart.p
  %x.p = getelementptr i64, ptr %words, i64 {Frame.X:d}
  %x.whole = load ptr, ptr %x.p
  %y.p = getelementptr i64, ptr %words, i64 {Frame.Y:d}
  %y.whole = load ptr, ptr %y.p
  %shift = mul i64 %part, %apart
  %x = getelementptr i8, ptr %x.whole, i64 %shift
  %y = getelementptr i8, ptr %y.whole, i64 %shift
  %row = mul i64 %part, {LINES}
  %place = add i64 %row, {Frame.NOTES:d}
  %begun.p = getelementptr i64, ptr %words, i64 %place
  %ended.p = getelementptr i64, ptr %begun.p, i64 1
  call void @{BARRIER}(ptr %frame, i64 %parts)
  %begun = call i64 @now()
  store i64 %begun, ptr %begun.p
  br label %loop
"""
_END = """
  %ended = call i64 @now()
  store i64 %ended, ptr %ended.p
  ret void
}
"""


def fma_ir(element: str, lanes: int) -> str:
    """`fma`: each round is CHAINS multiply-adds of vectors; the sums end in y so that they are not idle."""
    vector = f"<{lanes} x {element}>"
    name = f"@llvm.fma.v{lanes}{'f32' if element == 'float' else 'f64'}"
    call = f"call {vector} {name}({vector} %s{{n}}, {vector} %a, {vector} %a)"
    lines = [f"declare {vector} {name}({vector}, {vector}, {vector})", *_head(FMA)]
    lines += ["loop:", f"  %a = load {vector}, ptr %x, align 64", "  br label %round", "round:"]
    lines.append("  %i = phi i64 [0, %loop], [%next, %round]")
    lines += [f"  %s{n} = phi {vector} [%a, %loop], [%t{n}, %round]" for n in range(CHAINS)]
    lines += [f"  %t{n} = {call.format(n=n)}" for n in range(CHAINS)]
    lines += [*_next("%i", "%next", 1, "%rounds", "%round", "%done"), "done:"]
    lines += [f"  store volatile {vector} %t{n}, ptr %y, align 64" for n in range(CHAINS)]
    return "\n".join([*lines, _END])


def axpy_ir(lanes: int) -> str:
    """`axpy`: each round goes once over a part's memory, which it reads at x and y and writes at y."""
    vector = f"<{lanes} x float>"
    lines = [f"declare {vector} @llvm.fma.v{lanes}f32({vector}, {vector}, {vector})"]
    lines += [*_head(AXPY), "loop:", f"  %s = load {vector}, ptr %x, align 64", "  br label %round"]
    lines += ["round:", "  %i = phi i64 [0, %loop], [%next, %again]", "  br label %piece"]
    lines += ["piece:", "  %k = phi i64 [0, %round], [%on, %piece]"]
    for n in range(UNROLLED):
        lines += _updated(n, vector, lanes)
    lines += _next("%k", "%on", UNROLLED, "%vectors", "%piece", "%again")
    lines += ["again:", *_next("%i", "%next", 1, "%rounds", "%round", "%done")]
    return "\n".join([*lines, "done:", _END])


def _head(name: str) -> Iterator[str]:
    yield NOW
    yield f"declare void @{BARRIER}(ptr, i64)"
    yield f"define void @{name}(ptr %frame, i64 %part, i64 %parts) {{"
    yield _BEGIN


def _updated(n: int, vector: str, lanes: int) -> Iterator[str]:
    yield f"  %k{n} = add i64 %k, {n}"
    yield f"  %xp{n} = getelementptr {vector}, ptr %x, i64 %k{n}"
    yield f"  %yp{n} = getelementptr {vector}, ptr %y, i64 %k{n}"
    yield f"  %x{n} = load {vector}, ptr %xp{n}, align 64"
    yield f"  %y{n} = load {vector}, ptr %yp{n}, align 64"
    yield f"  %z{n} = call {vector} @llvm.fma.v{lanes}f32({vector} %s, {vector} %x{n}, {vector} %y{n})"
    yield f"  store {vector} %z{n}, ptr %yp{n}, align 64"


def _next(i: str, following: str, step: int, limit: str, again: str, done: str) -> Iterator[str]:
    yield f"  {following} = add i64 {i}, {step}"
    yield f"  {following}.more = icmp slt i64 {following}, {limit}"
    yield f"  br i1 {following}.more, label {again}, label {done}"
