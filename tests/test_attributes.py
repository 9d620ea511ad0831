"""Attributes of ops: given by place and by name, compared and hashed by value, never changed."""

from __future__ import annotations

import copy
import pickle
from typing import Any, ClassVar

import pytest

from tapeout.ir.attributes import REQUIRED, Attribute, attributed
from tapeout.ir.errors import IRError
from tapeout.ir.op import Op


@attributed
class Window(Op):
    name = "window"
    unit: ClassVar[int] = 7
    start: int
    step: int = 2


@attributed
class Framed(Window):
    name = "framed"
    pad: float = 0.5
    step: int = 3


def held(op: Any) -> dict[str, Any]:
    return {name: getattr(op, name) for name in op.attributes}


def test_annotations_are_declared_in_order_after_those_of_the_base() -> None:
    assert Window.attributes == {
        "start": Attribute("int", REQUIRED),
        "step": Attribute("int", 2),
    }
    assert list(Framed.attributes.items()) == [
        ("start", Attribute("int", REQUIRED)),
        ("step", Attribute("int", 3)),
        ("pad", Attribute("float", 0.5)),
    ]
    assert Op.attributes == {}


@pytest.mark.parametrize(
    "op, expected",
    [
        (Window(4), {"start": 4, "step": 2}),
        (Window(4, 5), {"start": 4, "step": 5}),
        (Window(step=5, start=4), {"start": 4, "step": 5}),
        (Framed(4, pad=1.5), {"start": 4, "step": 3, "pad": 1.5}),
    ],
    ids=repr,
)
def test_they_are_given_by_place_and_by_name(op: Op, expected: dict[str, Any]) -> None:
    assert held(op) == expected
    assert repr(op) == f"{type(op).__name__}({', '.join(f'{k}={v}' for k, v in expected.items())})"


@pytest.mark.parametrize(
    "given, named, text",
    [
        ((), {}, "window needs the attribute 'start'"),
        ((), {"step": 5}, "window needs the attribute 'start'"),
        ((4,), {"stop": 9}, "window has no attribute 'stop'; its attributes are: start, step"),
        ((), {"stop": 9}, "window has no attribute 'stop'; its attributes are: start, step"),
        ((4, 5, 6), {}, "window cannot take 3 attributes; its attributes are: start, step"),
        ((4, 5), {"start": 6}, "window gets the attribute 'start' twice: 4 and 6"),
    ],
)
def test_what_does_not_fit_is_refused(
    given: tuple[int, ...], named: dict[str, int], text: str
) -> None:
    make: Any = Window
    with pytest.raises(IRError) as caught:
        make(*given, **named)
    assert str(caught.value) == text


def test_they_are_compared_and_hashed_by_value_and_class() -> None:
    same = [Window(4, 5), Window(start=4, step=5), Window(step=5, start=4)]
    assert len(set(same)) == 1
    assert len({Window(4, 5), Window(5, 4), Framed(4, 5), Framed(4, 5, 0.25)}) == 4
    assert Window(4, 3) != Framed(4, 3)
    assert Window(4) != (4, 2)


def test_they_never_change() -> None:
    op: Any = Window(4)
    text = "Window.start cannot change: an op's attributes are fixed; make another Window"
    with pytest.raises(AttributeError, match=text):
        op.start = 9
    with pytest.raises(AttributeError, match=text):
        del op.start
    assert held(op) == {"start": 4, "step": 2}


def test_copies_and_pickles_are_equal() -> None:
    op = Framed(4, pad=1.5)
    for again in (copy.copy(op), copy.deepcopy(op), pickle.loads(pickle.dumps(op))):
        assert again == op
        assert hash(again) == hash(op)


def test_a_class_may_write_a_method_itself() -> None:
    @attributed
    class Loud(Window):
        def __repr__(self) -> str:
            return f"LOUD {self.start}"

    assert repr(Loud(4)) == "LOUD 4"
    assert Loud(4) == Loud(4, 2)


def test_attrs_leaves_defaults_out() -> None:
    assert dict(Framed(4, pad=1.5).attrs()) == {"start": 4, "pad": 1.5}
