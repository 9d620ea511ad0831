"""What tests share: the `golden` fixture with --update-golden, and the demand for PyTorch."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"
LONGEST_NAME = 120

Golden = Callable[..., None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what the tests produce into tests/golden/ instead of comparing with it",
    )


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither read nor fill the user's cache of compiled code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(RootIsNoTestPackage())
    if os.environ.get("TAPEOUT_REQUIRE_TORCH", "0") not in ("", "0"):
        _require_torch()


class RootIsNoTestPackage:
    """Keeps pytest from importing the root's __init__.py under the name of the checkout's folder.

    A plugin, because hooks in this file are not asked about folders above it.
    """

    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Dir | None:
        return pytest.Dir.from_parent(parent, path=path) if path == TESTS.parent else None


def _require_torch() -> None:
    """Refuse to start where comparisons with PyTorch would be skipped."""
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise pytest.UsageError(
            f"TAPEOUT_REQUIRE_TORCH is set, but torch cannot be imported ({error}), so every "
            "comparison with PyTorch would be skipped. Install it (pip install torch==2.13.0) "
            "or unset the variable."
        ) from error


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """`golden(text, ext=".txt")` holds `text` to tests/golden/<test module>/<test><ext>."""
    updating = request.config.getoption("--update-golden")
    seen: set[Path] = set()

    def check(text: str, ext: str = ".txt") -> None:
        path = GOLDEN / request.path.stem / (_file_name(_test_name(request)) + ext)
        if path in seen:
            raise ValueError(
                f"this test has already used golden(..., ext={ext!r}); "
                f"give each text of a test its own ending, such as ext='.after{ext}'"
            )
        seen.add(path)
        text = text if text.endswith("\n") else text + "\n"
        if updating:
            _write(path, text)
        else:
            _compare(path, text, request.node.nodeid)

    return check


def _test_name(request: pytest.FixtureRequest) -> str:
    cls = request.cls
    return f"{cls.__name__}.{request.node.name}" if cls else request.node.name


def _file_name(test_name: str) -> str:
    """The test's name as a file name of its own: `test_x[a-b]` is `test_x-a-b`."""
    plain = re.sub(r"\[(.*)\]$", r"-\1", test_name, flags=re.DOTALL)
    safe = re.sub(r"[^A-Za-z0-9_.,=+-]+", "_", plain)[:LONGEST_NAME]
    if safe == plain:
        return safe
    return f"{safe}-{hashlib.sha256(plain.encode()).hexdigest()[:8]}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _compare(path: Path, text: str, test: str) -> None:
    shown = path.relative_to(TESTS.parent).as_posix()
    advice = f"pytest --update-golden '{test}'"
    if not path.exists():
        pytest.fail(f"there is no {shown} yet; {advice} writes it, for you to read", pytrace=False)
    expected = path.read_text(encoding="utf-8")
    if text != expected:
        lines = difflib.unified_diff(
            expected.splitlines(), text.splitlines(), shown, "this run", lineterm=""
        )
        diff = "\n".join(lines) or "(they differ in line endings or in the end of the file)"
        pytest.fail(f"{diff}\n\nif the new text is right: {advice}", pytrace=False)
