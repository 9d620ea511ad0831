"""Turns: one thread at a time, and nobody waits for himself."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tapeout.runtime.turns import Turn


def test_work_is_done_and_its_result_returned() -> None:
    turn = Turn()
    assert turn.spend(lambda: turn.is_taken)
    assert not turn.is_taken


def test_threads_wait_for_each_other() -> None:
    turn, inside, most = Turn(), [0], [0]

    def work() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.001)
        inside[0] -= 1

    threads = [
        threading.Thread(target=lambda: [turn.spend(work) for _ in range(10)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == [1]
    assert not turn.is_taken


def test_a_turn_inside_a_turn_is_refused_and_the_outer_one_goes_on() -> None:
    turn = Turn()

    def work() -> str:
        with pytest.raises(
            RuntimeError, match="by something that interrupted a call of it, such as"
        ):
            turn.spend(lambda: "inner")
        assert turn.is_taken
        return "outer"

    assert turn.spend(work) == "outer"
    assert turn.spend(lambda: "later") == "later"


def test_what_is_raised_ends_the_turn() -> None:
    turn = Turn()
    with pytest.raises(KeyboardInterrupt):
        turn.spend(lambda: (_ for _ in ()).throw(KeyboardInterrupt()))
    assert not turn.is_taken
    assert turn.spend(lambda: 3) == 3


@pytest.mark.parametrize("event", ["call", "c_return"])
def test_an_interrupt_leaves_no_turn_taken(event: str) -> None:
    """Python looks for one when it begins a function of its own, and when one that is not its own has returned."""
    turn = Turn()
    turn.spend(lambda: None)
    for moment in range(40):
        left = [moment]

        def interrupt(frame: Any, kind: str, _: Any, left: list[int] = left) -> None:
            if kind == event and Path(frame.f_code.co_filename).parent.name == "runtime":
                left[0] -= 1
                if left[0] < 0:
                    raise KeyboardInterrupt

        try:
            sys.setprofile(interrupt)
            turn.spend(lambda: sorted([3, 2]))
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(None)
        assert not turn.is_taken, moment
        if left[0] >= 0:
            break
    assert 1 <= moment < 39
