"""`script.py:step` and `script.py:step(x, y)`: a compiled function of a script, and perhaps a call of it."""

from __future__ import annotations

import ast
import contextlib
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .. import lazy
from ..ir import IRError
from ..ir.op import did_you_mean
from ..torch_alias import install_as_torch

_step = lazy.module("tapeout.compiler.step")

HELP = (
    "a script and the name of a compiled function in it, as in script.py:step; or a call with names of the script, "
    "as in 'script.py:step(x, y)'"
)
NO_MAIN = 'leave out what is under if __name__ == "__main__"'
IMPORTED = "__tapeout__"


class Chosen(NamedTuple):
    """A compiled function, and the arguments that it is to be looked at with, if any were given."""

    step: Any
    args: tuple[Any, ...]
    named: dict[str, Any]


def chosen(target: str, main: bool = True) -> Chosen:
    """Run the script, then find the function. What the script prints goes to standard error.

    Without `main` it is run as if it were imported: `if __name__ == "__main__"` does not hold.
    """
    path, _, wanted = target.partition(":")
    tree = _parsed(wanted) if wanted else None
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no script {path}")
    if path.endswith(".tape"):
        raise IRError(
            f"{path} is IR text, which has no data to run on; `tapeout inspect {path} --compile` shows what it becomes"
        )
    install_as_torch()
    sys.path.insert(0, str(Path(path).resolve().parent))
    sys.argv = [path]
    with contextlib.redirect_stdout(sys.stderr):
        namespace = runpy.run_path(path, run_name="__main__" if main else IMPORTED)
        return _found(path, tree or _parsed(_only(path, namespace)), namespace)


def _parsed(wanted: str) -> ast.expr:
    try:
        return ast.parse(wanted, mode="eval").body
    except SyntaxError as error:
        raise IRError(f"{wanted!r} is not a name or a call: {error.msg}") from None


def _found(path: str, tree: ast.expr, namespace: dict[str, Any]) -> Chosen:
    scope = {**namespace, IMPORTED: lambda *args, **named: (args, named)}
    function: ast.expr = tree
    args, named = (), {}
    if isinstance(tree, ast.Call):
        function = tree.func
        capture = ast.Call(ast.Name(IMPORTED, ast.Load()), tree.args, tree.keywords)
        args, named = _value(capture, path, scope)
    step = _value(function, path, scope)
    if not isinstance(step, _step.Step):
        told = ast.unparse(function)
        listed = ", ".join(_steps(namespace)) or "none"
        raise IRError(
            f"{told} in {path} is {type(step).__name__}, not a compiled function; write @tapeout.compile above it "
            f"(compiled functions there: {listed})"
        )
    return Chosen(step, args, named)


def _value(tree: ast.expr, path: str, scope: Mapping[str, Any]) -> Any:
    code = compile(ast.fix_missing_locations(ast.Expression(tree)), path, "eval")
    try:
        return eval(code, dict(scope))
    except NameError as error:
        near = did_you_mean(str(error.name), _steps(scope) or [n for n in scope if n[0] != "_"])
        raise IRError(f"{path} has no '{error.name}'{near}") from None


def _steps(namespace: Mapping[str, Any]) -> list[str]:
    return [name for name, value in namespace.items() if isinstance(value, _step.Step)]


def _only(path: str, namespace: Mapping[str, Any]) -> str:
    names = _steps(namespace)
    if len(names) == 1:
        return names[0]
    listed = ", ".join(names) or "none"
    raise IRError(f"which function? Write {path}:NAME; compiled functions there: {listed}")
