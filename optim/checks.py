"""What an optimizer accepts: parameters and options. Everything else is refused, in PyTorch's words and a few more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..tracer import Tensor, TraceError, is_tracing
from ..tracer.location import blame

Items = dict[str, Any]


def groups_of(params: Any) -> list[Items]:
    """An optimizer's first argument as groups: it lists tensors, (name, tensor) pairs, or groups."""
    if isinstance(params, Tensor):
        raise blame(
            TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got a Tensor; "
                "put it in a list"
            )
        )
    listed = list(params)
    if not listed:
        raise blame(
            ValueError(
                "optimizer got an empty parameter list; a generator such as model.parameters() can be used only once"
            )
        )
    return listed if isinstance(listed[0], dict) else [{"params": listed}]


def group_items(group: Any, others: Iterable[Mapping[str, Any]]) -> Items:
    """A group as `add_param_group` takes it, made complete and checked."""
    if not isinstance(group, dict):
        raise blame(TypeError(f"param_group must be a dict, but got {type(group).__name__}"))
    if is_tracing():
        raise blame(
            TraceError(
                "an optimizer is made, or gets parameters, while the program is being traced, so the program would go "
                "on with one optimizer where the function makes a new one in every call. Do this outside"
            )
        )
    items = {**group, **_params_and_names(group["params"])}
    _check_params(items["params"], others)
    return items


def _params_and_names(given: Any) -> Items:
    if isinstance(given, (set, frozenset)):
        raise blame(
            TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in "
                "sets will change between runs. Please use a list instead."
            )
        )
    params = [given] if isinstance(given, Tensor) else list(given)
    named = [p for p in params if isinstance(p, tuple)]
    if not named:
        return {"params": params}
    if len(named) != len(params):
        raise blame(
            ValueError(
                "all optimizer params should be with/without names. Some param names are missing"
            )
        )
    return {"params": [p for _, p in named], "param_names": [name for name, _ in named]}


def _check_params(params: list[Any], others: Iterable[Mapping[str, Any]]) -> None:
    for p in params:
        if not isinstance(p, Tensor):
            raise blame(
                TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}"
                )
            )
        if not p.is_leaf:
            raise blame(
                ValueError(
                    f"can't optimize a non-leaf Tensor: this one, of shape {list(p.shape)}, is computed from others; "
                    "detach() it, or optimize what it is computed from"
                )
            )
    ids = [id(p) for p in params]
    if len(set(ids)) < len(ids):
        raise blame(
            ValueError("a parameter group contains duplicate parameters; list each tensor once")
        )
    if not {id(p) for group in others for p in group["params"]}.isdisjoint(ids):
        raise blame(ValueError("some parameters appear in more than one parameter group"))


def not_negative(**options: Any) -> None:
    """Refuse negative numbers and NaN; the words are PyTorch's."""
    for name, (title, value) in options.items():
        if isinstance(value, Tensor):
            raise blame(TypeError(f"{name} takes a number, not a Tensor; pass {name}.item()"))
        if not value >= 0:
            raise blame(ValueError(f"Invalid {title}: {value}"))


def hints(cls: str, known: Mapping[str, Any], given: Mapping[str, Any]) -> Items:
    """Options that choose among PyTorch's kernels, and so nothing here."""
    for name in given:
        if name not in known:
            raise blame(TypeError(f"{cls}.__init__() got an unexpected keyword argument '{name}'"))
    if given.get("differentiable"):
        raise blame(
            RuntimeError(
                f"{cls} updates parameters in place and without gradient history, so differentiable=True cannot be "
                "honoured; write the update as tensor operations and use grad(create_graph=True)"
            )
        )
    return {**known, **given}
