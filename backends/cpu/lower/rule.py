"""What a lowering rule is given and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from ....ir import Func, Instr, IRError, Op, TensorType
from ....ir.dtypes import DType
from ..kernel import Kernel
from ..layout import Layout, Shape
from ..target import Target


@dataclass(frozen=True)
class Tail:
    """Elementwise ops that follow an op, to be done on its results before they are stored."""

    body: Func
    hole: int
    """The argument of the body that stands for the op's result; the others are further operands."""


@dataclass(frozen=True)
class Job:
    """An instruction to be turned into a kernel, and how its operands and results lie in their buffers.

    With a tail, `types` and `layouts` are the op's operands, the tail's other inputs (stretched to the shape of the
    op's result), the tail's results; the kernel takes its buffers in that order. A result of the tail may be the same
    memory as one of its inputs, element for element.
    """

    op: Any
    types: tuple[TensorType, ...]
    """Of the operands, then of the results."""
    layouts: tuple[Layout, ...]
    target: Target
    operands: int = 0
    """How many operands the op itself has."""
    tail: Tail | None = None

    @property
    def result(self) -> TensorType:
        """What the op itself gives, whatever the tail makes of it."""
        return self.tail.body.args[self.tail.hole].type if self.tail else self.types[-1]

    @property
    def name(self) -> str:
        return self.tail.body.name if self.tail else self.op.name

    @property
    def dtypes(self) -> tuple[DType, ...]:
        return tuple(t.dtype for t in self.types)

    def kernel(
        self,
        lines: list[str],
        *,
        fastmath: frozenset[str] = frozenset({"contract"}),
        complaint: str = "",
        **scope: Any,
    ) -> Kernel:
        """A kernel from the lines of its body; buffers are called x0, x1, ... in order, the last one `status`."""
        buffers = [f"x{b}" for b in range(len(self.types))] + ["status"] * bool(complaint)
        head = f"def kernel({', '.join(buffers)}, part, parts):"
        source = "\n".join([head, *("    " + line for line in lines)]) + "\n"
        return Kernel(self.name, source, self.dtypes, scope, fastmath=fastmath, complaint=complaint)


class Repeat(NamedTuple):
    """A kernel that is called for every index of some dimensions: how far apart each buffer's pieces are there."""

    sizes: Shape
    strides: tuple[Shape, ...]


class Task(NamedTuple):
    """A kernel, and where in its buffers it starts, in elements, if not at the beginning."""

    kernel: Kernel
    offsets: tuple[int, ...] = ()
    repeat: Repeat = Repeat((), ())


Rule = Callable[[Job], Kernel | Task]
RULES: dict[type[Op], Rule] = {}
TAILED: dict[type[Op], Callable[[Instr], bool]] = {}
"""Ops whose rules do what follows them too, if a test of the instruction says so."""
WIDE: set[type[Op]] = set()
"""Ops whose rules compute with f32 and wider floats only."""
Given = TypeVar("Given", bound=Rule)


def lowers(
    *ops: type[Op], tails: bool | Callable[[Instr], bool] = False, wide: bool = False
) -> Callable[[Given], Given]:
    """Register a rule for some ops; whether it can do what follows them too; whether it is for wide floats only."""

    def register(rule: Given) -> Given:
        RULES.update(dict.fromkeys(ops, rule))
        WIDE.update(ops if wide else ())
        if tails:
            TAILED.update(dict.fromkeys(ops, tails if callable(tails) else lambda instr: True))
        return rule

    return register


def rule_for(instr: Instr) -> Rule:
    """The rule for an instruction's op."""
    for cls in type(instr.op).__mro__:
        if cls in RULES:
            return RULES[cls]
    raise IRError(f"the CPU backend has no code for {instr.op.name} yet")


def is_wide(instr: Instr) -> bool:
    """Does the rule for an instruction compute with f32 and wider floats only?"""
    return any(cls in WIDE for cls in type(instr.op).__mro__)


def has_tails(instr: Instr) -> bool:
    """Can the rule for an instruction do what follows it too?"""
    return any(TAILED[cls](instr) for cls in type(instr.op).__mro__ if cls in TAILED)


def at(layout: Layout, *indices: str) -> str:
    """The Python text of an element's index, from one text per dimension."""
    terms = [
        i if s == 1 else f"({i}) * {s}"
        for i, s in zip(indices, layout.strides, strict=True)
        if s and i != "0"
    ]
    return " + ".join([*terms, *([str(layout.offset)] if layout.offset or not terms else [])])


def checked_index(variable: str, size: int) -> list[str]:
    """Lines that report an index outside 0..size-1 and go on with 0, which is harmless unless there is nothing."""
    report = [f"    status[0], status[1] = 1, {variable}", f"    {variable} = 0"]
    return [
        f"if {variable} < 0 or {variable} >= {size}:",
        *report,
        *(["    continue"] if size == 0 else []),
    ]


def index_complaint(job: Job, dim: int, size: int) -> str:
    return f"{job.op.name}: index {{}} is out of bounds for dimension {dim} with size {size}"


def numba_ready(job: Job) -> None:
    """Refuse element types that Numba cannot compute with."""
    for type_ in job.types:
        if type_.dtype.name in ("f16", "bf16"):
            raise IRError(
                f"the CPU backend has no code for {job.op.name} of {type_} yet; cast it to f32 first"
            )
