"""What an op is: one class that holds everything there is to know about it.

An op class states its type rule (`infer`), its meaning (`ref`, in NumPy), its gradient (`vjp`, which emits
ordinary ops), how it folds (`fold`), what it may do (`view`, `commutative`, ...), and `samples` that drive the
tests. An *instance* of the class is the op with its attributes filled in: `Sum(dims=(0,))`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

import numpy as np

from .. import lazy
from .attributes import REQUIRED, Attribute, attributed
from .dtypes import DType
from .errors import IRError, ShapeError
from .types import TensorType
from .values import Instr, Value
from .walk import Walk

if TYPE_CHECKING:
    from .builder import Builder
    from .func import Func
    from .samples import Mistake, Sample

difflib = lazy.module("difflib")

Array = np.ndarray[Any, Any]
Thunk = Callable[[], Value]
Producer = Callable[[Value], Instr | None]


class Op:
    """Base of all ops. The class attributes are what passes ask about, so that no pass keeps a list of ops."""

    name: ClassVar[str]
    arity: ClassVar[int | range] = 1
    """How many operands it takes."""
    attributes: ClassVar[Mapping[str, Attribute]] = {}
    """What the instances hold, as the class's annotations declare it."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    held: ClassVar[Any]
    """What an instance is compared and hashed by: its attributes, or its class if it has none."""
    elementwise: ClassVar[bool] = False
    """Each result element depends on the operands' elements at the same (broadcast) place."""
    anchor: ClassVar[bool] = False
    """Worth a kernel of its own, to which elementwise consumers can be attached."""
    in_order: ClassVar[bool] = False
    """A view that moves no element past another: it only adds, drops or stretches dimensions of 1, or cuts anew."""
    commutative: ClassVar[bool] = False
    pure: ClassVar[bool] = True
    """No effect besides its results: may be dropped, merged and moved."""
    checks: ClassVar[bool] = False
    """May refuse its operands by their values: an index out of bounds."""
    view: ClassVar[bool] = False
    """The reference result may share its first operand's memory."""
    differentiable: ClassVar[bool] = True
    """A floating-point result may carry a gradient back to the operands."""
    work: ClassVar[int] = 0
    """Floating-point operations for each element of the first operand."""
    body: ClassVar[Func | None] = None
    """A fused op's own program."""

    def infer(self, *types: TensorType) -> TensorType | tuple[TensorType, ...]:
        """The result type, or an error that says why there is none."""
        raise NotImplementedError

    if TYPE_CHECKING:
        # Declared as attributes, because each op names its operands.
        ref: Callable[..., Any]
        vjp: Callable[..., Sequence[Thunk | None]]
        fold: Callable[..., Value | None]

    def ref(self, *arrays: Array) -> Any:  # type: ignore[no-redef]
        """What the op means: NumPy arrays in, NumPy array (or a tuple of them) out."""
        raise NotImplementedError

    def vjp(  # type: ignore[no-redef]
        self, b: Builder, g: Value, out: Value, *operands: Value
    ) -> Sequence[Thunk | None]:
        """One thunk per operand that builds its share of the gradient `g`; None where there is none."""
        return ()

    def flops(self, *types: TensorType) -> int:
        """How many floating-point operations it is, by the usual count: moving and choosing elements is none."""
        first = types[0] if self.work else None
        return self.work * first.size if first and first.dtype.is_floating_point else 0

    def walk(self, *types: TensorType) -> Walk | None:
        """Along which dimensions it goes, if it does and its results depend on nothing else of their operands."""
        return None

    def fold(  # type: ignore[no-redef]
        self, b: Builder, producer: Producer, *operands: Value
    ) -> Value | None:
        """A simpler value that equals the result, or None."""
        return None

    def write_back(self, b: Builder, base: Value, value: Value) -> Value:
        """For a view: `base` after `value` was written through this view of it."""
        raise NotImplementedError

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        """Operands and attributes on which the tests try the op."""
        raise NotImplementedError(f"{cls.__name__} has no samples")

    @classmethod
    def mistakes(cls) -> Iterator[Mistake]:
        """Operands that the op refuses, with the text it refuses them with."""
        return iter(())

    def attrs(self) -> Mapping[str, Any]:
        """The attributes that differ from their defaults, in declared order."""
        return {
            name: getattr(self, name)
            for name, default in self.defaults.items()
            if default is REQUIRED or getattr(self, name) != default
        }


OPS: dict[str, type[Op]] = {}
OpClass = TypeVar("OpClass", bound=type[Op])


@dataclass_transform(frozen_default=True)
def op(cls: OpClass) -> OpClass:
    """Register an op class under its name; its annotated fields become its attributes."""
    attributed(cls)
    if cls.name in OPS:
        raise IRError(f"two ops are called '{cls.name}'")
    OPS[cls.name] = cls
    return cls


def make(name: str, attrs: Mapping[str, Any]) -> Op:
    """The op called `name` with these attributes."""
    cls = OPS.get(name)
    if cls is None:
        raise IRError(f"unknown op '{name}'{did_you_mean(name, OPS)}")
    return cls(**attrs)


def _all(kind: Any) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, tuple) and all(_one(kind)(x) for x in v)


def _one(*kinds: type) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, kinds) and (bool in kinds or not isinstance(v, bool))


FITS: dict[str, Callable[[Any], bool]] = {
    "int": _one(int),
    "bool": _one(bool),
    "float": _one(int, float),
    "DType": _one(DType),
    "Dim": _one(int, str),
    "Dims": _all(int),
    "Shape": lambda v: isinstance(v, tuple) and all(_one(int, str)(x) for x in v),
    "tuple[int, ...]": _all(int),
    "tuple[Scalar, ...]": lambda v: (
        isinstance(v, tuple) and all(_one(int, float, bool)(x) for x in v)
    ),
}
"""What an attribute may hold, by the type it is declared with."""


def misfit(cls: type[Op], name: str, value: Any) -> str:
    """What is wrong with a value for an attribute, if anything is: text may say anything."""
    declared = cls.attributes[name].type
    if FITS[declared](value):
        return ""
    return f"{cls.name}: the attribute {name} is declared as {declared} and cannot be {value!r}"


ADDRESSES = 2**63 - 1
MANY = 200
"""More names than this are not listed in an error, nor more numbers of operands."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The nearest known names, as the end of a sentence; all of them, if none is near and they are not many."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3) or names
    if len(near) <= 3:
        return f"; did you mean {' or '.join(near)}?" if near else ""
    return f"; there are {', '.join(near)}" if len(near) <= MANY else ""


@lru_cache(maxsize=16384)
def infer(op: Op, types: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
    """The op's result types. Remembered, because eager execution asks again and again."""
    _check_arity(op, types)
    found = op.infer(*types)
    results = (found,) if isinstance(found, TensorType) else found
    for result in results:
        if result.is_static and result.nbytes > ADDRESSES:
            raise ShapeError(
                f"{op.name} gives {result}, which has more bytes than there are addresses"
            )
    return results


def _check_arity(op: Op, types: tuple[TensorType, ...]) -> None:
    """Here for all ops, so that their own rules can rely on it."""
    allowed = op.arity if isinstance(op.arity, range) else range(op.arity, op.arity + 1)
    if len(types) not in allowed:
        given = f": {' and '.join(map(str, types))}" if types else ""
        raise ShapeError(f"{op.name} takes {_operands(allowed)}, not {len(types)}{given}")


def _operands(allowed: range) -> str:
    """`1 operand`, `2 or 3 operands`, `at least 1 operand`."""
    if allowed.stop > MANY:
        return f"at least {_operands(range(allowed.start, allowed.start + 1))}"
    return f"{' or '.join(map(str, allowed))} operand{'s' * (allowed[-1] != 1)}"
