"""`docs/coverage.md` lists what the front end has: no more, no less."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest

import tapeout

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"
MODULES = [
    "tapeout", "tapeout.nn", "tapeout.nn.functional", "tapeout.nn.init", "tapeout.nn.utils", "tapeout.optim",
    "tapeout.optim.lr_scheduler", "tapeout.data", "tapeout.data.vision", "tapeout.data.transforms",
    "tapeout.tracer.cuda",
]  # fmt: skip


def public(module: ModuleType) -> list[str]:
    """What a page of re-exports offers, or what a room defines itself; no constants, no submodules."""
    home = "tapeout" if hasattr(module, "__path__") else module.__name__

    def is_own(name: str) -> bool:
        value = getattr(module, name)
        named = callable(value) or isinstance(value, tapeout.dtype)
        return (
            named
            and not name.startswith("_")
            and (getattr(value, "__module__", None) or home).startswith(home)
        )

    plumbing = {"annotations", "Any", "TYPE_CHECKING", "T"}
    return sorted((n for n in dir(module) if n not in plumbing and is_own(n)), key=str.lower)


def section(name: str) -> str:
    names = public(importlib.import_module(name))
    return f"## `{name}`\n\n{', '.join(f'`{n}`' for n in names)}\n"


@pytest.mark.parametrize("name", MODULES)
def test_the_page_lists_what_is_there(name: str, request: pytest.FixtureRequest) -> None:
    text = PAGE.read_text()
    wanted = section(name)
    if request.config.getoption("--update-golden"):
        pattern = re.compile(rf"^## `{re.escape(name)}`\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
        replaced = pattern.sub(lambda _: wanted + "\n", text)
        PAGE.write_text(
            (replaced if pattern.search(text) else text + "\n" + wanted).rstrip() + "\n"
        )
    else:
        assert wanted in text, "run pytest tests/test_coverage_page.py --update-golden"
