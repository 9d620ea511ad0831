"""Parameter groups: dicts of hyper-parameters to the user, tensors to the program that is traced.

A number among the options (a learning rate, a decay) may change from step to step, so each has a 0-dim float64 tensor
that follows it: the program reads the tensor, and a scheduler never changes the program. What does change the program
(`amsgrad`, `nesterov`, whether there is any weight decay) is told by `structure()`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from numbers import Real
from typing import Any

import numpy as np

from ..tracer import Tensor, TraceError, changed, is_tracing, outside_trace
from ..tracer.location import blame
from ..tracer.reading import read
from ..tracer.tensor import eager_tensor
from ..tracer.var import Var


class ParamGroup(dict[str, Any]):
    """One entry of `optimizer.param_groups`: an ordinary dict, whose numbers are kept in tensors too.

    While a program is traced, `group["lr"]` is that tensor.
    """

    def __init__(
        self, items: Mapping[str, Any], defaults: Mapping[str, Any], optional: Iterable[str]
    ) -> None:
        super().__init__()
        self.numbers = frozenset(k for k, v in defaults.items() if _is_number(v) or _are_numbers(v))
        self.choices = tuple(k for k, v in defaults.items() if isinstance(v, bool))
        self.optional = tuple(optional)
        self._tensors: dict[str, Tensor] = {}
        for key in (*(k for k in items if k not in defaults), *defaults):
            self[key] = items[key] if key in items else defaults[key]

    def __reduce__(self) -> tuple[Any, ...]:
        layout = {k: self[k] for k in self if k in self.numbers or k in self.choices}
        return (type(self), (dict(self), layout, self.optional))

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self.numbers:
            self._mirror(key, value)
        before = self.on(key) if key in self.numbers else None
        super().__setitem__(key, value)
        if key not in self.numbers or self.on(key) is not before:
            changed()

    def __getitem__(self, key: str) -> Any:
        if key in self.numbers and is_tracing():
            return self._traced(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        if key in self:
            return self[key]
        return default

    def update(self, *args: Any, **named: Any) -> None:
        for key, value in dict(*args, **named).items():
            self[key] = value

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def __ior__(self, other: Any) -> ParamGroup:  # type: ignore[override,misc]
        self.update(other)
        return self

    def tensor(self, name: str) -> Tensor:
        """The tensor that follows a number: "lr"; "beta1" is the first of "betas"."""
        return self._tensors[name]

    def value(self, name: str) -> Var:
        """What that tensor holds, for the update rule."""
        return read(self._tensors[name])

    def on(self, name: str) -> bool:
        """Is an optional number other than zero, and so part of the program?"""
        return bool(super().get(name))

    def named_tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Every number's tensor."""
        yield from self._tensors.items()

    def structure(self) -> Hashable:
        """Equal for two moments between which the update rule stayed the same program.

        Numbers do not count, but for whether an optional one (weight decay, momentum) is zero and so left out.
        """
        return (*(self[k] for k in self.choices), *(self.on(k) for k in self.optional))

    def _traced(self, key: str) -> Any:
        """What the program reads: a rule of the user's own, written with `group["lr"]`, follows the rate too."""
        if key in self._tensors:
            return self._tensors[key]
        return tuple(
            self._tensors[name] for name, _ in _named_numbers(key, super().__getitem__(key))
        )

    def _mirror(self, key: str, value: Any) -> None:
        if is_tracing():
            raise blame(_set_while_tracing(key, value))
        for name, number in _named_numbers(key, value):
            if name in self._tensors:
                array = read(self._tensors[name]).array
                assert array is not None
                array[...] = number
            else:
                self._tensors[name] = scalar(number)


def scalar(number: float, dtype: Any = np.float64) -> Tensor:
    """A 0-dim tensor that exists outside any trace."""
    with outside_trace():
        return eager_tensor(np.array(number, dtype))


def _is_number(value: Any) -> bool:
    return isinstance(value, (Real, np.number)) and not isinstance(value, (bool, np.bool_))


def _are_numbers(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and bool(value) and all(map(_is_number, value))


def _named_numbers(key: str, value: Any) -> list[tuple[str, float]]:
    """The numbers of one option: `betas` are `beta1` and `beta2`."""
    if _is_number(value):
        return [(key, value)]
    if _are_numbers(value):
        return [(f"{key.removesuffix('s')}{i}", number) for i, number in enumerate(value, 1)]
    if isinstance(value, Tensor):
        raise TypeError(
            f"{key} takes a number, not a Tensor. It is kept in a tensor already, so that changing it never compiles "
            f"anything again: pass {key}.item()"
        )
    raise TypeError(f"{key} takes a number, not {type(value).__name__} {value!r}")


def _set_while_tracing(key: str, value: Any) -> TraceError:
    return TraceError(
        f"'{key}' is set to {value!r} while the program is being traced, so it would be set once and never again when "
        f"the program runs. Set param_groups[i][{key!r}], or step the scheduler, outside the traced function: the "
        "program reads it anew in every call"
    )
