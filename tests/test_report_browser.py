"""`report.html` in a headless Chromium: it loads in silence, and does what is promised of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chromium import FOUND, Chromium
from compiling import Training, X, Y
from tapeout import ir
from tapeout.compiler.passes import passes
from tapeout.inspection.record import record
from tapeout.inspection.report import report_html

pytestmark = pytest.mark.skipif(FOUND is None, reason="there is no Chromium here")
DESK, PHONE = (1280, 800), (390, 844)
TABS = ("program", "graph", "memory", "kernels", "summary")
SHOTS = os.environ.get("TAPEOUT_TEST_SHOTS")
"""A folder for pictures of all views, for people to look at."""


@pytest.fixture(scope="module")
def training() -> Training:
    made = Training("cpu")
    made.step(X, Y)
    return made


@pytest.fixture(scope="module")
def page(training: Training, tmp_path_factory: pytest.TempPathFactory) -> Path:
    profile = training.step.profile(X, Y, steps=2, threads=1)
    return training.step.report(tmp_path_factory.mktemp("page") / "report.html", profile)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    made = Chromium(tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


@pytest.fixture
def shown(browser: Chromium, page: Path) -> Iterator[Chromium]:
    browser.size(*DESK)
    browser.open(page)
    yield browser
    assert browser.errors == []


def texts(browser: Chromium, selector: str) -> list[str]:
    return browser.run(f"[...document.querySelectorAll({selector!r})].map(e => e.textContent)")


def stage(browser: Chromium) -> str:
    return texts(browser, '#stagenames [aria-current="true"]')[0]


def go(browser: Chromium, page: Path, **address: object) -> None:
    browser.open(page, "&".join(f"{k}={v}" for k, v in address.items()))
    browser.settle()


# ---- loading


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_view_loads_in_silence_and_fits(
    browser: Chromium, page: Path, tab: str, size: tuple[int, int], dark: bool
) -> None:
    browser.size(*size, phone=size == PHONE, dark=dark)
    go(browser, page, tab=tab, stage="fuse", on=0)
    assert texts(browser, "nav [aria-selected=true]") == [tab.capitalize()]
    assert browser.run("document.documentElement.scrollWidth") <= size[0]
    assert browser.run("document.documentElement.scrollHeight") <= size[1]
    assert browser.run("document.documentElement.dataset.theme") == ("dark" if dark else "light")
    assert browser.errors == []
    if SHOTS:
        kind = f"{tab}-{'phone' if size == PHONE else 'desk'}-{'dark' if dark else 'light'}"
        browser.shot(Path(SHOTS, f"{kind}.png"))


def test_the_theme_can_be_chosen(shown: Chromium) -> None:
    themes = []
    for _ in range(3):
        shown.click("#theme")
        themes.append(shown.run("document.documentElement.dataset.theme"))
    assert themes == ["light", "dark", "light"]


# ---- stages


def test_the_slider_changes_stages(shown: Chromium, training: Training) -> None:
    names = [s.name for s in training.step.stages]
    assert texts(shown, "#stagenames button") == names
    shown.run("document.querySelector('#slider').focus()")
    for name in names[1:]:
        shown.press("ArrowRight")
        assert stage(shown) == name
        rows = texts(shown, "#ir .row:not(.removed) .line")
        assert "".join(f"{row}\n" for row in rows) == training.step.ir(name)


def test_a_name_below_the_slider_is_a_stage(shown: Chromium) -> None:
    shown.click('#stagenames button[title*=" moved"]')
    assert stage(shown) == "fuse"
    assert shown.run("document.querySelector('#slider').value") == "5"


def test_changes_are_marked(shown: Chromium, page: Path) -> None:
    go(shown, page, stage="cse")
    assert texts(shown, "#ir .row.removed .line")[0].strip().endswith("ne(%y, -100)")
    [changed] = texts(shown, "#ir .row.changed .line")
    assert "where(%3, " in changed
    shown.click("#ghosts")
    assert shown.run("document.querySelector('#ir .row.removed').offsetHeight") == 0
    go(shown, page, stage="fuse")
    assert any("yield tanh(" in line for line in texts(shown, "#ir .row.moved .line"))


# ---- source and instructions


def line_with(browser: Chromium, text: str) -> str:
    """A selector for the line of source that holds a text."""
    number = browser.run(
        "[...document.querySelectorAll('#source .row')]"
        f".find(r => r.textContent.includes({text!r})).dataset.line"
    )
    return f'#source .row[data-line="{number}"]'


def test_hovering_over_source_lights_its_instructions_and_their_gradients(shown: Chromium) -> None:
    shown.run(f"document.querySelector({line_with(shown, 'self.model(x), y')!r}).scrollIntoView()")
    shown.hover(line_with(shown, "self.model(x), y"))
    forward = texts(shown, "#ir .row.lit:not(.back) .line")
    backward = texts(shown, "#ir .row.lit.back .line")
    assert sum("= linear(" in line for line in forward) == 2
    assert not any("matmul" in line for line in forward)
    assert sum("matmul(" in line for line in backward) == 3
    assert not any("adam" in line for line in forward + backward)


def test_hovering_over_an_instruction_lights_its_lines(shown: Chromium) -> None:
    shown.run("document.querySelector('#ir .row[data-id=\"0\"]').scrollIntoView()")
    shown.hover('#ir .row[data-id="0"] .line')
    [lit] = texts(shown, "#source .row.lit .line")
    assert "self.model(x), y" in lit


def test_a_click_on_an_instruction_shows_its_line(shown: Chromium) -> None:
    shown.run("document.querySelector('#ir .row[data-id=\"1\"]').scrollIntoView()")
    shown.click('#ir .row[data-id="1"] .line')
    assert [line.strip() for line in texts(shown, "#ir .row.on .line")] == [
        "%1: f32[5,6] = tanh(%0)"
    ]
    [line] = texts(shown, "#source .row.on .line")
    assert "self.model(x), y" in line
    visible = "const r = document.querySelector('#source .row.on').getBoundingClientRect(); r.top > 0 && r.bottom < 800"
    assert shown.run(f"(() => {{ {visible.replace('; r', '; return r')} }})()")
    assert "in" in texts(shown, "#detail .chips")[0]
    shown.press("Escape")
    assert shown.run("document.querySelector('#detail').hidden")


def test_the_same_value_is_marked_everywhere(shown: Chromium) -> None:
    shown.run("document.querySelector('#ir .row[data-id=\"1\"]').scrollIntoView()")
    shown.hover('#ir .row[data-id="1"] i.value')
    assert set(texts(shown, "#ir i.value.same")) == {"%1"}
    assert len(texts(shown, "#ir i.value.same")) > 2


# ---- the graph


def nodes(browser: Chromium) -> list[str]:
    return browser.run(
        "[...document.querySelectorAll('#canvas g[data-id]')].map(g => g.dataset.id)"
    )


def test_the_graph_has_a_node_for_each_instruction_and_no_two_overlap(
    shown: Chromium, page: Path, training: Training
) -> None:
    go(shown, page, tab="graph", stage="trace")
    func = training.step.stages[0].func
    assert len(nodes(shown)) == len(func.args) + len(func.body)
    overlaps = """graph.nodes.some((a, k) => graph.nodes.slice(k + 1).some((b) =>
        a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h))"""
    assert shown.run(overlaps) is False
    upward = "graph.edges.some(({ from, to }) => from.y + from.h > to.y)"
    assert shown.run(upward) is False


def test_a_double_click_opens_a_fused_instruction(shown: Chromium, page: Path) -> None:
    go(shown, page, tab="graph", stage="fuse")
    before = nodes(shown)
    shown.click("#canvas g.group .box", times=2)
    opened = nodes(shown)
    assert len(opened) > len(before)
    inside = """(() => {
        const box = graph.nodes.find((n) => n.opened);
        return graph.nodes.filter((n) => n.parent === box.id).every((n) =>
            n.x >= box.x && n.y > box.y && n.x + n.w <= box.x + box.w && n.y + n.h <= box.y + box.h)})()"""
    assert shown.run(inside)
    shown.click("#closeall")
    assert sorted(nodes(shown)) == sorted(before)


def test_a_member_of_a_closed_box_shows_as_the_box(shown: Chromium, page: Path) -> None:
    go(shown, page, tab="graph", stage="fuse", on=1)
    [box] = shown.run("[...document.querySelectorAll('#canvas g.on')].map(g => g.dataset.id)")
    parents = "Object.fromEntries(stage().nodes.map(n => [n.id, n.parent]))"
    assert str(shown.run(parents)["1"]) == box
    shown.click(f'#canvas g[data-id="{box}"] .box')
    shown.click("#opener")
    assert "1" in nodes(shown)


def test_dragging_moves_and_the_wheel_zooms(shown: Chromium, page: Path) -> None:
    go(shown, page, tab="graph", stage="trace")
    before = shown.run("({ ...graph.view })")
    x, y = shown.middle("#canvas")
    for kind, dx in (("mousePressed", 0), ("mouseMoved", 40), ("mouseReleased", 40)):
        shown.send("Input.dispatchMouseEvent", type=kind, x=x + dx, y=y, button="left", buttons=1)
    shown.settle()
    moved = shown.run("({ ...graph.view })")
    assert (moved["x"], moved["y"]) == (before["x"] + 40, before["y"])
    shown.send("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=-200)
    shown.settle()
    assert shown.run("graph.view.k") > moved["k"]


def test_a_click_on_a_node_selects_it_in_all_views(shown: Chromium, page: Path) -> None:
    go(shown, page, tab="graph", stage="trace")
    shown.click('#canvas g[data-id="1"] .box')
    assert shown.run("document.querySelector('#canvas g.on').dataset.id") == "1"
    shown.click('nav [data-tab="program"]')
    assert "tanh" in texts(shown, "#ir .row.on .line")[0]


# ---- memory and kernels


def test_the_arena_is_drawn_to_scale(shown: Chromium, page: Path, training: Training) -> None:
    go(shown, page, tab="memory")
    tenants = training.step.record().memory.tenants
    heights = shown.run(
        "[...document.querySelectorAll('.tenant')].map(e => Number(e.getAttribute('height')))"
    )
    assert len(heights) == len(tenants)
    by_size = sorted(zip(tenants, heights, strict=True), key=lambda pair: -pair[0].bytes)
    (largest, tall), (other, less) = by_size[0], by_size[1]
    assert tall / less == pytest.approx(largest.bytes / other.bytes, rel=0.01)
    assert len(texts(shown, "#rooms tbody tr")) == len(training.step.record().memory.arguments) + 1


def test_a_tenant_leads_to_the_instruction_that_makes_it(shown: Chromium, page: Path) -> None:
    go(shown, page, tab="memory")
    shown.click(".tenant")
    assert "@0 = " in texts(shown, "#detail code")[0]


def test_kernels_show_their_code_and_times(shown: Chromium, page: Path, training: Training) -> None:
    go(shown, page, tab="kernels")
    kernels = {k.symbol: k for k in training.step.record().kernels}
    assert len(texts(shown, "#kerneltable tbody tr")) == len(kernels)
    assert "of limit" in texts(shown, "#kerneltable th")
    shown.click("#kerneltable tbody tr:nth-child(2)")
    chosen = kernels[shown.run("state.kernel")]
    for button, code in (
        ("Numba", chosen.source),
        ("LLVM IR", chosen.llvm),
        ("assembly", chosen.asm),
    ):
        number = texts(shown, "#kernelhead button").index(button) + 1
        shown.click(f"#kernelhead button:nth-child({number})")
        assert texts(shown, "#kernelcode")[0] == code


def test_the_address_brings_back_what_was_shown(shown: Chromium, page: Path) -> None:
    go(shown, page, stage="dce")
    shown.run("document.querySelector('#ir .row[data-id=\"1\"]').scrollIntoView()")
    shown.click('#ir .row[data-id="1"] .line')
    address = shown.run("location.hash.slice(1)")
    shown.open(page, address)
    assert stage(shown) == "dce"
    assert "tanh" in texts(shown, "#ir .row.on .line")[0]


# ---- large and strange programs


def test_a_large_program_draws_what_is_in_sight(browser: Chromium, tmp_path: Path) -> None:
    body, value = [], "%x"
    for k in range(1500):
        body.append(f"  %v{k}: f32[4] = {'exp' if k % 2 else 'sin'}({value})")
        value = f"%v{k}"
    text = "\n".join(["func f(%x: f32[4]) {", *body, f"  return {value}", "}"])
    path = tmp_path / "large.html"
    path.write_text(report_html(record(ir.parse(text), passes())), encoding="utf-8")
    browser.size(*DESK)
    go(browser, path, tab="graph", stage="trace")
    assert 3 < len(nodes(browser)) < 100
    browser.click("#fit")
    assert nodes(browser) == []
    assert browser.run("document.querySelector('#canvas path.far') !== null")
    assert browser.errors == []


def test_a_program_of_nothing_loads(browser: Chromium, tmp_path: Path) -> None:
    path = tmp_path / "nothing.html"
    func = ir.parse("func f(%x: f32[3]) {\n  return %x\n}")
    path.write_text(report_html(record(func, passes())), encoding="utf-8")
    browser.size(*DESK)
    for tab in TABS:
        go(browser, path, tab=tab)
    assert browser.errors == []
