"""The house rules, held to this project's own sources, and to small trees that break them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from layers import (
    MAX_LINES,
    PACKAGE,
    House,
    circles,
    hidden_imports,
    read_house,
    too_long,
    undocumented,
    wrong_floors,
)

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def house() -> House:
    return read_house(ROOT)


def test_the_house_was_found(house: House) -> None:
    assert {PACKAGE, f"{PACKAGE}.ir", f"{PACKAGE}.tracer", f"{PACKAGE}.nn"} <= house.keys()
    assert not {name for name in house if name.split(".")[1:2] == ["tests"]}


def _assert_none(complaints: list[str]) -> None:
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


def test_floors_import_only_what_they_may(house: House) -> None:
    _assert_none(wrong_floors(house))


def test_there_are_no_import_circles(house: House) -> None:
    _assert_none(circles(house))


def test_no_import_hides_in_a_function(house: House) -> None:
    _assert_none(hidden_imports(house))


def test_every_module_has_a_docstring(house: House) -> None:
    _assert_none(undocumented(house))


def test_no_module_is_too_long(house: House) -> None:
    _assert_none(too_long(house))


# The rules themselves, on trees made for them.

Rule = Callable[[House], list[str]]


def _build(root: Path, files: dict[str, str]) -> House:
    for name, source in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return read_house(root)


GOOD_HOUSE = {
    "__init__.py": '"""Root."""\nfrom .driver import run\n',
    "driver.py": '"""Driver."""\nfrom . import ir, tracer\nfrom .tracer.tensor import Tensor\n',
    "ir/__init__.py": '"""IR."""\nfrom .func import Func\nfrom .types import Type\n',
    "ir/func.py": '"""Func."""\nfrom . import types\nfrom .types import Type\n',
    "ir/types.py": '"""Types."""\nfrom typing import TYPE_CHECKING\n'
    "if TYPE_CHECKING:\n    from .func import Func\n",
    "tracer/__init__.py": '"""Tracer."""\n',
    "lazy.py": '"""Lazy."""\nimport sys\n',
    "tracer/tensor.py": '"""Tensor."""\nfrom .. import lazy\nfrom ..ir import Func\n'
    "def late():\n    import math\n    from ctypes import util\n",
    "tests/test_x.py": "import tapeout.ir.func\n",
    "setup.py": "import tapeout.nowhere\n",
    ".venv/lib/bad.py": "not python",
}


@pytest.mark.parametrize("rule", [wrong_floors, circles, hidden_imports, undocumented, too_long])
def test_a_good_house_breaks_no_rule(rule: Rule, tmp_path: Path) -> None:
    house = _build(tmp_path, GOOD_HOUSE)
    assert len(house) == 8
    assert rule(house) == []


BROKEN_HOUSES: dict[str, tuple[Rule, str, str, str]] = {
    "the ground floor imports upwards": (
        wrong_floors,
        "ir/types.py",
        '"""T."""\nimport math\nfrom ..tracer import tensor\n',
        "ir/types.py:3: ir imports tapeout.tracer.tensor, but may import nothing else of ours",
    ),
    "a floor imports the root": (
        wrong_floors,
        "tracer/tensor.py",
        '"""T."""\nfrom .. import driver\n',
        "tracer/tensor.py:2: tracer imports tapeout.driver, but may import ir",
    ),
    "a floor imports upwards for types": (
        wrong_floors,
        "tracer/tensor.py",
        '"""T."""\nfrom typing import TYPE_CHECKING\n'
        "if TYPE_CHECKING:\n    import tapeout.backends.cpu\n",
        "tracer/tensor.py:4: tracer imports tapeout.backends.cpu, but may import ir",
    ),
    "a floor imports upwards later": (
        wrong_floors,
        "tracer/tensor.py",
        '"""T."""\nfrom .. import lazy\nlate = lazy.module(f"{__package__}.x")\n'
        'cpu = lazy.module("tapeout.backends.cpu")\n',
        "tracer/tensor.py:4: tracer imports tapeout.backends.cpu, but may import ir",
    ),
    "a function imports upwards": (
        wrong_floors,
        "backends/cpu/gemm.py",
        '"""G."""\ndef f():\n    from ...tracer.tensor import Tensor\n',
        "backends/cpu/gemm.py:3: backends imports tapeout.tracer.tensor, "
        "but may import ir and runtime",
    ),
    "the ground imports a floor": (
        wrong_floors,
        "lazy.py",
        '"""L."""\nfrom . import ir\n',
        "lazy.py:2: tapeout.lazy imports tapeout.ir, but may import nothing else of ours",
    ),
    "a floor nobody listed": (
        wrong_floors,
        "attic/__init__.py",
        '"""A."""\n',
        "attic/__init__.py:1: attic/ has no row in the table of floors",
    ),
    "two modules in a circle": (
        circles,
        "ir/types.py",
        '"""T."""\n\nfrom .func import Func\n',
        "ir/func.py:3 imports tapeout.ir.types; ir/types.py:3 imports tapeout.ir.func",
    ),
    "a module and its package in a circle": (
        circles,
        "ir/types.py",
        '"""T."""\nfrom . import Func\n',
        "ir/__init__.py:3 imports tapeout.ir.types; ir/types.py:2 imports tapeout.ir",
    ),
    "an import in a method": (
        hidden_imports,
        "driver.py",
        '"""D."""\nclass A:\n    def f(self):\n        from .ir import Func\n',
        "driver.py:4: tapeout.ir is imported inside a function",
    ),
    "no docstring": (
        undocumented,
        "tracer/tensor.py",
        "import math\n",
        "tracer/tensor.py:1: the module has no docstring",
    ),
    "too many lines": (
        too_long,
        "ir/func.py",
        '"""F."""\n' + "x = 1\n" * MAX_LINES,
        "ir/func.py:401: 401 lines, 400 at most",
    ),
}


@pytest.mark.parametrize("rule, file, source, complaint", BROKEN_HOUSES.values(), ids=BROKEN_HOUSES)
def test_a_house_that_breaks_a_rule_is_told_where(
    rule: Rule, file: str, source: str, complaint: str, tmp_path: Path
) -> None:
    assert rule(_build(tmp_path, GOOD_HOUSE | {file: source})) == [complaint]


def test_every_circle_is_found(tmp_path: Path) -> None:
    pairs = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "e"), ("e", "d")]
    house = _build(
        tmp_path,
        {
            "__init__.py": '"""Root."""\n',
            **{f"{a}.py": f'"""."""\nfrom . import {b}\n' for a, b in pairs},
        },
    )
    assert sorted(len(circle.split("; ")) for circle in circles(house)) == [2, 3]


def test_a_module_of_the_longest_length_is_not_too_long(tmp_path: Path) -> None:
    house = _build(tmp_path, {"ir/func.py": '"""F."""\n' + "x = 1\n" * (MAX_LINES - 1)})
    assert too_long(house) == []
