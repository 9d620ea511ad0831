"""A body of one walk on a panel: its elements as they are wanted, and what there is once per walk, computed before.

Walkers run side by side. Each pass over the elements gathers for all of them that are waiting; a walker begins as soon
as what its operands need is known. All results are written at the end, those for each element in one more pass, and
everything at a place is read before anything is written there: a result may lie over an operand.
"""

from __future__ import annotations

from functools import partial
from itertools import accumulate, pairwise
from typing import NamedTuple

from ....ir import Const, Instr, Value
from ....ir.dtypes import DType
from ..rows import Panel, Place, State
from ..vector import Vector, emit_op
from ..vector.convert import rounded
from ..vector.kinds import constant, format_of
from .walks import WALKERS, Gathering, Once, Steps
from .walks_plan import Plan, Read, Source
from .walks_spot import Operand, Spot, Term


class Waiting(NamedTuple):
    """A walker that has asked for something."""

    instr: Instr
    steps: Steps
    wish: Gathering


class Body:
    """The values of a plan's body on a panel."""

    def __init__(self, plan: Plan, panel: Panel, rooms: dict[Instr, int]) -> None:
        self.plan, self.panel, self.rooms = plan, panel, rooms
        self.numbers: dict[Source, list[Vector]] = {}
        self.formulas: dict[Value, Term] = {}
        self.known: dict[Source, bool] = {}
        """Whether all that an element needs is known: asked once in a pass."""
        self.full: set[Instr] = set()
        self.filling: set[Instr] = set()

    def run(self) -> None:
        self._settle()
        self._write()

    # ---- values

    def element(self, source: Source, spot: Spot) -> Vector:
        """The elements at a spot; one lane if it is the same in all."""
        if isinstance(source, Const):
            return constant(source.type.dtype, source.number, 1)
        if source in self.numbers:
            return self.numbers[source][spot.place.group]
        if source not in spot.seen:
            spot.seen[source] = self._element(source, spot)
        return spot.seen[source]

    def _element(self, source: Read | Value, spot: Spot) -> Vector:
        if isinstance(source, Read):
            return spot.place.read(source.buffer)
        if source in self.formulas:
            return rounded(self.panel.builder, self.formulas[source](spot))
        maker = self.plan.makers[source]
        return self.kept(maker, partial(self._applied, maker))(spot)

    def _applied(self, maker: Instr, spot: Spot) -> Vector:
        operands = [self.element(o, spot) for o in self.plan.sources[maker]]
        return emit_op(self.panel.builder, maker.op, operands)

    def once(self, source: Source) -> list[Vector]:
        """What there is once per walk."""
        if isinstance(source, Const):
            return [constant(source.type.dtype, source.number, 1)] * self.panel.groups
        return self.numbers[source]

    def kept(self, key: Instr, term: Term) -> Term:
        """A term that is computed in the first pass that wants it, and read from its room in others."""
        if key not in self.rooms:
            return term

        def remembered(spot: Spot) -> Vector:
            if spot.is_picked and key not in self.full:
                return term(spot)
            if key not in spot.seen:
                spot.seen[key] = self._remembered(key, term, spot)
            return spot.seen[key]

        return remembered

    def _remembered(self, key: Instr, term: Term, spot: Spot) -> Vector:
        room = self.rooms[key]
        held = self.panel.buffers[room].dtype
        if key in self.full:
            return self._as(spot.place.read(room), key.result.type.dtype)
        x = term(spot)
        spot.place.write(room, self._as(x, held))
        self.filling.add(key)
        return x

    def _as(self, x: Vector, dtype: DType) -> Vector:
        assert format_of(x.dtype) == format_of(dtype)
        return Vector(x.value, dtype, x.lanes)

    # ---- what there is once per walk

    def ready(self, source: Source) -> bool:
        """Is all known that an element needs? What it needs once per walk is made, if it can be."""
        if isinstance(source, Const) or source in self.numbers or source in self.formulas:
            return True
        if source not in self.known:
            self.known[source] = self._ready(source)
        return self.known[source]

    def _ready(self, source: Read | Value) -> bool:
        if isinstance(source, Read):
            if source.still:
                places = self.panel.results()
                self.numbers[source] = [place.read(source.buffer) for place in places]
            return True
        maker = self.plan.makers[source]
        if type(maker.op) in WALKERS or not all(self.ready(o) for o in self.plan.sources[maker]):
            return False
        if not self.plan.is_full(source):
            self.numbers[source] = self._computed(maker)
        return True

    def _computed(self, maker: Instr) -> list[Vector]:
        operands = [self.once(o) for o in self.plan.sources[maker]]
        return [emit_op(self.panel.builder, maker.op, each) for each in zip(*operands, strict=True)]

    # ---- passes

    def _settle(self) -> None:
        """Run all walkers to their ends."""
        idle, waiting = list(self.plan.walkers), list[Waiting]()
        while idle or waiting:
            self.known.clear()
            for instr in list(idle):
                if all(self.ready(o) for o in self.plan.sources[instr]):
                    idle.remove(instr)
                    waiting += self._advanced(instr, self._started(instr), None)
            assert waiting or not idle, f"{self.plan.body.name}: a walk waits for its own result"
            if waiting:
                answers = self._gathered([w.wish for w in waiting])
                waiting = [
                    following
                    for w, states in zip(waiting, answers, strict=True)
                    for following in self._advanced(w.instr, w.steps, states)
                ]

    def _started(self, instr: Instr) -> Steps:
        operands = [
            Operand(self, source, o.type.dtype, instr, self.plan.size)
            for o, source in zip(instr.operands, self.plan.sources[instr], strict=True)
        ]
        return WALKERS[type(instr.op)].walker(instr.op, *operands)

    def _advanced(self, instr: Instr, steps: Steps, states: list[State] | None) -> list[Waiting]:
        """The walker with its next wish, if it has one; else its result is known."""
        try:
            return [Waiting(instr, steps, next(steps) if states is None else steps.send(states))]
        except StopIteration as end:
            if isinstance(end.value, Once):
                builder = self.panel.builder
                self.numbers[instr.result] = [rounded(builder, x) for x in end.value.numbers]
            else:
                self.formulas[instr.result] = end.value.formula
            return []

    def _gathered(self, wishes: list[Gathering]) -> list[list[State]]:
        """One pass for all wishes: the states of all lie side by side."""
        ends = accumulate((len(w.start) for w in wishes), initial=0)
        slices = [slice(*pair) for pair in pairwise(ends)]

        def visit(state: State, place: Place) -> State:
            spot = self._spot(place)
            return sum((w.visit(state[s], spot) for w, s in zip(wishes, slices, strict=True)), ())

        def join(x: State, y: State) -> State:
            return sum((w.join(x[s], y[s]) for w, s in zip(wishes, slices, strict=True)), ())

        start = sum((w.start for w in wishes), ())
        states = self.panel.gather(start, visit, join, apart=any(w.apart for w in wishes))
        self.full |= self.filling
        return [[state[s] for state in states] for s in slices]

    def _spot(self, place: Place) -> Spot:
        return Spot(place, self.panel.geometry.along)

    # ---- results

    def _write(self) -> None:
        self.known.clear()
        outputs = self.plan.outputs
        for out in outputs:
            self.ready(out.source)
        full = [out for out in outputs if out.full]

        def write(place: Place) -> None:
            spot = self._spot(place)
            made = [self.element(out.source, spot) for out in full]
            for out, x in zip(full, made, strict=True):
                place.write(out.buffer, x)

        if full:
            self.panel.each(write)
        for out in outputs:
            if not out.full:
                for place, x in zip(self.panel.results(), self.once(out.source), strict=True):
                    place.write(out.buffer, x)
