"""Gradients that a compiled program used and did not store."""

from __future__ import annotations

from .var import Storage


class Consumed(Storage):
    """Stands in `.grad` for such a gradient, and in a trace for its memory."""

    __slots__ = ("name", "program")

    def __init__(self, program: str, name: str) -> None:
        super().__init__()
        self.program = program
        self.name = name

    def error(self) -> RuntimeError:
        return RuntimeError(
            f"the gradient of '{self.name}' was used up by the compiled {self.program}(), which updates the parameter "
            "itself and so does not store it. Compile with grads=True to keep gradients; zero_grad() before "
            "backward(), or .grad = None, to start from none"
        )
