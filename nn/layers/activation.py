"""What layers that are activation functions share: how they print."""

from __future__ import annotations

from ..module import Module


class Activation(Module):
    """Prints the settings named in `shown`; `inplace` only where it is on."""

    shown: tuple[str, ...] = ()
    inplace: bool = False

    def extra_repr(self) -> str:
        settings = [f"{name}={getattr(self, name)!r}" for name in self.shown]
        return ", ".join(settings + ["inplace=True"] * self.inplace)


class InPlace(Activation):
    """May overwrite its input."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace
