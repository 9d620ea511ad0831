"""Every error the IR raises. Each says what is wrong and with which values.

The classes inherit from the built-in that a PyTorch program would catch (`RuntimeError`, `IndexError`, ...), so that a
script's own `except` clauses keep working.
"""

from __future__ import annotations


class IRError(RuntimeError):
    """Something is wrong with a program in the IR."""


class ShapeError(IRError):
    """Operand shapes do not fit together."""


class DTypeError(IRError, NotImplementedError):
    """Operand dtypes do not fit together, or the op is not defined for them."""


class DimError(IRError, IndexError):
    """A dimension or an index is out of range."""


class DivisionError(IRError, ZeroDivisionError):
    """An integer was divided by zero."""


class ParseError(IRError):
    """IR text that cannot be read; the message ends in the line and a caret."""


class VerifyError(IRError):
    """A Func that breaks a rule of the IR; the message ends in the printed Func."""

    reason: str = ""
    """The message without the Func."""
    instr: object = None
    """The instruction at fault, if one is."""


def require(condition: bool, message: str, kind: type[IRError] = ShapeError) -> None:
    """Raise `kind(message)` unless the condition holds."""
    if not condition:
        raise kind(message)
