"""What LLVM offers that llvmlite's builder has no method for: intrinsics, constant vectors, loops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from llvmlite import ir as ll

I1, I32, I64 = (ll.IntType(bits) for bits in (1, 32, 64))
Value = Any
LoopBody = Callable[[Value, list[Value]], Sequence[Value]]


def call(builder: Any, name: str, result: Any, arguments: Sequence[Value]) -> Value:
    """Call an LLVM intrinsic, declared on first use."""
    kind = ll.FunctionType(result, [a.type for a in arguments])
    known = builder.module.globals.get(name) or ll.Function(builder.module, kind, name)
    return builder.call(known, list(arguments))


def mangled(kind: Any) -> str:
    """How LLVM spells a vector type in the name of an intrinsic."""
    names = {"float": "f32", "double": "f64"}
    return f"v{kind.count}{names[str(kind.element)]}"


@cache
def numbers(numbers: tuple[int, ...]) -> Value:
    """A constant vector. LLVM's text is made of them many times over, so each is spelled once."""
    return ll.Constant(ll.VectorType(I32, len(numbers)), list(numbers))


def first(count: int, lanes: int) -> Value:
    """A constant mask: true in the first lanes."""
    return ll.Constant(ll.VectorType(I1, lanes), [I1(lane < count) for lane in range(lanes)])


def loop(builder: Any, count: int | Value, carried: Sequence[Value], body: LoopBody) -> list[Value]:
    """Run `body(index, values)` for index 0, 1, …; the values it returns are carried to the next round.

    A count that is only known when the loop is run must be 1 at least.
    """
    if isinstance(count, int):
        return loop(builder, I64(count), carried, body) if count else list(carried)
    before, inside = builder.block, builder.append_basic_block("loop")
    builder.branch(inside)
    builder.position_at_end(inside)
    phis = [builder.phi(v.type) for v in (I64(0), *carried)]
    for phi, value in zip(phis, (I64(0), *carried), strict=True):
        phi.add_incoming(value, before)
    made = list(body(phis[0], phis[1:]))
    following = builder.add(phis[0], I64(1))
    for phi, value in zip(phis, (following, *made), strict=True):
        phi.add_incoming(value, builder.block)
    after = builder.append_basic_block("done")
    jump = builder.cbranch(builder.icmp_signed("<", following, count), inside, after)
    jump.set_metadata("llvm.loop", _not_unrolled(builder.module))
    builder.position_at_end(after)
    return made


def _not_unrolled(module: Any) -> Any:
    """The name of a loop, by which LLVM knows not to unroll it; such a name begins with itself."""
    wish = module.add_metadata(["llvm.loop.unroll.disable"])
    name = ll.values.MDValue(module, [], name=str(len(module.metadata)))
    name.operands = (name, wish)
    return name
