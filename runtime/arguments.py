"""What a program expects of the arrays it is called with, and what becomes of other things given to it.

A program's code assumes exact arrays. What is not exact is converted where nothing can be lost (other strides, a
narrower dtype, a Python number for a single element) and refused otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Argument:
    """One array argument. What a program writes into must be given exactly, never as a copy."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    writable: bool = False

    def __post_init__(self) -> None:
        if not self.dtype.isnative:
            raise ValueError(
                f"argument '{self.name}' cannot have dtype {self.dtype.str}: compiled code works "
                "on this machine's byte order only"
            )

    def __str__(self) -> str:
        return f"{self.name}: {_spelled(self.dtype, self.shape)}"


def converted(program: str, arguments: Sequence[Argument], given: Sequence[object]) -> list[Array]:
    """Arrays exactly as the program expects them, made from what it was called with."""
    if len(given) != len(arguments):
        signature = ", ".join(map(str, arguments)) or "none"
        raise TypeError(
            f"{program}() takes {len(arguments)} argument{'s' * (len(arguments) != 1)} "
            f"({signature}), but {len(given)} {'were' if len(given) != 1 else 'was'} given"
        )
    return [
        _convert(program, argument, value) for argument, value in zip(arguments, given, strict=True)
    ]


def is_exact(argument: Argument, array: Array) -> bool:
    """Whether a program can work on this very memory."""
    return (
        array.dtype == argument.dtype
        and array.shape == argument.shape
        and array.flags.c_contiguous
        and array.flags.aligned
        and (array.flags.writeable or not argument.writable)
    )


def _convert(program: str, argument: Argument, value: object) -> Array:
    array = _as_array(argument, value)
    if array is None or array.shape != argument.shape:
        raise _refusal(program, argument, value, "")
    if is_exact(argument, array):
        return array
    if argument.writable:
        raise _refusal(
            program,
            argument,
            value,
            "; the program writes into it, so it must be a writable, C-contiguous, aligned array "
            "of exactly that dtype",
        )
    if not _fits(argument, array, value):
        raise _refusal(program, argument, value, f"; convert it with .astype('{argument.dtype}')")
    return np.require(array, argument.dtype, ["C_CONTIGUOUS", "ALIGNED"])


def _as_array(argument: Argument, value: object) -> Array | None:
    if _is_masked(value):
        return None
    if isinstance(value, np.ndarray):
        return np.asarray(value)
    if isinstance(value, bool | int | float | np.generic) and argument.shape == ():
        return np.asarray(value)
    return None


def _is_masked(value: object) -> bool:
    """Before somebody has imported `numpy.ma`, which takes longer than a program's first step, no array is."""
    # Another thread may be importing it right now.
    masked = getattr(sys.modules.get("numpy.ma"), "MaskedArray", None)
    return masked is not None and isinstance(value, masked)


def _fits(argument: Argument, array: Array, value: object) -> bool:
    """Whether conversion keeps every value: any number of the same kind, for a Python number."""
    if isinstance(value, np.ndarray | np.generic):
        return np.can_cast(array.dtype, argument.dtype, "safe")
    fits = np.can_cast(array.dtype, argument.dtype, "same_kind")
    return fits and not (array.dtype.kind == "i" and _overflows(argument.dtype, int(array)))


def _overflows(dtype: np.dtype[Any], number: int) -> bool:
    if dtype.kind not in "iu":
        return False
    limits = np.iinfo(dtype)
    return not limits.min <= number <= limits.max


def _refusal(program: str, argument: Argument, value: object, advice: str) -> TypeError:
    return TypeError(
        f"{program}() expected {_spelled(argument.dtype, argument.shape)} for '{argument.name}', "
        f"got {_described(value)}{advice}"
    )


def _described(value: object) -> str:
    if not isinstance(value, np.ndarray):
        return f"an object of type {type(value).__name__}"
    kind = "" if type(value) is np.ndarray else f"{type(value).__name__} "
    facts = [
        "read-only" * (not value.flags.writeable),
        "not C-contiguous" * (not value.flags.c_contiguous),
        "not aligned" * (not value.flags.aligned),
        "of foreign byte order" * (not value.dtype.isnative),
    ]
    stated = ", ".join(filter(None, facts))
    return kind + _spelled(value.dtype, value.shape) + (f" ({stated})" if stated else "")


def _spelled(dtype: np.dtype[Any], shape: Sequence[int]) -> str:
    return f"{dtype.name}[{','.join(map(str, shape))}]"
