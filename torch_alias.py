"""Serves `import torch` and `import torchvision` from this package, so that PyTorch programs run unmodified.

An import hook answers for the module names in `SERVED`. What is not there says so, and says what to use instead
where there is something.
"""

from __future__ import annotations

import dis
import importlib
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from . import lazy

if TYPE_CHECKING:
    from importlib.abc import Loader

difflib = lazy.module("difflib")

PACKAGE = __name__.rpartition(".")[0]
SERVED = {
    "torch": "",
    "torch.autograd": ".tracer.autograd",
    "torch.cuda": ".tracer.cuda",
    "torch.nn": ".nn",
    "torch.nn.functional": ".nn.functional",
    "torch.nn.init": ".nn.init",
    "torch.nn.parameter": ".nn.parameter",
    "torch.nn.utils": ".nn.utils",
    "torch.optim": ".optim",
    "torch.optim.lr_scheduler": ".optim.lr_scheduler",
    "torch.utils": ".utils",
    "torch.utils.data": ".data",
    "torchvision": ".data.torchvision",
    "torchvision.datasets": ".data.vision",
    "torchvision.transforms": ".data.transforms",
}
STANDS_FOR = {"torch": "2.13.0+tapeout", "torchvision": "0.28.0+tapeout"}
"""The versions whose behaviour is followed, for programs that ask."""
INSTEAD = {
    "torch.nn.Conv2d": "flatten the image and use torch.nn.Linear",
    "torch.nn.LSTM": "use torch.nn.Linear layers on a fixed window",
    "torch.nn.DataParallel": "one process uses all cores already",
    "torch.nn.BatchNorm2d": "use torch.nn.BatchNorm1d on flattened features",
    "torch.distributions": "draw with torch.multinomial or torch.normal, and write log-probabilities out",
    "torch.jit": "tapeout.trace(fn, *specs) gives the program of a function",
    "torch.fx": "tapeout.trace(fn, *specs) gives the program of a function, and tapeout.ir works on it",
    "torch.nn.parallel": "one process uses all cores already",
    "torch.backends": "leave the setting out",
    "torch.multiprocessing": "Python's own multiprocessing",
}


def missing(name: str, known: Iterable[str] = ()) -> str:
    """What to say of a name of PyTorch's that is not there: perhaps it is one of the known ones, misspelt."""
    near = difflib.get_close_matches(name.rpartition(".")[2], known, n=1, cutoff=0.75)
    instead = (
        f"; instead, {INSTEAD[name]}"
        if name in INSTEAD
        else f"; did you mean '{near[0]}'?"
        if near
        else ""
    )
    return f"'{name}' is not there yet in tapeout, which serves '{name.partition('.')[0]}'{instead}"


class Alias(ModuleType):
    """A module under PyTorch's name that answers with this package's."""

    def __init__(self, name: str, target: ModuleType) -> None:
        super().__init__(name, target.__doc__)
        self.__path__: list[str] = []
        self._target = target

    def __getattr__(self, name: str) -> Any:
        if name == "__version__" and self.__name__ in STANDS_FOR:
            return STANDS_FOR[self.__name__]
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        full = f"{self.__name__}.{name}"
        if full in SERVED:
            return importlib.import_module(full)
        found = getattr(self._target, name, None)
        if hasattr(self._target, name) and not self._is_room(found):
            return found
        raise (ImportError if _is_from_import(sys._getframe(1)) else AttributeError)(
            missing(full, dir(self))
        )

    def _is_room(self, thing: Any) -> bool:
        """Is it a part of this package, and no module of PyTorch's? The compiler's rooms are there once imported."""
        return self._target.__name__ == PACKAGE and isinstance(thing, ModuleType)

    def __dir__(self) -> list[str]:
        target = self._target
        return [name for name in dir(target) if not self._is_room(vars(target).get(name))]


def _is_from_import(frame: FrameType) -> bool:
    """Is this frame executing `from module import name`? Python would replace an AttributeError by its own text."""
    return frame.f_code.co_code[frame.f_lasti] == dis.opmap["IMPORT_FROM"]


class Finder:
    """Finds the served modules, and refuses their unknown submodules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in ("torch", "torchvision"):
            return None
        if fullname not in SERVED:
            raise ModuleNotFoundError(missing(fullname), name=fullname)
        return ModuleSpec(fullname, cast("Loader", self), is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Alias(spec.name, importlib.import_module(SERVED[spec.name] or ".", PACKAGE))

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is executed: an alias is complete when it is made."""


def install_as_torch() -> None:
    """From now on, `import torch` and `import torchvision` give this package."""
    if any(isinstance(finder, Finder) for finder in sys.meta_path):
        return
    for name in ("torch", "torchvision"):
        if name in sys.modules:
            raise ImportError(
                f"{name} is imported already ({getattr(sys.modules[name], '__file__', 'unknown file')}); call "
                "install_as_torch() before anything imports it, or start the program with `tapeout run`"
            )
    sys.meta_path.insert(0, Finder())


def uninstall() -> None:
    """Undo `install_as_torch`."""
    sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, Finder)]
    for name in [n for n, m in sys.modules.items() if isinstance(m, Alias)]:
        del sys.modules[name]
