"""Many steps of a program in a row, as LLVM IR: bring the rows, run, keep the loss, go on.

All parts of a region go through the steps together and meet twice in each: when the rows are there, and when the step
is done. Addresses that last are external symbols; what a run is asked is in a record that begins with the barrier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import Template

from .gather_ir import GATHER_SHARE, GATHER_SHARE_IR, rows_ahead
from .pool_ir import BARRIER, BARRIER_BYTES, RUN

EPOCHS = "tapeout_epochs"
STEP, TABLE = "tapeout_step", "tapeout_table"
LOSS, FAILED, STOP = "tapeout_loss", "tapeout_failed", "tapeout_stop"

# The words of the record after the barrier; then, for each input, base and index.
FIRST, LAST, LOSSES, RAN, OVER, ROWS = range(6)


@dataclass(frozen=True)
class Feed:
    """An input as the code sees it."""

    row_bytes: int
    table_index: int


def buffer_symbol(index: int) -> str:
    """Where the gathered rows of input number `index` go."""
    return f"tapeout_buffer{index}"


def epochs_ir(feeds: Sequence[Feed], batch: int, parts: int, loss_bytes: int) -> str:
    """The module that runs steps of `batch` rows on up to `parts` threads."""
    return "".join(
        [
            _DECLARATIONS,
            *(f"@{buffer_symbol(i)} = external global i8\n" for i in range(len(feeds))),
            GATHER_SHARE_IR,
            *(_bring(i, feed, batch) for i, feed in enumerate(feeds)),
            Template(_STEPS).substitute(
                bring="".join(
                    f"  call void @bring{i}(ptr %run, i64 %s, i64 %part, i64 %parts)\n"
                    for i in range(len(feeds))
                ),
                loss_bytes=loss_bytes,
            ),
            Template(_EPOCHS).substitute(run=_ALONE if parts == 1 else _together(parts)),
        ]
    )


_DECLARATIONS = f"""
@{TABLE} = external global ptr
@{LOSS} = external global i8
@{FAILED} = external global i64
@{STOP} = external global i64
declare void @{STEP}(ptr, i64, i64, ptr)
declare void @{RUN}(ptr, ptr, i64)
declare void @{BARRIER}(ptr, i64)
"""


def _word(number: int) -> str:
    """The address of a word of the record."""
    return f"getelementptr i8, ptr %run, i64 {BARRIER_BYTES + 8 * number}"


def _bring(number: int, feed: Feed, batch: int) -> str:
    """`@bring<i>`: the rows of a step where the program looks for them; copied only if an index scatters them."""
    return f"""
define internal void @bring{number}(ptr %run, i64 %s, i64 %part, i64 %parts) {{
  %base.p = {_word(ROWS + 2 * number)}
  %base = load ptr, ptr %base.p
  %index.p = {_word(ROWS + 2 * number + 1)}
  %index = load ptr, ptr %index.p
  %row = mul i64 %s, {batch}
  %scattered = icmp ne ptr %index, null
  br i1 %scattered, label %copy, label %point
copy:
  %chosen = getelementptr i64, ptr %index, i64 %row
  call void @{GATHER_SHARE}(ptr %base, ptr %chosen, ptr @{buffer_symbol(number)},
    i64 {feed.row_bytes}, i64 {rows_ahead(feed.row_bytes)}, i64 {batch}, i64 %part, i64 %parts)
  br label %brought
point:
  %offset = mul i64 %row, {feed.row_bytes}
  %there = getelementptr i8, ptr %base, i64 %offset
  br label %brought
brought:
  %data = phi ptr [@{buffer_symbol(number)}, %copy], [%there, %point]
  %first = icmp eq i64 %part, 0
  br i1 %first, label %tell, label %done
tell:
  %to = getelementptr ptr, ptr @{TABLE}, i64 {feed.table_index}
  store ptr %data, ptr %to
  br label %done
done:
  ret void
}}
"""


# Part 0 alone says whether it is over, between the end of a step and the meeting in the next, after which all look.
_STEPS = f"""
define internal void @steps(ptr %run, i64 %part, i64 %parts) {{
start:
  %first.p = {_word(FIRST)}
  %first = load i64, ptr %first.p
  %last.p = {_word(LAST)}
  %last = load i64, ptr %last.p
  %losses.p = {_word(LOSSES)}
  %losses = load ptr, ptr %losses.p
  %ran.p = {_word(RAN)}
  %over.p = {_word(OVER)}
  %some = icmp slt i64 %first, %last
  br i1 %some, label %loop, label %done
loop:
  %s = phi i64 [%first, %start], [%next, %onward]
$bring  call void @{BARRIER}(ptr %run, i64 %parts)
  %over = load i64, ptr %over.p
  %goes.on = icmp eq i64 %over, 0
  br i1 %goes.on, label %go, label %done
go:
  call void @{STEP}(ptr @{TABLE}, i64 %part, i64 %parts, ptr %run)
  call void @{BARRIER}(ptr %run, i64 %parts)
  %next = add i64 %s, 1
  %leads = icmp eq i64 %part, 0
  br i1 %leads, label %account, label %onward
account:
  %loss.offset = mul i64 %s, $loss_bytes
  %loss.p = getelementptr i8, ptr %losses, i64 %loss.offset
  call void @llvm.memcpy.p0.p0.i64(ptr %loss.p, ptr @{LOSS}, i64 $loss_bytes, i1 false)
  %ran = sub i64 %next, %first
  store i64 %ran, ptr %ran.p
  %failed = load i64, ptr @{FAILED}
  %stop = load atomic i64, ptr @{STOP} monotonic, align 8
  %end = or i64 %failed, %stop
  store i64 %end, ptr %over.p
  br label %onward
onward:
  %more = icmp slt i64 %next, %last
  br i1 %more, label %loop, label %done
done:
  ret void
}}
"""

_EPOCHS = f"""
define i64 @{EPOCHS}(ptr %run) {{
  %over.p = {_word(OVER)}
  %stop = load atomic i64, ptr @{STOP} monotonic, align 8
  store i64 %stop, ptr %over.p
  $run
  %ran.p = {_word(RAN)}
  %ran = load i64, ptr %ran.p
  ret i64 %ran
}}
"""

_ALONE = "call void @steps(ptr %run, i64 0, i64 1)"


def _together(parts: int) -> str:
    return f"call void @{RUN}(ptr @steps, ptr %run, i64 {parts})"
