"""What notebooks show for programs, modules, and compiled functions."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

import tapeout as t
from compiling import Training, X, Y, compiled
from tapeout import ir, nn
from tapeout.ir.text.html import ir_html

VOID = {"br", "img", "hr"}


class Reader(HTMLParser):
    """The text of a page; every tag has to be closed, and none may run anything."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)
        assert self.open == []
        assert "script" not in self.tags

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3, bias=False))


def test_a_func_is_its_text_in_colours() -> None:
    func = ir.parse(
        "func f(%x: f32[3], %y: f64[]) {\n  %a: f32[3] = mul(%x, -2.5)\n  %b: f64[] = add(%y, 1e-05:f64)\n"
        "  return %a, %b\n}"
    )
    shown = func._repr_html_()
    assert Reader(shown).text == str(func)
    for piece in ("%x", "f32[3]", "mul", "return", "-2.5", "1e-05"):
        assert f'">{piece}</span>' in shown


def test_text_is_escaped() -> None:
    assert Reader(ir_html("// <script> & <b>")).text == "// <script> & <b>"


def test_a_module_is_a_table_of_its_layers() -> None:
    shown = Reader(model()._repr_html_())
    assert shown.tags.count("tr") == 5
    assert "Linear(in_features=6, out_features=5, bias=True)35" in shown.text
    assert "parameters: 50 (50 trainable, 0 frozen)" in shown.text


def test_a_summary_has_the_rows_that_it_prints() -> None:
    summary = nn.summary(model(), t.spec((4, 6)))
    shown = Reader(summary._repr_html_()).text
    printed = [cell for line in summary.cells() for cell in line]
    assert shown == "".join([*printed, *summary.totals()])


def test_a_compiled_function_shows_its_kernels() -> None:
    training = Training("cpu")
    training.step(X, Y)
    shown = Reader(training.step._repr_html_())
    found = training.step.record()
    assert shown.text.startswith(f"eager: {len(found.kernels)} kernels in {len(found.calls)} calls")
    assert all(call.shapes in shown.text for call in found.calls)
    assert found.text("trace") in shown.text
    assert found.text("fuse") in shown.text


@pytest.mark.parametrize("what", [lambda x: x, nn.Linear(3, 2)], ids=["function", "module"])
def test_one_that_has_not_been_compiled_says_so(what: object) -> None:
    shown = Reader(compiled(what)._repr_html_()).text
    assert shown.startswith("<compiled ")
    assert shown.endswith(", not compiled yet")
