"""How tensors are printed: the options a user may set, and who sees the change.

`set_printoptions` changes them for the whole process, `printoptions` for the body of one `with`
statement in one thread or asyncio task. Options are immutable, so whoever prints takes one
snapshot with `print_options()` and cannot be disturbed half-way by another thread.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any


@dataclass(frozen=True)
class PrintOptions:
    """Digits after the point, when to leave elements out, how many stay, and how wide a line is.

    `sci_mode` is None to choose between fixed point and exponents from the values.
    """

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: float = 80
    sci_mode: bool | None = None

    def __post_init__(self) -> None:
        _require_count("precision", self.precision, "digits after the decimal point")
        _require_count("edgeitems", self.edgeitems, "elements kept at each end of a dimension")
        if math.isnan(_number(self.threshold)):
            raise ValueError(
                f"threshold={self.threshold!r} is not a number: give the element count above "
                f"which a tensor is summarised, or float('inf') to always print all of it"
            )
        if not math.isfinite(_number(self.linewidth)):
            raise ValueError(
                f"linewidth={self.linewidth!r} is not a finite number: "
                f"give the number of characters in a line, such as 80"
            )
        if self.sci_mode not in (None, True, False):
            raise ValueError(
                f"sci_mode={self.sci_mode!r}: give True for exponents, False for fixed point, "
                f"or None to choose from the values"
            )


def _require_count(name: str, value: object, meaning: str) -> None:
    if not isinstance(value, Integral) or value < 0:
        raise ValueError(
            f"{name}={value!r} is not a non-negative integer: give the number of {meaning}"
        )


def _number(value: object) -> float:
    return float(value) if isinstance(value, Real) else math.nan


PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}


class _ProcessWide:
    """The options outside of every `printoptions` block."""

    options = PROFILES["default"]


_scoped: ContextVar[PrintOptions | None] = ContextVar("tapeout_print_options", default=None)


def print_options() -> PrintOptions:
    """The options in force here: those of the innermost `printoptions` block, or the process's."""
    return _scoped.get() or _ProcessWide.options


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: float | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors print; what is left out stays, except that `sci_mode` becomes automatic.

    A profile (`default`, `short` or `full`) is applied first and the other arguments on top of it.
    Inside a `printoptions` block the change ends with the block.
    """
    given: dict[str, Any] = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    base = print_options() if profile is None else _profile(profile)
    changes = {name: value for name, value in given.items() if value is not None}
    _store(replace(base, sci_mode=sci_mode, **changes))


@contextmanager
def printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: float | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> Iterator[PrintOptions]:
    """`set_printoptions` for the body of a `with` statement only."""
    token = _scoped.set(print_options())
    try:
        set_printoptions(precision, threshold, edgeitems, linewidth, profile, sci_mode)
        yield print_options()
    finally:
        _scoped.reset(token)


def _profile(name: str) -> PrintOptions:
    if name not in PROFILES:
        raise ValueError(f"unknown print profile {name!r}: choose one of {', '.join(PROFILES)}")
    return PROFILES[name]


def _store(options: PrintOptions) -> None:
    if _scoped.get() is None:
        _ProcessWide.options = options
    else:
        _scoped.set(options)
