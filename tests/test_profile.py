"""Profiles: every kernel by the clock, what is made of the notes, the table, the time line and the plot."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as Xml
from pathlib import Path

import numpy as np
import pytest

import tapeout
from tapeout import nn, optim
from tapeout.inspection import profile as room
from tapeout.inspection.limits import Level, Limits
from tapeout.inspection.profile import Profile, Timed, clock, profile, sharing, taken
from tapeout.inspection.record import Call, Record, record
from tapeout.ir import parse

SVG = "{http://www.w3.org/2000/svg}"
TEXT = """
func step(%x: f32[96,80], %i: i64[7], %w: f32[112,80], %s: f32[5]) {
  %h: f32[96,112] = linear(%x, %w)
  %r: f32[96,112] = relu(%h)
  %v: f32[112,80] = mul(%w, 0.5)
  %t: f32[5] = add(%s, 1.0)
  %p: f32[7,80] = take(%x, %i)
  return %r, %v as %w, %t as %s, %p
}
"""


def known(threads: int | None = None, again: bool = False) -> Limits:
    count = threads or 1
    levels = Level("L1", 1000.0, 2e9 * count), Level("memory", math.inf, 1e9 * count)
    return Limits(count, {"f32": 8e9 * count, "f64": 4e9 * count}, levels)


@pytest.fixture(autouse=True)
def _known_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "limits", known)


@pytest.fixture(scope="module")
def recorded() -> Record:
    return record(parse(TEXT), [])


def arrays() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    x, w = (rng.standard_normal(shape).astype(np.float32) for shape in ((96, 80), (112, 80)))
    return [x, np.arange(7), w, np.zeros(5, np.float32)]


def timed(number: int, seconds: float, flops: int, nbytes: int, dtype: str = "f32") -> Timed:
    call = Call(number, f"k{number}_0", None, (), (), flops, nbytes, 0.0)
    return Timed(call, f"k{number}<a>", seconds, 1, dtype, known())


def made_up() -> Profile:
    """Two steps of two calls on two threads; the second call is the first thread's alone."""
    first = np.array([[[10, 40], [60, 70], [1, 100]], [[20, 50], [0, 0], [5, 90]]])
    log = np.stack([first, first + 1000 * (first > 0)])
    calls = [timed(0, 3e-6, 12_000, 3000), timed(1, 1e-6, 0, 800)]
    return Profile("my_step", calls, log, 5e-6, 5.5e-6, known(2))


def words(line: str) -> str:
    return " ".join(line.split())


# ---- measuring


def test_every_call_is_timed(recorded: Record) -> None:
    given = arrays()
    found = profile(recorded, given[:2], given[2:], steps=6, threads=1)
    assert [t.call.number for t in found.timed] == list(range(len(recorded.program.calls)))
    assert len(found.timed) >= 3
    assert all(0 < t.seconds < 0.1 for t in found.timed)
    assert {t.threads for t in found.timed} == {1}
    assert found.log.shape == (6, 1, len(found.timed) + 1, 2)
    assert 0 < found.step < found.call < 0.1


def test_the_notes_are_in_the_order_of_the_calls(recorded: Record) -> None:
    given = arrays()
    log = profile(recorded, given[:2], given[2:], steps=5, threads=1).log
    for step in log[:, 0]:
        whole, *calls = step[-1], *step[:-1]
        flat = [whole[0], *np.ravel(calls), whole[1]]
        assert flat == sorted(flat)
        assert flat[0] > 0


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["small first", "large first"])
def test_the_larger_of_two_works_takes_longer(order: tuple[int, int]) -> None:
    lines = "%s: f32[64] = exp(%a)", "%l: f32[256,256] = exp(%b)"
    body = "\n".join(lines[n] for n in order)
    made = record(parse(f"func f(%a: f32[64], %b: f32[256,256]) {{\n{body}\nreturn %s, %l\n}}"), [])
    zeros = [np.zeros(64, np.float32), np.zeros((256, 256), np.float32)]
    found = profile(made, zeros, steps=9, threads=1)
    assert [t.call.bytes for t in found.hottest()] == [2 * 4 * 256 * 256, 2 * 4 * 64]
    assert [t.call.number for t in found.hottest()] == [order.index(1), order.index(0)]


def test_nothing_that_was_given_changes(recorded: Record) -> None:
    given, kept = arrays(), arrays()
    profile(recorded, given[:2], given[2:], steps=3)
    for array, before in zip(given, kept, strict=True):
        np.testing.assert_array_equal(array, before)


def test_both_threads_are_seen(recorded: Record) -> None:
    if tapeout.get_num_threads() < 2 or recorded.threads < 2:
        pytest.skip("one thread only")
    given = arrays()
    found = profile(recorded, given[:2], given[2:], steps=4, threads=2)
    assert found.log.shape[1] == 2
    assert {t.threads for t in found.timed} == {1, 2}
    shared = next(t for t in found.timed if t.threads == 2)
    assert shared.limits.threads == 2
    assert (found.log[:, :, shared.call.number] > 0).all()


def test_what_the_program_refuses_is_raised(recorded: Record) -> None:
    given = arrays()
    given[1] = np.array([0, 1, 2, 3, 4, 5, 96])
    with pytest.raises(IndexError, match="96"):
        profile(recorded, given[:2], given[2:], steps=2)


@pytest.mark.parametrize("threads", [0, -3, 1.5, "a", True])
def test_threads_are_counted(recorded: Record, threads: int) -> None:
    given = arrays()
    with pytest.raises(ValueError, match=rf"threads is an int of 1 or more, not {threads!r}"):
        profile(recorded, given[:2], given[2:], steps=2, threads=threads)


@pytest.mark.parametrize("steps", [0, -1, 2.5, True])
def test_steps_are_counted(recorded: Record, steps: int) -> None:
    with pytest.raises(ValueError, match=rf"steps is an int of 1 or more, not {steps}"):
        profile(recorded, arrays(), steps=steps)


def test_all_arguments_are_needed(recorded: Record) -> None:
    with pytest.raises(ValueError, match=r"step has 4 arguments, and 1 inputs with 2 arrays of"):
        profile(recorded, arrays()[:1], arrays()[:2])


def test_reading_the_clock_is_taken_off() -> None:
    """The shortest pause between two notes, by the median over the steps."""
    log = np.zeros((3, 2, 3, 2), np.int64)
    for step, pause in enumerate((21, 19, 500)):
        log[step, 0] = [[70, 100], [100 + pause, 400], [0, 900]]
    assert clock(log) == 21.0


def test_the_slowest_thread_counts() -> None:
    """By the median over the steps: 300, 40, 310; less the 10 that the clock takes."""
    log = np.zeros((3, 2, 3, 2), np.int64)
    for step, (one, other) in enumerate(((50, 300), (40, 30), (310, 20))):
        log[step, 0] = [[110, 110 + one], [120 + one, 130 + one], [100, 900]]
        log[step, 1, 0] = [150, 150 + other]
    assert taken(log, 0, clock(log)) == pytest.approx(290e-9)
    assert [sharing(log, number) for number in range(2)] == [2, 1]


# ---- figures


def test_a_call_is_held_against_the_limits() -> None:
    computing = timed(0, 4e-6, 16_000, 1500)
    assert (computing.bound, computing.level.name) == ("compute", "memory")
    assert computing.least == pytest.approx(2e-6)
    assert computing.of_limit == pytest.approx(0.5)
    assert computing.flops_a_second == pytest.approx(4e9)
    assert computing.bytes_a_second == pytest.approx(3.75e8)
    assert timed(0, 4e-6, 16_000, 1500, "f64").of_limit == pytest.approx(1.0)
    moving = timed(1, 1e-6, 80, 800)
    assert (moving.bound, moving.of_limit) == ("L1", pytest.approx(0.4))


def test_what_is_left_of_a_step() -> None:
    found = made_up()
    assert found.kernels == pytest.approx(4e-6)
    assert found.between == pytest.approx(1e-6)
    assert found.calling == pytest.approx(0.5e-6)
    assert [t.call.number for t in found.hottest()] == [0, 1]
    assert repr(found) == "<profile of my_step: 2 steps of 5.0 µs>"


def test_the_table() -> None:
    lines = str(made_up()).splitlines()
    assert lines[0] == (
        "my_step: 5.00 µs a step on 2 threads (median of 2); a call from Python takes 500 ns more"
    )
    assert words(lines[2]) == "# kernel share time GFLOP/s GB/s of limit threads works on"
    assert words(lines[3]) == "0 k0<a> 60.0% 3.00 µs 4.0 1.0 100% memory 1 ->"
    assert words(lines[4]) == "1 k1<a> 20.0% 1.00 µs 0.8 40% L1 1 ->"
    assert words(lines[5]) == "between kernels 20.0% 1.00 µs"
    assert lines[7] == (
        "limits, as measured: 16 GFLOP/s f32, 8 GFLOP/s f64, L1 4 GB/s, memory 2 GB/s"
    )


def test_many_calls_are_summed_up() -> None:
    calls = [timed(n, (40 - n) * 1e-6, 10, 10) for n in range(40)]
    found = Profile("long", calls, np.ones((1, 1, 41, 2), int), 820e-6, 821e-6, known())
    lines = str(found).splitlines()
    assert lines[2 + 30].split()[:2] == ["29", "k29<a>"]
    assert words(lines[2 + 31]) == "10 more 6.7% 55.00 µs"


def test_the_figures_as_data() -> None:
    found = json.loads(json.dumps(made_up().data()))
    assert (found["steps"], found["threads"]) == (2, 2)
    assert found["limits"]["bandwidth"] == {"L1": 4e9, "memory": 2e9}
    assert [c["flops"] for c in found["calls"]] == [12_000, 0]
    assert found["calls"][1]["bound"] == "L1"


# ---- the time line


def test_the_time_line_has_a_bar_for_each_note(tmp_path: Path) -> None:
    found = made_up()
    found.save_trace(tmp_path / "t.json")
    saved = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert saved == found.trace()
    bars = [e for e in saved["traceEvents"] if e["ph"] == "X"]
    assert len(bars) == 2 * (3 + 2)  # both calls and the step; one call and the step
    first = next(
        b for b in bars if b["tid"] == 1 and b["args"]["step"] == 1 and "call" in b["args"]
    )
    assert (first["name"], first["ts"], first["dur"]) == ("k0<a>", 1.019, 0.03)
    names = [e["args"]["name"] for e in saved["traceEvents"] if e["ph"] == "M"]
    assert names == ["my_step", "thread 0", "thread 1"]


# ---- the plot


def test_the_plot_is_svg_with_a_dot_and_a_bar_for_each_call(tmp_path: Path) -> None:
    found = made_up()
    found.save_plot(tmp_path / "p.svg")
    root = Xml.parse(tmp_path / "p.svg").getroot()
    assert root.tag == f"{SVG}svg"
    [dot] = root.iter(f"{SVG}circle")  # the other call computes nothing
    title = dot.find(f"{SVG}title")
    assert title is not None
    assert str(title.text).startswith("0 k0<a>: 3.00 µs, 4.0 GFLOP/s, 1.0 GB/s, 100% of memory")
    assert len(list(root.iter(f"{SVG}rect"))) == 3
    texts = {str(t.text) for t in root.iter(f"{SVG}text")}
    styles = str(root.findtext(f"{SVG}style"))
    selectors = [found.strip() for found in re.findall(r"([^{};]+){", styles)]
    assert {each.split()[0] for each in selectors} == {".tapeout-profile", "@media"}
    assert {"1 k1<a>", "between kernels", "f32 16 GFLOP/s", "memory 2 GB/s"} <= texts


def test_a_dot_lies_where_its_figures_say() -> None:
    """Twice the operations for the same bytes: the distance between the marks of 1 and 10, times log10(2)."""
    calls = [timed(0, 1e-6, 2000, 1000), timed(1, 1e-6, 4000, 1000)]
    found = Profile("two", calls, np.ones((1, 1, 3, 2), int), 2e-6, 2e-6, known())
    root = Xml.fromstring(found.svg())
    a, b = sorted(float(c.get("cx", "")) for c in root.iter(f"{SVG}circle"))
    below = [t for t in root.iter(f"{SVG}text") if t.get("class") == "dim mid small"]
    marks = {t.text: float(t.get("x", "nan")) for t in below}
    decade = marks["10"] - marks["1"]
    assert b - a == pytest.approx(decade * math.log10(2), abs=0.2)
    assert a - marks["1"] == pytest.approx(decade * math.log10(2), abs=0.2)


@pytest.mark.parametrize("calls", [[], [timed(0, 1e-6, 0, 16)]], ids=["none", "no arithmetic"])
def test_a_plot_of_little_is_still_a_plot(calls: list[Timed]) -> None:
    found = Profile("f", calls, np.ones((1, 1, len(calls) + 1, 2), int), 1e-6, 2e-6, known())
    assert Xml.fromstring(found.svg()).tag == f"{SVG}svg"
    assert found.step == 1e-6


# ---- of a compiled function


def training() -> tuple[tapeout.Tensor, object]:
    tapeout.manual_seed(0)
    model = nn.Linear(6, 3)
    optimizer = optim.Adam(model.parameters(), lr=0.1)

    @tapeout.compile
    def step(x: tapeout.Tensor, y: tapeout.Tensor) -> tapeout.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return model.weight, step


def test_a_compiled_step_stays_where_it_is() -> None:
    weight, step = training()
    x, y = tapeout.randn(5, 6), tapeout.tensor([0, 1, 2, 1, 0])
    step(x, y)
    before = weight.tolist()
    found = step.profile(x, y, steps=7)
    assert found.name == "step"
    assert found.steps == 7
    assert weight.tolist() == before
    assert step(x, y).item() > 0
    assert weight.tolist() != before


def test_specs_and_nothing_at_all_are_made_up() -> None:
    _, step = training()
    wanted = tapeout.spec((5, 6)), tapeout.spec((5,), tapeout.int64)
    assert step.profile(*wanted, steps=2).steps == 2
    assert step.profile(steps=3).timed[0].call.read[0].type.shape == (5, 6)


def test_a_function_without_a_program_says_so() -> None:
    _, step = training()
    with pytest.raises(RuntimeError, match=r"step\(\) has not been compiled yet"):
        step.profile()


def test_only_native_code_has_kernels() -> None:
    double = tapeout.compile(lambda x: x * 2, backend="reference")
    with pytest.raises(ValueError, match=r"compiled for the backend 'reference'; compile it with"):
        double.profile(tapeout.ones(3))
