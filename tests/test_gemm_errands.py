"""Errands: each is run once, in order, at even distances in a loop that goes on as if nothing were."""

from __future__ import annotations

import ctypes

import llvmlite.binding as llvm
import pytest
from llvmlite import ir as ll

from tapeout.backends.cpu.gemm.errands import NOTHING, Errands, loop_with_errands
from tapeout.backends.cpu.gemm.instructions import I64, Value
from tapeout.backends.cpu.gemm.vectors import Vectors
from tapeout.backends.cpu.target import host

ERRAND = 1000


def run(rounds: int, errands: int) -> list[int]:
    """What such a loop does, in order: numbers of rounds, and numbers of errands from `ERRAND` on."""
    assert host().triple  # brings LLVM's machine for this processor into being
    module = ll.Module()
    pointer = I64.as_pointer()
    function = ll.Function(module, ll.FunctionType(ll.VoidType(), [pointer]), "log")
    builder = ll.IRBuilder(function.append_basic_block())
    v = Vectors(builder, "f32")
    length = builder.alloca(I64)
    builder.store(I64(0), length)

    def note(number: Value) -> None:
        at = builder.load(length)
        builder.store(number, builder.gep(function.args[0], [at]))
        builder.store(builder.add(at, I64(1)), length)

    def one_round(index: Value, carried: list[Value]) -> list[Value]:
        note(index)
        return [builder.add(carried[0], index)]

    given = Errands(errands, lambda index: note(builder.add(index, I64(ERRAND))))
    (total,) = loop_with_errands(v, rounds, [I64(0)], one_round, given if errands else NOTHING)
    note(total)
    builder.ret_void()
    log = (ctypes.c_int64 * (rounds + errands + 1))()
    jit = llvm.create_lljit_compiler()
    library = llvm.JITLibraryBuilder().add_ir(str(module)).export_symbol("log").link(jit, "log")
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(library["log"])(ctypes.addressof(log))
    *order, total_noted = log
    assert total_noted == sum(range(rounds))
    return order


@pytest.mark.parametrize(
    "rounds, errands",
    [(0, 0), (5, 0), (0, 3), (2, 3), (3, 3), (4, 3), (12, 3), (14, 3), (7, 1), (64, 14)],
)
def test_errands_and_rounds_are_all_run_in_order(rounds: int, errands: int) -> None:
    order = run(rounds, errands)
    assert [number for number in order if number < ERRAND] == list(range(rounds))
    assert [number - ERRAND for number in order if number >= ERRAND] == list(range(errands))


@pytest.mark.parametrize("rounds, errands", [(12, 3), (14, 3), (64, 14)])
def test_errands_are_evenly_spread(rounds: int, errands: int) -> None:
    order = run(rounds, errands)
    places = [place for place, number in enumerate(order) if number >= ERRAND]
    assert places == [index * (rounds // errands + 1) for index in range(errands)]


def test_errands_come_first_where_there_are_fewer_rounds() -> None:
    assert run(2, 3) == [ERRAND, ERRAND + 1, ERRAND + 2, 0, 1]
