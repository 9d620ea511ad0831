"""Read the imports off a tree of modules, and list what breaks the rules of the house.

Nothing is imported or run: the sources are parsed. test_layers.py holds this project to the rules.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

PACKAGE = "tapeout"
NOT_THE_PACKAGE = {"tests", "examples", "benchmarks", "docs", "build", "dist"}
MAX_LINES = 400

# Which floors the modules of a floor may import ("" is the root); the modules at the root may import all of them.
MAY_IMPORT: dict[str, set[str]] = {
    "ir": set(),
    "runtime": set(),
    "tracer": {"ir"},
    "backends": {"ir", "runtime"},
    "nn": {"tracer", "ir"},
    "optim": {"tracer", "ir"},
    "data": {"tracer"},
    "inspection": {"ir", "backends", "runtime"},
    "compiler": {"nn", "tracer", "ir", "backends", "runtime", "inspection"},
    "cli": {"compiler", "tracer", "ir", "backends", "runtime", "inspection", ""},
}
# Under all floors: rooms at the root that every module may import, and that import nothing of ours.
GROUND = {f"{PACKAGE}.lazy", f"{PACKAGE}.aligned"}


# Reading a tree.


@dataclass(frozen=True)
class Import:
    target: str  # the module imported, by its full name
    line: int
    in_function: bool
    after_loading: bool  # for type checkers only, or by `lazy.module`


@dataclass(frozen=True)
class Module:
    name: str
    file: str  # from the root, for messages
    floor: str  # the folder at the root, or "" for a module at the root itself
    tree: ast.Module
    lines: int
    is_package: bool

    @property
    def parent(self) -> str:
        """The package that a single dot means in this module."""
        return self.name if self.is_package else self.name.rpartition(".")[0]


House = dict[str, Module]


def read_house(root: Path) -> House:
    files = sorted(path.relative_to(root) for path in root.glob("*.py") if path.name != "setup.py")
    for folder in sorted(path for path in root.iterdir() if _is_floor(path)):
        files += sorted(path.relative_to(root) for path in folder.rglob("*.py"))
    modules = [_read_module(root, file) for file in files]
    return {module.name: module for module in modules}


def _is_floor(path: Path) -> bool:
    beside = path.name in NOT_THE_PACKAGE or path.name.startswith(".")
    return path.is_dir() and not beside and not (path / "pyvenv.cfg").exists()


def _read_module(root: Path, file: Path) -> Module:
    source = (root / file).read_text(encoding="utf-8")
    is_package = file.name == "__init__.py"
    return Module(
        name=".".join((PACKAGE, *(file.parts[:-1] if is_package else file.with_suffix("").parts))),
        file=file.as_posix(),
        floor=file.parts[0] if len(file.parts) > 1 else "",
        tree=ast.parse(source, str(file)),
        lines=len(source.splitlines()),
        is_package=is_package,
    )


def imports_of(module: Module, house: House) -> Iterator[Import]:
    """The imports of our own modules: the statements, then those by `lazy.module`."""
    found = [
        Import(target, node.lineno, in_function, for_types_only)
        for node, in_function, for_types_only in _import_statements(module.tree)
        for target in _targets(node, module, house)
    ]
    for each in [*found, *_late_imports(module)]:
        if each.target == PACKAGE or each.target.startswith(f"{PACKAGE}."):
            yield each


def _late_imports(module: Module) -> Iterator[Import]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "lazy.module":
            name = ast.unparse(node.args[0]).removeprefix("f").strip("'\"")
            target = name.replace("{__package__}", module.parent)
            yield Import(target, node.lineno, in_function=False, after_loading=True)


def _import_statements(
    node: ast.AST, in_function: bool = False, for_types_only: bool = False
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, in_function, for_types_only
    in_function |= isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    guarded = node.body if isinstance(node, ast.If) and _asks_for_types(node.test) else []
    for child in ast.iter_child_nodes(node):
        yield from _import_statements(child, in_function, for_types_only or child in guarded)


def _asks_for_types(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _targets(node: ast.Import | ast.ImportFrom, module: Module, house: House) -> list[str]:
    """What a statement imports: `from p import x` is p.x where that is a module, else p."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        above = module.parent.split(".")
        base = ".".join(above[: len(above) - node.level + 1] + ([base] if base else []))
    names = [f"{base}.{alias.name}" for alias in node.names]
    return [name if name in house else base for name in names]


def _floor_of(target: str, house: House) -> str:
    if target in house:
        return house[target].floor
    return target.split(".")[1] if "." in target else ""


# The rules: each lists what breaks it.


def wrong_floors(house: House) -> list[str]:
    found = []
    for module in house.values():
        if module.floor and module.floor not in MAY_IMPORT:
            found.append(f"{module.file}:1: {module.floor}/ has no row in the table of floors")
        elif module.floor or module.name in GROUND:
            found += _wrong_floors_of(module, house)
    return found


def _wrong_floors_of(module: Module, house: House) -> Iterator[str]:
    allowed = MAY_IMPORT.get(module.floor, set())
    may = " and ".join(sorted(allowed)) or "nothing else of ours"
    for each in imports_of(module, house):
        if each.target in GROUND:
            continue
        floor = _floor_of(each.target, house)
        if floor not in allowed | {module.floor}:
            who, where = module.floor or module.name, f"{module.file}:{each.line}"
            yield f"{where}: {who} imports {each.target}, but may import {may}"


def circles(house: House) -> list[str]:
    """Circles of imports run on loading; one is reported and cut, then the next looked for."""
    lines = {
        (module.name, each.target): f"{module.file}:{each.line} imports {each.target}"
        for module in house.values()
        for each in imports_of(module, house)
        if each.target in house and not each.in_function and not each.after_loading
    }
    found = []
    while circle := _one_circle(lines):
        found.append("; ".join(lines.pop(edge) for edge in circle))
    return found


def _one_circle(edges: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for importer, imported in edges:
        sorter.add(importer, imported)
    try:
        sorter.prepare()
    except CycleError as error:
        order = error.args[1][::-1]  # graphlib lists the imported before the importer
        return list(pairwise(order))
    return []


def hidden_imports(house: House) -> list[str]:
    return [
        f"{module.file}:{each.line}: {each.target} is imported inside a function"
        for module in house.values()
        for each in imports_of(module, house)
        if each.in_function
    ]


def undocumented(house: House) -> list[str]:
    silent = [module for module in house.values() if not ast.get_docstring(module.tree)]
    return [f"{module.file}:1: the module has no docstring" for module in silent]


def too_long(house: House) -> list[str]:
    return [
        f"{module.file}:{MAX_LINES + 1}: {module.lines} lines, {MAX_LINES} at most"
        for module in house.values()
        if module.lines > MAX_LINES
    ]
