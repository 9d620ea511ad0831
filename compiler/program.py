"""One program of a compiled function: traced, built, bound to its state, and run in the function's place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..runtime.entry import patient
from ..tracer.autograd import accumulate
from ..tracer.consumed import Consumed
from ..tracer.eager import read_array
from ..tracer.modes import modes, no_grad
from ..tracer.program import Recording, record
from ..tracer.reading import read
from ..tracer.structure import unflatten
from ..tracer.tensor import Tensor, put_grad, wrap
from ..tracer.trace import Slot, taking
from ..tracer.var import Array, Runs, Var, concrete
from ..tracer.writing import write
from .build import Options, executable
from .fast import Caller, is_simple, native_call
from .guard import Guard
from .history import Compiled
from .memory import UNKNOWN, Memory, State, refuse_argument, refuse_shared
from .plan import Given, Made, Source, check_arguments, plan


class Program:
    """What a function is for one signature, and one structure of what it reaches."""

    def __init__(
        self,
        fn: Callable[..., Any],
        args: Sequence[Any],
        named: Mapping[str, Any],
        tensors: Sequence[Any],
        options: Options,
        caller: Caller,
        flat: bool,
    ) -> None:
        made = record(fn, args, named)
        with taking(made.trace):
            self.plan = plan(made, options.grads)
            self.func = made.trace.close(self.plan.results)
        check_arguments(self.plan, tensors)
        self.structure = made.structure
        self.states = _states(made)
        self.guard = _guard(made)
        self.executable = executable(self.func, options.backend)
        self.options = options
        self.caller = caller
        self.flat = flat
        self.grad = modes.grad
        self.native: Callable[..., Any] | None = None
        self.runs = Runs()
        self.memory: Memory | None = None
        self.dumped = False
        self.ops = {
            k: Compiled(made, var, options)
            for k, var in enumerate(self.plan.results)
            if k in self.plan.history and isinstance(var, Var)
        }

    # ---- running

    def run(self, tensors: Sequence[Tensor]) -> Any:
        """Do what the function would do, and return what it would return."""
        memory = self.bound(tensors)
        if self.native is not None:
            memory.before()
            result = patient(self.native)(*(_contiguous(read_array(read(t))) for t in tensors))
            self.leave(tensors, [])
            return result
        given = [read(t) for t in tensors]
        found, operands = self.caller.turn.spend(lambda: self._in_turn(memory, given))
        results = [self._result(k, array, operands) for k, array in enumerate(found)]
        self.leave(tensors, results)
        sources = [self._tensor(s, tensors, results) for s in self.plan.returned]
        return unflatten(self.structure, sources)

    def _in_turn(self, memory: Memory, given: list[Var]) -> tuple[list[Array], list[Var]]:
        """The results, and what the tape remembers the arguments by."""
        memory.before()
        operands = self._operands(given, memory) if self.ops else []
        inputs = [_contiguous(read_array(v)) for v in given]
        try:
            found: list[Array] = memory.bound.run(inputs)
        finally:
            self.runs.count += 1
        memory.after()
        return found, operands

    def bound(self, tensors: Sequence[Tensor]) -> Memory:
        """The program bound to where its state is now."""
        given = [read(t) for t in tensors]
        if self.plan.written:
            refuse_shared([read_array(v) for v in given], [place for place, _ in self.plan.written])
        if self.memory is None or not self._is_in_place(self.memory):
            return self._bind(given)
        for place, var in enumerate(given):
            if var.storage.watch is not None:
                refuse_argument(place, read_array(var), self.memory)
        return self.memory

    def _is_in_place(self, memory: Memory) -> bool:
        """Is the state still in the memory that the program is bound to? Nothing moves without a change."""
        number, word = self.guard.word.cell[0], memory.word.cell
        if word[0] != number and memory.is_current():
            word[0] = number
        return bool(word[0] == number)

    def _bind(self, given: Sequence[Var]) -> Memory:
        """Bind the program to the memory that its state is in now, and to none if that is impossible."""
        number = self.guard.word.cell[0]
        if self.memory is not None:
            self.memory.word.cell[0] = UNKNOWN
        self.memory = self.native = None
        memory = Memory(self.executable, self.func, self.states, self.runs, self.options.threads)
        for place, var in enumerate(given):
            refuse_argument(place, read_array(var), memory)
        self.native = self._native_call(memory)
        self.memory = memory
        memory.word.cell[0] = number
        return memory

    def _native_call(self, memory: Memory) -> Callable[..., Any] | None:
        if not self.flat or not is_simple(self.plan, memory):
            return None
        return native_call(
            self.plan,
            memory,
            self.structure,
            runs=self.runs,
            grad=self.grad,
            caller=self.caller,
        )

    def _operands(self, given: list[Var], memory: Memory) -> list[Var]:
        """What the tape remembers the program's arguments by: copies of those that it is about to overwrite."""
        places = {place for place, _ in self.plan.written}
        inputs = [_copied(v) if i in places else v for i, v in enumerate(given)]
        states = [(read(s.now()), s.written) for s in self.states]
        return inputs + [_copied(v) if written else v for v, written in states]

    def _result(self, place: int, array: Array, operands: list[Var]) -> Tensor:
        var = concrete(array)
        if place in self.ops:
            var.needs_grad, var.op, var.operands = True, self.ops[place], tuple(operands)
            var.label = "CompiledBackward"
        return wrap(var)

    # ---- what it leaves behind

    def leave(self, tensors: Sequence[Tensor], results: list[Tensor]) -> None:
        for place, number in self.plan.written:
            with no_grad():
                write(tensors[place], concrete(read_array(read(results[number])).copy()))
        for owner, grad in self.plan.grads:
            if isinstance(owner, Given):
                self._give(tensors[owner.place], self._gradient(grad, tensors, results))
            else:
                put_grad(owner, self._gradient(grad, tensors, results))

    def _give(self, tensor: Tensor, grad: Tensor | Consumed | None) -> None:
        """An argument's gradient adds up with the one that it brought along."""
        if isinstance(grad, Tensor) and tensor.grad is not None:
            accumulate(tensor, read(grad))
        else:
            put_grad(tensor, grad)

    def _gradient(
        self, grad: Source | Consumed | None, tensors: Sequence[Tensor], results: list[Tensor]
    ) -> Tensor | Consumed | None:
        if grad is None or isinstance(grad, Consumed):
            return grad
        found = self._tensor(grad, tensors, results)
        returned = isinstance(grad, Made) and grad in self.plan.returned
        return wrap(_copied(read(found))) if returned else found

    def _tensor(self, source: Source, tensors: Sequence[Tensor], results: list[Tensor]) -> Tensor:
        if isinstance(source, Tensor):
            return source
        return (tensors if isinstance(source, Given) else results)[source.place]


def _states(made: Recording) -> list[State]:
    """The state, in the order of its arguments."""
    owners = {id(g): t for t, g in made.trace.seen_grads.values() if isinstance(g, Tensor)}
    return [_state(slot, owners) for slot in made.trace.state()]


def _state(slot: Slot, owners: Mapping[int, Tensor]) -> State:
    written = slot.current is not slot.arg
    return State(slot.arg.name, slot.tensor, owners.get(id(slot.tensor)), written)


def _guard(made: Recording) -> Guard:
    trace = made.trace
    graded = [t for t, _ in trace.seen_grads.values()]
    for tensor in (*graded, *(t for t, _ in trace.grads.values())):
        tensor._watched = True
    owned = {id(g) for _, g in trace.seen_grads.values()}
    state = [s.tensor for s in trace.state() if id(s.tensor) not in owned]
    return Guard(trace.reached.values(), state, graded)


def _copied(var: Var) -> Var:
    """The same value in memory of its own: still a leaf, if it was one."""
    new = concrete(read_array(var).copy(order="C"))
    new.needs_grad, new.leaf = var.needs_grad, var.leaf
    if var.op is not None:
        new.op, new.operands, new.label = var.op, var.operands, var.label
    return new


def _contiguous(array: Array) -> Array:
    return array if array.flags.c_contiguous else array.copy(order="C")
