"""A whole program as native code: its kernels, the function that calls them in order, and the memory it needs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import llvmlite.binding as llvm

from ...ir import Func, Instr, verify
from ...runtime.arguments import Argument
from ...runtime.artifact import Artifact, Returned
from ...runtime.program import Bound
from ...runtime.program import Program as Loaded
from ..base import Array
from .emit import object_code
from .front import KernelError
from .groups import apart
from .memory import Memory
from .objects import Objects
from .order import ordered
from .schedule import Call, schedule
from .step import parts_for, step_text
from .target import Target, host, machine
from .unlocked import alone
from .widen import widened


class Planned:
    """A Func on its way to code, each step taken when it is first asked for: for whoever wants to look."""

    def __init__(self, func: Func, target: Target | None = None) -> None:
        self.func = verify(func)
        self.target = target or host()

    @cached_property
    def scheduled(self) -> Func:
        """The instructions as kernels do them, in the order in which they run."""
        return ordered(widened(apart(self.func)))

    @cached_property
    def memory(self) -> Memory:
        return Memory(self.scheduled)

    @cached_property
    def calls(self) -> list[Call]:
        return list(schedule(self.scheduled, self.memory, self.target))

    @cached_property
    def artifact(self) -> Artifact:
        return self._artifact()

    @cached_property
    def loaded(self) -> Loaded:
        return Loaded(self.artifact)

    def source(self, name: str | None = None) -> str:
        """The kernels' Numba source, or that of one kernel."""
        kernels = {call.kernel.symbol: call.kernel for call in self.calls}
        chosen = [k for k in kernels.values() if name in (None, k.name, k.symbol)]
        return "\n".join(f"# {k.symbol}\n{k.source}" for k in chosen)

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        return self.loaded(arrays)

    def bind(self, state: Sequence[Array], threads: int | None = None) -> Bound:
        """The program with the arrays that its last arguments are from now on, updated in place."""
        return self.loaded.bind(state, threads)

    def _artifact(self) -> Artifact:
        fresh = sum(r.into is None for r in self.func.results)
        step = _assembled(step_text(self.calls, self.memory, fresh), self.target)
        return Artifact(
            self.func.name,
            _arguments(self.func),
            _results(self.func),
            self.memory.arena_bytes,
            max((c.kernel.scratch_bytes(1) for c in self.calls), default=0),
            parts_for(self.calls),
            tuple(
                (c.kernel.error.__name__, c.kernel.complaint)
                for c in self.calls
                if c.kernel.complaint
            ),
            (*self._kernels(), step),
        )

    def _kernels(self) -> list[bytes]:
        calls = {call.kernel.symbol: call for call in self.calls}
        with Objects(self.target) as objects:
            for call in calls.values():
                try:
                    objects.want(call.kernel)
                except KernelError as error:
                    where = f"for {_told(call.instr)}, " if call.instr else ""
                    raise KernelError(f"{where}{error}") from error
            return objects.made()


class Program(Planned):
    """A compiled Func. Call it with one array per argument; it returns one per result."""

    def __init__(self, func: Func, target: Target | None = None) -> None:
        super().__init__(func, target)
        self.artifact = self._artifact()


def _told(instr: Instr) -> str:
    """An instruction and the line it comes from."""
    types = ", ".join(map(str, (o.type for o in instr.operands)))
    line = f" ({instr.loc.file}:{instr.loc.line})" if instr.loc else ""
    return f"{instr.op.name}({types}){line}"


def compiled(func: Func) -> Program:
    """The Func, compiled for this machine."""
    return Program(func)


def _arguments(func: Func) -> tuple[Argument, ...]:
    written = {r.into for r in func.results}
    return tuple(
        Argument(a.name, a.type.dtype.numpy, a.type.static_shape, a in written) for a in func.args
    )


def _results(func: Func) -> tuple[Returned, ...]:
    number = {arg: n for n, arg in enumerate(func.args)}
    return tuple(
        Returned(
            value.type.dtype.numpy.name,
            value.type.static_shape,
            None if into is None else number[into],
        )
        for value, into in func.results
    )


def _assembled(text: str, target: Target) -> bytes:
    module = alone(llvm.parse_assembly(text))
    module.triple, module.data_layout = target.triple, str(machine(target).target_data)
    module.verify()
    return object_code(module, target)
