"""Random tensors, options and line widths print the same text here as in PyTorch itself."""

import random
from collections.abc import Iterator
from math import inf, nan
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from tapeout.tracer.printing import (
    format_scalar,
    format_tensor,
    format_without_values,
    set_printoptions,
)

torch = pytest.importorskip("torch")

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
FLOATS = ["float16", "float32", "float64", "bfloat16"]
SHAPES = [(), (0,), (1,), (7,), (53,), (1500,), (0, 3), (4, 0, 2), (2, 3), (11, 9), (40, 41)]
SHAPES += [(2, 3, 5), (8, 2, 90), (2, 1, 3, 4), (2, 3, 1, 2, 3), (7, 3, 7, 2, 8)]
CHANGES = {
    "precision": [0, 1, 3, 8],
    "threshold": [0, 5, 100, inf],
    "edgeitems": [0, 1, 2, 5],
    "linewidth": [0, 20, 41, 79, 100, 133],
    "profile": ["default", "short", "full"],
    "sci_mode": [True, False],
}


def random_integers(rng: np.random.Generator, shape: tuple[int, ...], name: str) -> np.ndarray:
    limits = np.iinfo(name)
    largest = min(limits.max, 10 ** int(rng.integers(0, 20)))
    values = rng.integers(max(limits.min, -largest), largest, shape, np.dtype(name), endpoint=True)
    return np.asarray(values, dtype=name)


def random_floats(rng: np.random.Generator, shape: tuple[int, ...], name: str) -> np.ndarray:
    magnitude = 10.0 ** rng.uniform(rng.uniform(-9, 0), rng.uniform(0, 12))
    spread = 10.0 ** (rng.uniform(0, rng.choice([1, 3, 9])) * rng.standard_normal(shape))
    values = rng.standard_normal(shape) * magnitude * (spread if rng.random() < 0.3 else 1)
    if rng.random() < 0.3:
        values = np.round(values)
    for special in rng.permutation([inf, -inf, nan, 0.0, -0.0])[: rng.integers(0, 4)]:
        values = np.where(rng.random(shape) < rng.choice([0.05, 0.3, 1.0]), special, values)
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(BFLOAT16 if name == "bfloat16" else name)


def random_array(rng: np.random.Generator) -> np.ndarray:
    shape = SHAPES[rng.integers(len(SHAPES))]
    name = str(rng.choice(["bool", *INTEGERS, *FLOATS, *FLOATS]))
    if name == "bool":
        return np.asarray(rng.random(shape) < rng.choice([0.0, 0.5, 1.0]))
    make = random_integers if name in INTEGERS else random_floats
    return make(rng, shape, name)


def random_changes(choose: random.Random) -> dict[str, Any]:
    names = [name for name in CHANGES if choose.random() < 0.25]
    return {name: choose.choice(CHANGES[name]) for name in names}


def torch_tensor(array: np.ndarray) -> Any:
    if array.dtype == BFLOAT16:
        return torch.from_numpy(array.astype(np.float32)).to(torch.bfloat16)
    return torch.from_numpy(array.copy())


@pytest.fixture(autouse=True)
def _default_options() -> Iterator[None]:
    yield
    set_printoptions(profile="default")
    torch.set_printoptions(profile="default")
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("seed", range(12))
def test_random_tensors_print_as_in_torch(seed: int) -> None:
    choose, rng = random.Random(seed), np.random.default_rng(seed)
    for _ in range(40):
        array, changes = random_array(rng), random_changes(choose)
        default = choose.choice(["float32", "float64"])
        tensor, facts = torch_tensor(array), {"default_dtype": default}
        if tensor.is_floating_point() and choose.random() < 0.4:
            tensor.requires_grad_()
            facts["requires_grad"] = True
        torch.set_default_dtype(getattr(torch, default))
        for options_of in (torch.set_printoptions, set_printoptions):
            options_of(profile="default")
            options_of(**changes)
        assert format_tensor(array, **facts) == repr(tensor), (array.dtype, array.shape, changes)


@pytest.mark.parametrize("linewidth", range(20, 84, 3))
def test_suffixes_break_lines_as_in_torch(linewidth: int) -> None:
    leaf = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    for set_options in (torch.set_printoptions, set_printoptions):
        set_options(linewidth=linewidth)
    for tensor in (leaf * 2, (leaf * 2).sum(), (leaf * 2)[:0]):
        facts = {"grad_fn": type(tensor.grad_fn).__name__}
        assert format_tensor(tensor.detach().numpy(), **facts) == repr(tensor)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool", "uint8"])
@pytest.mark.parametrize("shape", [(), (0, 2), (3, 4)])
def test_valueless_tensors_print_as_torchs_meta_tensors(dtype: str, shape: tuple[int, ...]) -> None:
    meta = torch.empty(shape, dtype=getattr(torch, dtype), device="meta")
    assert format_without_values(shape, dtype, device="meta") == repr(meta)


@pytest.mark.parametrize("spec", ["", ".3f", "e", ">14", "+.1%"])
def test_scalars_format_as_in_torch(spec: str) -> None:
    for name in FLOATS:
        array = np.asarray(-2.71828).astype(BFLOAT16 if name == "bfloat16" else name)
        assert format_scalar(array, spec) == format(torch_tensor(array), spec)
