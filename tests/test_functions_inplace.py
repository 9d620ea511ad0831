"""In-place methods and augmented assignment against PyTorch: values, versions, gradients."""

from __future__ import annotations

from typing import Any

import pytest

import tapeout
from function_samples import assert_same
from inplace_programs import LIBRARIES, Program, both_agree, leaf

torch = pytest.importorskip("torch")

IN_PLACE = {
    "add_": (2,),
    "sub_": (0.5,),
    "mul_": (3,),
    "div_": (2,),
    "pow_": (2,),
    "neg_": (),
    "exp_": (),
    "log_": (),
    "sqrt_": (),
    "rsqrt_": (),
    "sin_": (),
    "cos_": (),
    "tanh_": (),
    "sigmoid_": (),
    "relu_": (),
    "abs_": (),
    "clamp_": (0.8, 1.5),
    "floor_": (),
    "ceil_": (),
    "round_": (),
    "sign_": (),
    "square_": (),
    "reciprocal_": (),
    "expm1_": (),
    "log1p_": (),
    "erf_": (),
    "zero_": (),
    "fill_": (2.5,),
    "trunc_": (),
    "clamp_min_": (1.0,),
    "clamp_max_": (1.0,),
    "remainder_": (0.7,),
    "absolute_": (),
    "eq_": (1.0,),
    "lt_": (1.0,),
    "tril_": (),
    "triu_": (1,),
    "cumsum_": (1,),
    "log2_": (),
    "tan_": (),
    "fmod_": (0.7,),
    "cumprod_": (1,),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_methods(name: str) -> None:
    def program(lib: Any, x: Any) -> Any:
        y = x * 1
        assert getattr(y, name)(*IN_PLACE[name]) is y
        assert y._version == 1
        return y if y.requires_grad else y + x * 0

    both_agree(program)


WITH_TENSORS: dict[str, Program] = {
    "add_": lambda lib, y: y.add_(leaf(lib, 3)),
    "add_ alpha": lambda lib, y: y.add_(leaf(lib, 3), alpha=2),
    "sub_": lambda lib, y: y.sub_(leaf(lib, 4, 1)),
    "mul_": lambda lib, y: y.mul_(leaf(lib, 4, 3)),
    "div_": lambda lib, y: y.div_(leaf(lib, 3)),
    "pow_": lambda lib, y: y.pow_(leaf(lib, 3)),
    "copy_": lambda lib, y: y.copy_(leaf(lib, 3)),
    "lerp_": lambda lib, y: y.lerp_(leaf(lib, 4, 3), 0.3),
    "addcmul_": lambda lib, y: y.addcmul_(leaf(lib, 4, 3), leaf(lib, 3), value=0.5),
    "addcdiv_": lambda lib, y: y.addcdiv_(leaf(lib, 4, 3), leaf(lib, 3)),
    "masked_fill_": lambda lib, y: y.masked_fill_(y.detach() > 1, 7.0),
    "fill_ tensor": lambda lib, y: y.fill_(lib.tensor(2.0)),
    "scatter_": lambda lib, y: y.scatter_(1, lib.tensor([[0], [2]]), leaf(lib, 2, 1)),
    "scatter_add_": lambda lib, y: y.scatter_add_(0, lib.tensor([[0, 0, 1]]), leaf(lib, 1, 3)),
    "index_add_": lambda lib, y: y.index_add_(0, lib.tensor([1, 1]), leaf(lib, 2, 3)),
    "index_fill_": lambda lib, y: y.index_fill_(0, lib.tensor([1]), 3.0),
    "index_copy_": lambda lib, y: y.index_copy_(0, lib.tensor([1]), leaf(lib, 1, 3)),
    "addmm_": lambda lib, y: y.addmm_(leaf(lib, 4, 2), leaf(lib, 2, 3)),
    "clamp_": lambda lib, y: y.clamp_(min=leaf(lib, 3)),
    "index_put_": lambda lib, y: y.index_put_((lib.tensor([0, 2]),), leaf(lib, 3)),
}


@pytest.mark.parametrize("name", WITH_TENSORS)
def test_in_place_methods_with_tensors(name: str) -> None:
    both_agree(lambda lib, x: WITH_TENSORS[name](lib, x * 1))


def augmented(lib: Any, y: Any, sign: str) -> Any:
    other = 2
    scope = {"y": y, "other": other}
    exec(f"y {sign} other", scope)
    assert scope["y"] is y
    return y


@pytest.mark.parametrize("sign", ["+=", "-=", "*=", "/=", "**=", "%="])
def test_augmented_assignment(sign: str) -> None:
    both_agree(lambda lib, x: augmented(lib, x * 1, sign))


@pytest.mark.parametrize("sign", ["&=", "|=", "^="])
def test_augmented_assignment_of_bits(sign: str) -> None:
    results = [augmented(lib, lib.tensor([1, 2, 7]), sign) for lib in LIBRARIES]
    assert_same(tapeout, torch, *results)


def test_plain_memory_scaled_by_something_that_needs_a_gradient() -> None:
    def program(lib: Any, x: Any) -> Any:
        return lib.full((4, 3), 3.0).mul_(x)

    both_agree(program)
