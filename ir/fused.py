"""A fused op: a small Func under a name, which backends turn into one kernel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .errors import require
from .func import Func
from .interpreter import evaluate
from .op import Array, Op, infer
from .samples import Sample
from .types import TensorType
from .values import Const, Value


def count_flops(func: Func) -> int:
    """The floating-point operations of all instructions."""
    return sum(i.op.flops(*(o.type for o in i.operands)) for i in func.body)


class Fused(Op):
    """Means what its body means. Not registered: each one is its own op."""

    body: Func  # type: ignore[misc]

    def __init__(self, body: Func) -> None:
        self.body = body
        self.name = body.name  # type: ignore[misc]
        self.arity = len(body.args)  # type: ignore[misc]

    def infer(self, *types: TensorType) -> TensorType | tuple[TensorType, ...]:
        expected = tuple(a.type for a in self.body.args)
        require(types == expected, f"{self.name}: the body takes {expected}, not {types}")
        known: dict[Value, TensorType] = {a: a.type for a in self.body.args}
        for instr in self.body.body:
            operands = tuple(o.type if isinstance(o, Const) else known[o] for o in instr.operands)
            known.update(zip(instr.results, infer(instr.op, operands), strict=True))
        return tuple(r.value.type for r in self.body.results)

    def ref(self, *arrays: Array) -> Any:
        results = evaluate(self.body, arrays)
        return results[0] if len(results) == 1 else tuple(results)

    def flops(self, *types: TensorType) -> int:
        return count_flops(self.body)

    def attrs(self) -> dict[str, Any]:
        return {}

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        return iter(())
