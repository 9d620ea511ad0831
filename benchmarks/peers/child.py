"""An object in a process of its own that is asked by its methods' names, and sleeps meanwhile."""

from __future__ import annotations

import multiprocessing
import traceback
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

PATIENCE = 10  # seconds for a child to end by itself


class ChildError(Exception):
    """What went wrong in the child, with its last line as the message."""

    def __init__(self, kind: str, line: str, details: str) -> None:
        super().__init__(f"{kind}: {line}")
        self.kind, self.details = kind, details


class Child:
    """`Child("peers.stand", "Stand", "jax_jit").ask("version")`."""

    def __init__(self, module: str, name: str, *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(
            target=serve, args=(theirs, module, name, arguments), daemon=True
        )
        self.process.start()
        theirs.close()
        try:
            self._answer()
        except ChildError:
            self.close()
            raise

    def ask(self, method: str, *arguments: Any) -> Any:
        self.connection.send((method, arguments))
        return self._answer()

    def _answer(self) -> Any:
        try:
            failed, answer = self.connection.recv()
        except EOFError:
            self.process.join()
            ended = f"the process ended with exit code {self.process.exitcode}"
            raise ChildError("EOFError", ended, ended) from None
        if failed:
            raise ChildError(*answer)
        return answer

    def close(self) -> None:
        self.connection.close()
        self.process.join(PATIENCE)
        self.process.kill()  # nothing to one that has ended


def serve(connection: Connection, module: str, name: str, arguments: tuple[Any, ...]) -> None:
    """The child's side: make the object, then answer until the pipe is closed."""
    served: list[Any] = []

    def make() -> None:
        served.append(getattr(import_module(module), name)(*arguments))

    ready, answer = attempt(make, ())
    connection.send((ready, answer))
    while served:
        try:
            method, given = connection.recv()
        except EOFError:
            return
        connection.send(attempt(lambda m, g: getattr(served[0], m)(*g), (method, given)))


def attempt(function: Any, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return False, function(*arguments)
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        return True, (type(error).__name__, lines[0], traceback.format_exc())
