"""What each print option does, who sees a change of it, and which values are refused."""

import asyncio
import threading
from collections.abc import Iterator
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from tapeout.tracer.printing import (
    PrintOptions,
    format_tensor,
    print_options,
    printoptions,
    set_printoptions,
)


@pytest.fixture(autouse=True)
def _default_options() -> Iterator[None]:
    set_printoptions(profile="default")
    yield
    set_printoptions(profile="default")


def f32(*values: Any) -> np.ndarray:
    return np.array(values, dtype=np.float32)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"precision": 2}, "tensor([1.50, 2.25])"),
        ({"precision": 0}, "tensor([2, 2])"),
        ({"sci_mode": True}, "tensor([1.5000e+00, 2.2500e+00])"),
        ({"linewidth": 20}, "tensor([1.5000,\n        2.2500])"),
        ({"threshold": 1, "edgeitems": 0}, "tensor([...], size=(2,))"),
        ({"edgeitems": 0}, "tensor([1.5000, 2.2500], size=(2,))"),
        ({"profile": "short"}, "tensor([1.50, 2.25])"),
        ({"profile": "short", "precision": 3}, "tensor([1.500, 2.250])"),
    ],
)
def test_option_changes_the_text(changes: dict[str, Any], text: str) -> None:
    set_printoptions(**changes)
    assert format_tensor(f32(1.5, 2.25)) == text


def test_sci_mode_false_keeps_fixed_point() -> None:
    set_printoptions(sci_mode=False)
    assert format_tensor(f32(1, 1e9, 0)) == "tensor([         1., 1000000000.,          0.])"


def test_full_profile_prints_every_element() -> None:
    set_printoptions(profile="full")
    assert format_tensor(np.arange(3000)).count(",") == 2999


def test_edgeitems_and_threshold_choose_the_excerpt() -> None:
    set_printoptions(edgeitems=1, threshold=5)
    assert format_tensor(np.arange(6)) == "tensor([0,  ..., 5])"


def test_left_out_elements_do_not_choose_the_notation() -> None:
    values = np.ones(2000, np.float32)
    values[1000] = 1e-7
    assert format_tensor(values) == "tensor([1., 1., 1.,  ..., 1., 1., 1.])"


def test_unmentioned_options_stay_except_sci_mode() -> None:
    set_printoptions(precision=7, edgeitems=5, sci_mode=True)
    set_printoptions(linewidth=100)
    assert print_options() == PrintOptions(precision=7, edgeitems=5, linewidth=100, sci_mode=None)


@pytest.mark.parametrize(
    ("profile", "options"),
    [
        ("default", PrintOptions(4, 1000, 3, 80)),
        ("short", PrintOptions(2, 1000, 2, 80)),
        ("full", PrintOptions(4, inf, 3, 80)),
    ],
)
def test_profile_replaces_all_options(profile: str, options: PrintOptions) -> None:
    set_printoptions(precision=9, threshold=7, edgeitems=8, linewidth=33)
    set_printoptions(profile=profile)
    assert print_options() == options


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"precision": -1}, r"precision=-1 is not a non-negative integer: give the number of dig"),
        ({"precision": 2.5}, r"precision=2\.5 is not a non-negative integer"),
        ({"edgeitems": -2}, r"edgeitems=-2 is not a non-negative integer: give the number of ele"),
        ({"threshold": nan}, r"threshold=nan is not a number: .* float\('inf'\)"),
        ({"threshold": "full"}, r"threshold='full' is not a number"),
        ({"linewidth": inf}, r"linewidth=inf is not a finite number: .* such as 80"),
        ({"sci_mode": "yes"}, r"sci_mode='yes': give True .* or None"),
        ({"profile": "FULL"}, r"unknown print profile 'FULL': choose one of default, short, full"),
    ],
)
def test_wrong_option_is_refused_and_changes_nothing(changes: Any, message: str) -> None:
    set_printoptions(precision=6)
    with pytest.raises(ValueError, match=message):
        set_printoptions(**changes)
    assert print_options() == PrintOptions(precision=6)


def test_with_block_restores_the_options_even_after_an_error() -> None:
    def fail_inside() -> None:
        with printoptions(precision=1) as inner:
            assert inner == print_options() == PrintOptions(precision=1)
            set_printoptions(precision=2)
            assert print_options().precision == 2
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert print_options() == PrintOptions()


def test_with_block_keeps_the_outer_changes() -> None:
    set_printoptions(edgeitems=5)
    with printoptions(precision=1), printoptions(linewidth=60):
        assert print_options() == PrintOptions(precision=1, edgeitems=5, linewidth=60)


def test_process_wide_change_is_seen_by_other_threads_but_a_with_block_is_not() -> None:
    seen: list[PrintOptions] = []
    set_printoptions(edgeitems=5)
    with printoptions(precision=1):
        thread = threading.Thread(target=lambda: seen.append(print_options()))
        thread.start()
        thread.join()
    assert seen == [PrintOptions(edgeitems=5)]


def test_with_block_of_one_task_is_not_seen_by_another() -> None:
    async def print_pi(precision: int) -> str:
        with printoptions(precision=precision):
            await asyncio.sleep(0)
            return format_tensor(f32(3.14159))

    async def both() -> list[str]:
        return await asyncio.gather(print_pi(1), print_pi(3))

    assert asyncio.run(both()) == ["tensor([3.1])", "tensor([3.142])"]


def test_explicit_options_win_over_the_ones_in_force() -> None:
    set_printoptions(precision=9)
    assert format_tensor(f32(0.5), options=PrintOptions(precision=1)) == "tensor([0.5])"
