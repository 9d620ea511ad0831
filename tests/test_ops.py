"""Every op, by its own samples: type rule against reference, derivatives, scalar expression, text, error texts."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
import pytest

from tapeout import ir
from tapeout.ir.autodiff import Step, backward
from tapeout.ir.op import OPS, infer
from tapeout.ir.ops.erf import erf
from tapeout.ir.samples import Mistake, Sample

SAMPLES = [pytest.param(s, id=str(s)[:90]) for cls in OPS.values() for s in cls.samples()]
MISTAKES = [
    pytest.param(m, id=f"{m.op.name}-{m.text[:40]}") for cls in OPS.values() for m in cls.mistakes()
]
# Differentiable ops whose gradient is zero by definition, so that differences across a step say nothing.
STEPWISE = {"floor", "ceil", "round", "sign", "floor_div"}


def is_smooth(sample: Sample) -> bool:
    (first, *_rest) = infer(sample.op, sample.types)
    takes_floats = any(t.dtype.is_floating_point for t in sample.types)
    return (
        sample.op.differentiable
        and first.dtype.name == "f64"
        and takes_floats
        and sample.op.name not in STEPWISE | {"detach"}
    )


SMOOTH = [p for p in SAMPLES if is_smooth(p.values[0])]


def as_func(sample: Sample) -> ir.Func:
    builder = ir.FuncBuilder("sample")
    args = tuple(builder.arg(f"x{i}", t) for i, t in enumerate(sample.types))
    results = tuple(ir.Value(t) for t in infer(sample.op, sample.types))
    builder.append(ir.Instr(sample.op, args, results))
    return builder.finish(results)


@pytest.mark.parametrize("sample", SAMPLES)
def test_infer_agrees_with_ref(sample: Sample) -> None:
    found = sample.op.ref(*sample.arrays())
    many = found if isinstance(found, tuple) else (found,)
    for array, type_ in zip(map(np.asarray, many), infer(sample.op, sample.types), strict=True):
        assert (array.shape, array.dtype) == (type_.shape, type_.dtype.numpy)


@pytest.mark.parametrize("sample", SAMPLES)
def test_ref_leaves_its_operands_alone(sample: Sample) -> None:
    arrays = sample.arrays()
    before = [a.copy() for a in arrays]
    sample.op.ref(*arrays)
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("sample", SAMPLES)
def test_text_round_trips(sample: Sample) -> None:
    func = ir.verify(as_func(sample))
    text = str(func)
    again = ir.verify(ir.parse(text))
    assert str(again) == text
    for a, b in zip(ir.run(func, *sample.arrays()), ir.run(again, *sample.arrays()), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_explained(mistake: Mistake) -> None:
    with pytest.raises(ir.IRError) as raised:
        infer(mistake.op, mistake.types)
    assert mistake.text in str(raised.value)


@pytest.mark.parametrize("name", OPS)
def test_an_op_is_documented_and_sampled(name: str) -> None:
    assert OPS[name].__doc__
    assert list(OPS[name].samples())
    assert OPS[name].name == name


# ---- derivatives


def gradient_func(func: ir.Func, cotangents: int = 1) -> ir.Func:
    """The Func that maps (arguments, cotangent of the first result) to the gradients of its float arguments."""
    builder = ir.FuncBuilder("gradient", func.args)
    builder.body = list(func.body)
    seed = builder.arg(f"g{cotangents}", func.results[0].value.type)
    wanted = {a for a in func.args if a.type.dtype.is_floating_point}
    reached = set(wanted)
    for instr in func.body:
        if any(o in reached for o in instr.operands):
            reached.update(r for r in instr.results if r.type.dtype.is_floating_point)
    grads: dict[ir.Value, ir.Value] = {func.results[0].value: seed}
    steps = [Step(i.op, i.operands, i.result) for i in reversed(func.body) if i.result in reached]
    backward(builder, steps, grads, reached.__contains__)
    found = [grads.get(a) or builder.full(a.type, 0) for a in func.args if a in wanted]
    return ir.verify(builder.finish(found))


def directional(
    func: ir.Func, arrays: list[np.ndarray], direction: list[np.ndarray | None]
) -> list[np.ndarray]:
    """Central differences of every result along a direction in the arguments."""
    step = 1e-5

    def moved(sign: int) -> list[np.ndarray]:
        return [
            a if d is None else a + sign * step * d for a, d in zip(arrays, direction, strict=True)
        ]

    high, low = ir.run(func, *moved(1)), ir.run(func, *moved(-1))
    return [(h - lo) / (2 * step) for h, lo in zip(high, low, strict=True)]


def check_gradient(func: ir.Func, arrays: list[np.ndarray], order: int) -> None:
    """One random direction, by inner products, so that the cost does not grow with the size."""
    rng = np.random.default_rng(order)
    gradient = gradient_func(func, order)
    direction = [
        rng.standard_normal(a.type.shape) if a.type.dtype.is_floating_point else None
        for a in func.args
    ]
    differences = directional(func, arrays, direction)[0]
    cotangent = rng.standard_normal(differences.shape)
    found = ir.run(gradient, *arrays, cotangent)
    inner = sum(
        np.vdot(g, d) for g, d in zip(found, [d for d in direction if d is not None], strict=True)
    )
    expected = np.vdot(cotangent, differences)
    assert inner == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("sample", SMOOTH)
def test_first_derivative_against_differences(sample: Sample) -> None:
    check_gradient(as_func(sample), sample.arrays(), 1)


@pytest.mark.parametrize("sample", SMOOTH)
def test_second_derivative_against_differences(sample: Sample) -> None:
    first = gradient_func(as_func(sample))
    rng = np.random.default_rng(5)
    arrays = [*sample.arrays(), rng.standard_normal(first.args[-1].type.shape)]
    for number in range(len(first.results)):
        one = ir.Func("one", first.args, first.body, (first.results[number],))
        check_gradient(one, arrays, 2)


@pytest.mark.parametrize("name", sorted(STEPWISE))
def test_a_stepwise_op_has_gradient_zero(name: str) -> None:
    sample = next(OPS[name].samples())
    func = gradient_func(as_func(sample))
    for g in ir.run(func, *sample.arrays(), np.ones(func.args[-1].type.shape)):
        assert not g.any()


# ---- scalar expressions


NAMES = {
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "sqrt": np.sqrt, "sin": np.sin,
    "cos": np.cos, "tanh": np.tanh, "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "erf": erf, "abs": np.abs,
    "sign": np.sign, "floor": np.floor, "ceil": np.ceil, "rint": np.rint, "maximum": np.maximum,
    "minimum": np.minimum, "where": np.where, "pow": np.power, "floor_div": np.floor_divide,
    "remainder": np.remainder, "invert": np.invert,
} | {f"cast_{d.name}": functools.partial(lambda t, x: x.astype(t), d.numpy) for d in ir.dtypes.ALL}  # fmt: skip


def elementwise_samples() -> Iterator[object]:
    for p in SAMPLES:
        if p.values[0].op.elementwise:
            yield p


@pytest.mark.parametrize("sample", list(elementwise_samples()))
def test_the_scalar_expression_means_what_ref_means(sample: Sample) -> None:
    arrays = sample.arrays()
    text = sample.op.expression().format(*(f"x[{i}]" for i in range(len(arrays))))
    found = eval(text, {"x": arrays, **NAMES})
    np.testing.assert_allclose(found, sample.op.ref(*arrays), rtol=1e-12, atol=1e-14)


def test_erf_is_accurate_everywhere() -> None:
    import math

    x = np.concatenate([np.linspace(-7, 7, 20001), [np.inf, -np.inf, 0.0, -0.0]])
    expected = np.vectorize(math.erf)(x)
    np.testing.assert_allclose(erf(x), expected, rtol=0, atol=3e-16)
    assert np.isnan(erf(np.array([np.nan]))[0])


# ---- operand counts


@pytest.mark.parametrize("name", OPS)
def test_another_number_of_operands_is_refused(name: str) -> None:
    sample = next(OPS[name].samples())
    few = sample.types[: (sample.op.arity if isinstance(sample.op.arity, int) else 1) - 1]
    many = (*sample.types, *(sample.types[-1:] or (ir.TensorType(ir.dtypes.float32, ()),)) * 2)
    for types in [few] * (sample.op.arity != 0) + [many] * (name != "cat"):
        with pytest.raises(ir.ShapeError, match=rf"^{name} takes .* operands?, not {len(types)}"):
            infer(sample.op, types)


@pytest.mark.parametrize(
    ("name", "count", "text"),
    [
        ("sum", 0, "sum takes 1 operand, not 0"),
        ("add", 1, "add takes 2 operands, not 1: f64[2,3]"),
        ("linear", 1, "linear takes 2 or 3 operands, not 1: f64[2,3]"),
        ("cat", 0, "cat takes at least 1 operand, not 0"),
        ("iota", 1, "iota takes 0 operands, not 1: f64[2,3]"),
    ],
)
def test_how_many_operands_an_op_takes_is_said(name: str, count: int, text: str) -> None:
    operand = ir.TensorType(ir.dtypes.float64, (2, 3))
    with pytest.raises(ir.ShapeError) as raised:
        infer(next(OPS[name].samples()).op, (operand,) * count)
    assert str(raised.value) == text
