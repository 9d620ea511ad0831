"""`Step`: what `compile` returns. It finds the program for a call, or makes it.

Each object has a class of its own, whose `__call__` may be replaced by native code once there is a program.
"""

from __future__ import annotations

import copy
import threading
import warnings
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Self

from .. import lazy
from ..ir.values import Loc
from ..runtime.turns import Turn
from ..tracer.location import user_loc
from ..tracer.modes import modes
from ..tracer.random import Generator
from ..tracer.tensor import Tensor
from .build import Options
from .fast import Caller
from .inspect import Inspected
from .over import Plan, over
from .program import Program
from .signature import is_flat, shown, signature

if TYPE_CHECKING:
    from ..inspection.profile import Profile

_profiling = lazy.module(f"{__package__}.profile")
MANY = 4
"""From this number of signatures on, somebody may not know that there are several."""
KEPT = 8
"""How many programs are kept for one signature."""
CONTAINER = ("__len__", "__iter__", "__contains__", "__getitem__", "__setitem__", "__delitem__")


class Step(Inspected):
    """A compiled function: called as the function, it runs a native program that does the same."""

    fn: Callable[..., Any]
    _attribute: str | None

    def __new__(cls, fn: Callable[..., Any], *_: Any, **options: Any) -> Self:
        own = type(cls.__name__, (cls,), {"__module__": cls.__module__, **cls._special(fn)})
        return object.__new__(own)

    @classmethod
    def _special(cls, fn: Callable[..., Any]) -> dict[str, Any]:
        """What Python looks for in the class of an object only."""
        return {}

    def __init__(
        self,
        fn: Callable[..., Any],
        backend: str = "cpu",
        threads: int | None = None,
        grads: bool | None = None,
    ) -> None:
        own = self.__dict__
        own.update(fn=fn, options=Options(backend, threads, grads), _attribute=None)
        own.update(_programs={}, _signatures={}, _lock=threading.RLock())
        own.update(_caller=Caller(self._patiently, Turn()), _native=None)
        own.update(__wrapped__=fn, __doc__=getattr(fn, "__doc__", None))
        own.update(__name__=getattr(fn, "__name__", type(fn).__name__))

    # ---- calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._patiently(*args, **kwargs)

    def _patiently(self, *args: Any, **kwargs: Any) -> Any:
        """A call that looks at everything."""
        if modes.trace is not None:
            return self.fn(*args, **kwargs)
        self._caller.turn.refuse_nested()
        with self._lock:
            tensors: list[Any] = []
            program = self._program(args, kwargs, tensors)
            result = program.run(tensors)
            if program.native is not None and program.native is not self._native:
                self.__dict__["_native"] = program.native
                type(self).__call__ = program.native  # type: ignore[method-assign]
            return result

    def compile(self, *specs: Any, **named: Any) -> Self:
        """Make the program for inputs such as these now: `spec(shape, dtype)` or examples, as for `trace`."""
        self._caller.turn.refuse_nested()
        with self._lock:
            self._program(specs, named, [])
        return self

    def over(
        self,
        *data: Any,
        batch_size: int = 64,
        shuffle: bool = True,
        epochs: int = 1,
        generator: Generator | None = None,
        drop_last: bool = False,
        progress: bool = True,
    ) -> Tensor:
        """Call it on batches of rows of the data, `epochs` times over; returns the losses of all steps.

        The data are tensors or arrays (or tuples and dicts of them) of one first dimension. The rows are shuffled by
        the generator, or by the default one. A last batch that is smaller compiles a program of its own.
        """
        self._caller.turn.refuse_nested()
        plan = Plan(batch_size, shuffle, epochs, generator, drop_last, progress)
        return over(self, self._lock, self._program_for, data, plan)

    def profile(
        self, *args: Any, steps: int = 100, threads: int | None = None, **named: Any
    ) -> Profile:
        """Where the time of a step goes, kernel by kernel: `print` it, or save it as a time line or as a plot.

        It runs for these arguments (specs will do), and without any for those of the last program, made up. The
        program works on copies: the model and the optimizer stay as they are.
        """
        self._caller.turn.refuse_nested()
        with self._lock:
            tensors: list[Any] | None = None
            if args or named:
                self._program(args, named, tensors := [])
            found: Profile = _profiling.profiled(
                self._latest(), self.record(), tensors, steps, threads
            )
            return found

    # ---- finding programs

    def _program_for(self, *args: Any) -> Program:
        return self._program(args, {}, [])

    def _program(self, args: tuple[Any, ...], named: dict[str, Any], tensors: list[Any]) -> Program:
        named = dict(sorted(named.items()))
        inputs = signature(args, named, tensors)
        known = self._programs.setdefault((modes.grad, inputs), [])
        for program in known:
            if program.guard.holds():
                return self._noted(program)
        flat, options = is_flat(inputs), self.options
        made = Program(self.fn, args, named, tensors, options, self._caller, flat)
        known.insert(0, made)
        del known[KEPT:]
        self._note(inputs)
        return self._noted(made)

    def _note(self, inputs: Hashable) -> None:
        """Count signatures, and warn once when there are many."""
        self._signatures.setdefault(inputs, len(self._signatures))
        if len(self._signatures) != MANY or self.__dict__.get("_warned"):
            return
        self.__dict__["_warned"] = True
        listed = "".join(f"\n  {self.__name__}{shown(s)}" for s in self._signatures)
        loc = user_loc() or Loc("<unknown>", 0)
        warnings.warn_explicit(
            f"{self.__name__}() is being compiled for the {MANY}th kind of arguments, and each takes time:{listed}\n"
            "Pad batches to one size, or leave out the last one (drop_last=True); pass numbers that change as tensors",
            UserWarning,
            *loc,
        )

    # ---- standing in for the function

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "fn" not in self.__dict__:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return getattr(self.fn, name)

    def __set_name__(self, owner: type, name: str) -> None:
        self.__dict__["_attribute"] = name

    def __get__(self, instance: Any, owner: type | None = None) -> Step:
        """As a method: each object has its own programs, kept in its `__dict__` under the method's name."""
        if instance is None:
            return self
        name = self._attribute or self.__name__
        held = getattr(instance, "__dict__", None)
        if held is None:
            raise TypeError(
                f"{type(instance).__name__} has no __dict__ to keep the programs of its compiled {name}() in"
            )
        found = self._like(self.fn.__get__(instance, owner))
        held[name] = found
        return found

    def _like(self, fn: Callable[..., Any]) -> Step:
        made: Step = type(self).__mro__[1](fn, *self.options)
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Step:
        return self._like(copy.deepcopy(self.fn, memo))

    def __reduce__(self) -> Any:
        return type(self).__mro__[1], (self.fn, *self.options)

    def __repr__(self) -> str:
        return f"<compiled {self.fn!r}>"


class ModuleStep(Step):
    """A compiled module: everything but a call goes to the module, and it may take the module's place in others."""

    @classmethod
    def _special(cls, fn: Callable[..., Any]) -> dict[str, Any]:
        return {name: _passed_on(name) for name in CONTAINER if hasattr(type(fn), name)}

    @property
    def __class__(self) -> Any:
        """For `isinstance`, by which modules know each other."""
        return type(self.fn)

    @__class__.setter
    def __class__(self, cls: type) -> None:
        self.fn.__class__ = cls

    @property
    def _orig_mod(self) -> Any:
        """The module, by the name that PyTorch gives it."""
        return self.fn

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.fn, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self.fn, name)


def _passed_on(name: str) -> Any:
    def method(self: ModuleStep, *args: Any) -> Any:
        return getattr(self.fn, name)(*args)

    method.__name__ = name
    return method


def _chained(name: str) -> Any:
    def method(self: ModuleStep, *args: Any, **kwargs: Any) -> Any:
        found = getattr(self.fn, name)(*args, **kwargs)
        return self if found is self.fn else found

    method.__name__ = name
    method.__doc__ = (
        f"The module's `{name}`; returns the compiled module where that returns the module."
    )
    return method


for _name in (
    "train",
    "eval",
    "requires_grad_",
    "apply",
    "to",
    "type",
    "float",
    "double",
    "half",
    "bfloat16",
):
    setattr(ModuleStep, _name, _chained(_name))
for _name in ("cpu", "cuda"):
    setattr(ModuleStep, _name, _chained(_name))
