"""torchvision, for its MNIST: the dataset that people load most, with Pillow images and transforms one by one.

Its wheels hold compiled operators for one build of PyTorch. With another build they do not load, and then importing it
fails, because it describes operators that nobody has declared. No dataset and no transform of images needs them, so
they are declared here, with nothing behind them.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

UNLOADED = ("nms", "qnms")


def _imported() -> ModuleType:
    import_module("torchvision.datasets")
    import_module("torchvision.transforms")
    return import_module("torchvision")


def _imported_without_operators() -> ModuleType:
    library = import_module("torch").library.Library("torchvision", "FRAGMENT")
    for name in UNLOADED:
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return _imported()


torchvision: ModuleType | None
try:
    torchvision = _imported()
except ImportError:
    torchvision = None
except RuntimeError:
    torchvision = _imported_without_operators()
