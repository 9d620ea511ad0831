"""The reference interpreter: a Func's meaning, op by op, in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .errors import IRError, ShapeError
from .func import Func
from .op import Array
from .types import TensorType
from .values import Const, Instr, Value


def run(func: Func, *arrays: Any) -> list[Array]:
    """Run a Func on arrays, one per argument. Named dimensions take their sizes from the arrays."""
    if len(arrays) != len(func.args):
        names = ", ".join(f"%{a.name}" for a in func.args)
        raise IRError(f"{func.name} takes {len(func.args)} arguments ({names}), not {len(arrays)}")
    sizes: dict[str, int] = {}
    ready = [
        _checked(np.asarray(x, a.type.dtype.numpy), a, sizes)
        for a, x in zip(func.args, arrays, strict=True)
    ]
    with np.errstate(all="ignore"):
        return evaluate(bind_dims(func, sizes) if sizes else func, ready)


def evaluate(func: Func, arrays: Sequence[Array]) -> list[Array]:
    """Run a Func on arrays that are known to have its arguments' types."""
    env: dict[Value, Array] = dict(zip(func.args, arrays, strict=True))
    for instr in func.body:
        found = instr.op.ref(*(_read(env, o) for o in instr.operands))
        many = found if isinstance(found, tuple) else (found,)
        env.update(zip(instr.results, map(np.asarray, many), strict=True))
    return [_read(env, r.value) for r in func.results]


def _read(env: dict[Value, Array], value: Value) -> Array:
    return value.array if isinstance(value, Const) else env[value]


def _checked(array: Array, arg: Value, sizes: dict[str, int]) -> Array:
    fits = len(array.shape) == arg.type.rank and all(
        (sizes.setdefault(d, n) if isinstance(d, str) else d) == n
        for d, n in zip(arg.type.shape, array.shape, strict=False)
    )
    if not fits:
        named = f" with {', '.join(f'{k}={v}' for k, v in sizes.items())}" if sizes else ""
        raise ShapeError(
            f"%{arg.name} is {arg.type}{named}, but the array has shape {list(array.shape)}"
        )
    return array


def bind_dims(func: Func, sizes: dict[str, int]) -> Func:
    """The same Func with sizes in place of named dimensions."""
    new: dict[Value, Value] = {}

    def bound(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(bound, value))
        return sizes.get(value, value) if isinstance(value, str) else value

    def value(v: Value) -> Value:
        if isinstance(v, Const):
            return v
        if v not in new:
            new[v] = Value(TensorType(v.type.dtype, bound(v.type.shape)), v.name)
        return new[v]

    def instr(i: Instr) -> Instr:
        op = type(i.op)(**{k: bound(v) for k, v in i.op.attrs().items()}) if not i.op.body else i.op
        return Instr(op, tuple(map(value, i.operands)), tuple(map(value, i.results)), i.loc)

    return Func(
        func.name,
        tuple(map(value, func.args)),
        tuple(map(instr, func.body)),
        tuple(
            r._replace(value=value(r.value), into=r.into and value(r.into)) for r in func.results
        ),
    )
