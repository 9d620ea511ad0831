"""Run a program many times over rows of data without going back to Python in between.

A program is `void step(ptr* table, i64 part, i64 parts, ptr barrier)`. For each step some entries of its table are
pointed at the next rows: in place where the data is taken in order, else at a buffer into which the rows that an index
names are gathered. All of it, gathering too, runs on the threads of one region of the pool, and Python's lock is
released. The lock given is the program's: whoever else runs the program waits meanwhile.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..aligned import arena
from .assemble import assemble
from .epochs_ir import (
    EPOCHS,
    FAILED,
    FIRST,
    LAST,
    LOSS,
    LOSSES,
    ROWS,
    STEP,
    STOP,
    TABLE,
    Feed,
    buffer_symbol,
    epochs_ir,
)
from .gather import check_index, row_bytes_of
from .loader import load
from .pool import symbols
from .pool_ir import BARRIER_BYTES

Array = np.ndarray[Any, Any]

_NOTHING = np.zeros(1, np.int64)


@dataclass(frozen=True)
class RowSource:
    """An input of the program that is fed with rows: their size, its place in the table, the buffer for a batch."""

    row_bytes: int
    table_index: int
    buffer: int


@dataclass(frozen=True)
class Rows:
    """The data of an input: all rows, and the order to take them in, if it is not the one they lie in."""

    base: Array
    index: Array | None = None


@dataclass(frozen=True)
class Loss:
    """What is kept of each step: so many bytes at an address."""

    address: int
    size: int


class Epochs:
    """A program that runs for many steps in a row."""

    def __init__(
        self,
        run: Any,
        inputs: tuple[RowSource, ...],
        batch: int,
        loss: Loss,
        keep: Sequence[object],
    ) -> None:
        self.inputs = inputs
        self.batch = batch
        self._run = run
        self._loss = loss
        self._keep = list(keep)

    def run(self, rows: Sequence[Rows], first: int, last: int, losses: Array | None = None) -> int:
        """Run the steps from `first` up to, not including, `last`; how many have run.

        Step s takes the rows s * batch and following of each input and leaves its loss in losses[s]. It is the last one
        if it fails, or if the stop word is set.
        """
        if not 0 <= first <= last:
            raise ValueError(f"there are no steps from {first} to {last}; count up from 0")
        if len(rows) != len(self.inputs):
            raise ValueError(f"{len(self.inputs)} inputs need data, but {len(rows)} were given")
        for number, (source, given) in enumerate(zip(self.inputs, rows, strict=True)):
            self._check_rows(number, source, given, first * self.batch, last * self.batch)
        self._check_losses(losses, last)
        record = self._record(rows, first, last, losses)
        return int(self._run(record.ctypes.data))

    def _record(self, rows: Sequence[Rows], first: int, last: int, losses: Array | None) -> Array:
        record = arena(BARRIER_BYTES + 8 * (ROWS + 2 * len(rows)))
        record.fill(0)
        words = record[BARRIER_BYTES:].view(np.uint64)
        words[FIRST], words[LAST] = first, last
        words[LOSSES] = 0 if losses is None else losses.ctypes.data
        for number, given in enumerate(rows):
            words[ROWS + 2 * number] = given.base.ctypes.data
            words[ROWS + 2 * number + 1] = 0 if given.index is None else given.index.ctypes.data
        return record

    def _check_rows(
        self, number: int, source: RowSource, given: Rows, start: int, end: int
    ) -> None:
        row_bytes = row_bytes_of(given.base)
        if row_bytes != source.row_bytes:
            raise ValueError(
                f"input {number} takes rows of {source.row_bytes} bytes, not {row_bytes} "
                f"({given.base.dtype}{list(given.base.shape)})"
            )
        order: Sized = given.base if given.index is None else given.index
        if len(order) < end:
            raise ValueError(
                f"input {number} has {len(order)} rows, but {end} are needed: "
                f"batches of {self.batch} up to step {end // self.batch}"
            )
        if given.index is not None:
            check_index(given.index[start:end], len(given.base))

    def _check_losses(self, losses: Array | None, last: int) -> None:
        needed = last * self._loss.size
        given = 0 if losses is None else losses.nbytes
        if given < needed or (losses is not None and not losses.flags.carray):
            raise ValueError(
                f"the losses of {last} steps need a writable C-contiguous array of {needed} bytes "
                f"({self._loss.size} for each), not {given}"
            )


def make_epochs(
    step: int,
    inputs: Sequence[RowSource],
    table: Array,
    *,
    batch: int,
    parts: int = 1,
    loss: Loss | None = None,
    failed: int | None = None,
    stop: int | None = None,
    keep: Sequence[object] = (),
) -> Epochs:
    """The program at address `step`, with a table of its own, to be run for many steps of `batch` rows.

    `failed` and `stop` are addresses of int64 words: when one is not 0 after a step, that step was the last. `keep`
    must outlive the program. Whoever runs the steps does so in the program's turn.
    """
    inputs, kept = tuple(inputs), loss or Loss(_NOTHING.ctypes.data, 0)
    _check(inputs, table, batch, parts)
    feeds = [Feed(source.row_bytes, source.table_index) for source in inputs]
    imports = {
        **symbols(),
        **{buffer_symbol(i): source.buffer for i, source in enumerate(inputs)},
        STEP: step,
        TABLE: table.ctypes.data,
        LOSS: kept.address,
        FAILED: _NOTHING.ctypes.data if failed is None else failed,
        STOP: _NOTHING.ctypes.data if stop is None else stop,
    }
    library = load([assemble(epochs_ir(feeds, batch, parts, kept.size))], [EPOCHS], imports)
    run = library.function(EPOCHS, ctypes.c_int64, ctypes.c_void_p)
    return Epochs(run, inputs, batch, kept, [library, table, *keep])


def _check(inputs: Sequence[RowSource], table: Array, batch: int, parts: int) -> None:
    if batch < 1 or parts < 1:
        raise ValueError(f"steps of {batch} rows in {parts} parts cannot be run; 1 is the least")
    if table.dtype != np.uint64 or not table.flags.carray:
        raise ValueError(f"the table must be a contiguous array of uint64, not of {table.dtype}")
    for number, source in enumerate(inputs):
        if not 0 <= source.table_index < table.size:
            raise ValueError(
                f"input {number} is entry {source.table_index} of a table of {table.size} entries"
            )
        if source.row_bytes < 1:
            raise ValueError(f"input {number} has rows of {source.row_bytes} bytes; 1 is the least")
