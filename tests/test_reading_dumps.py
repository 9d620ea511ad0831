"""The tour of docs/reading-dumps.md: its commands are run, and print what the page says they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from tapeout.backends.cpu.target import host

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reading-dumps.md"
STEP = re.compile(r"^```sh\n(.*?)^```\n```text(| avx512)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
NEEDED = {"": 0, " avx512": 64}
"""How wide the vectors of the machine have to be for a listing to hold."""


class Listing(NamedTuple):
    """A command of the page, and what it is to print."""

    command: str
    machine: str
    expected: str


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tour")
    (made / "examples").symlink_to(ROOT / "examples")
    return made


def printed(command: str, folder: Path) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["/bin/sh", "-ec", command],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        timeout=120,
    )
    differs = "tapeout diff" in command  # which is what its status says
    assert (done.returncode, "tapeout: " in done.stderr) == (int(differs), False), done.stderr
    return done.stdout


def test_the_listings_are_what_the_commands_print(
    folder: Path, request: pytest.FixtureRequest
) -> None:
    text = PAGE.read_text(encoding="utf-8")
    listings = [Listing(*found.groups()) for found in STEP.finditer(text)]
    assert len(listings) == text.count("```sh\n") >= 9
    first = [x for x in listings if "--dump" in x.command]  # others read what it writes
    outputs = {x: printed(x.command, folder) for x in first}
    with ThreadPoolExecutor(2) as pool:
        rest = [x for x in listings if x not in outputs]
        outputs.update(zip(rest, pool.map(lambda x: printed(x.command, folder), rest), strict=True))
    if request.config.getoption("--update-golden"):
        PAGE.write_text(STEP.sub(lambda m: _listing(m, outputs), text), encoding="utf-8")
        return
    for listing in listings:
        if host().vector_bytes >= NEEDED[listing.machine]:
            assert outputs[listing] == listing.expected, (
                f"{listing.command}pytest --update-golden writes it"
            )


def _listing(match: re.Match[str], outputs: dict[Listing, str]) -> str:
    listing = Listing(*match.groups())
    return f"```sh\n{listing.command}```\n```text{listing.machine}\n{outputs[listing]}```\n"


def test_the_program_on_the_page_is_the_examples() -> None:
    example = (ROOT / "examples" / "training_step.py").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        assert re.sub(r"\s+", " ", block) in re.sub(r"\s+", " ", example)


def test_the_lines_that_the_page_speaks_of() -> None:
    lines = (ROOT / "examples" / "training_step.py").read_text().splitlines()
    assert "self.fc1(x)" in lines[17 - 1]
    assert "criterion(" in lines[28 - 1]
