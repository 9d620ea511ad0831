"""Optimizer state as a dict to save, in PyTorch's layout, and back. Parameters go by their number."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np

from ..ir.dtypes import float32
from ..tracer import Tensor, outside_trace
from ..tracer.location import blame
from ..tracer.reading import read
from ..tracer.tensor import eager_tensor
from .groups import ParamGroup, scalar

States = MutableMapping[Tensor, dict[str, Any]]
Array = np.ndarray[Any, Any]
CLOCK = "step"


def packed(groups: list[ParamGroup], states: States, private: Collection[str]) -> dict[str, Any]:
    """State by number and name, groups with numbers for "params". The tensors are the optimizer's own, not copies."""
    state = {
        number: {k: v for k, v in states[p].items() if k not in private}
        for number, p in enumerate(_params(groups))
        if states.get(p)
    }
    listed, first = [], 0
    for group in groups:
        last = first + len(group["params"])
        listed.append({**group, "params": list(range(first, last))})
        first = last
    return {"state": state, "param_groups": listed}


def _params(groups: list[ParamGroup]) -> Iterator[Tensor]:
    for group in groups:
        yield from group["params"]


def load(groups: list[ParamGroup], states: States, saved: Mapping[str, Any]) -> None:
    """Take over what was saved. Tensors that exist stay the same objects, so that a program that reads them goes on."""
    _check(groups, saved["param_groups"])
    numbers = [n for group in saved["param_groups"] for n in group["params"]]
    found = dict(zip(numbers, _params(groups), strict=True))
    with outside_trace():
        arrays = {
            found[n]: _arrays(s, found[n], n) for n, s in saved["state"].items() if n in found
        }
        for group, given in zip(groups, saved["param_groups"], strict=True):
            group.update({k: v for k, v in given.items() if k not in ("params", "param_names")})
            _load_clocks([(states[p], arrays[p]) for p in group["params"] if p in arrays])
    for p in found.values():
        if p in arrays:
            _load_moments(states[p], arrays[p])
        else:
            states.pop(p, None)


def _check(groups: list[ParamGroup], saved: list[Mapping[str, Any]]) -> None:
    ours, theirs = [len(g["params"]) for g in groups], [len(g["params"]) for g in saved]
    if len(ours) != len(theirs):
        raise blame(
            ValueError(
                f"loaded state dict has a different number of parameter groups: {len(theirs)}, and the optimizer has "
                f"{len(ours)}"
            )
        )
    if ours != theirs:
        raise blame(
            ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group: the "
                f"groups have {theirs} parameters, and the optimizer's {ours}"
            )
        )


def _arrays(state: Mapping[str, Any], param: Tensor, number: int) -> dict[str, Array]:
    """One parameter's saved state, in the dtypes in which it is kept."""
    type = read(param).type
    found = {}
    for name, value in state.items():
        if value is None:
            continue
        array = np.asarray(value)
        dtype = float32.numpy if name == CLOCK else type.dtype.numpy
        if array.shape != (() if name == CLOCK else type.shape):
            raise blame(
                ValueError(
                    f"loaded state dict has a '{name}' of shape {list(array.shape)} for parameter {number}, which is "
                    f"{type}; it was saved for another model, or its parameters were listed in another order"
                )
            )
        found[name] = array.astype(dtype)
    return found


def _load_clocks(pairs: list[tuple[dict[str, Any], dict[str, Array]]]) -> None:
    """Step counts: equal ones are shared; each old one goes on with the first count that is loaded into it."""
    went_on: dict[int, float] = {}
    made: dict[float, Tensor] = {}
    for state, arrays in pairs:
        if CLOCK not in arrays:
            continue
        count, old = arrays[CLOCK].item(), state.get(CLOCK)
        if old is not None and went_on.setdefault(id(old), count) == count:
            _overwrite(old, arrays[CLOCK])
        elif count in made:
            state[CLOCK] = made[count]
        else:
            state[CLOCK] = scalar(count, float32.numpy)
        made.setdefault(count, state[CLOCK])


def _load_moments(state: dict[str, Any], arrays: Mapping[str, Array]) -> None:
    for name in [k for k in state if k not in arrays]:
        del state[name]
    for name, array in arrays.items():
        if name == CLOCK:
            continue
        if name in state:
            _overwrite(state[name], array)
        else:
            state[name] = eager_tensor(array.copy())


def _overwrite(tensor: Tensor, array: Array) -> None:
    held = read(tensor).array
    assert held is not None
    held[...] = array
