"""Copying rows that lie anywhere to where they lie one after the other, as LLVM IR.

A row moves in vectors as wide as a cache line; with each, the line at the same place of a row that comes later is asked
for, because nothing but the index tells where that one is.
"""

from __future__ import annotations

LINE = 64
# How far ahead rows are asked for, in bytes. One row is the least.
AHEAD_BYTES = 2048

GATHER, GATHER_SHARE = "tapeout_gather", "gather_share"

# @gather_share copies rows part * rows / parts and following; inlined where the size of a row is known.
GATHER_SHARE_IR = f"""
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
declare i64 @llvm.umin.i64(i64, i64)

define internal void @copy_row(ptr %from, ptr %to, i64 %bytes, ptr %soon) alwaysinline {{
start:
  %short = icmp ult i64 %bytes, {LINE}
  br i1 %short, label %whole, label %lines
whole:
  call void @llvm.prefetch.p0(ptr %soon, i32 0, i32 3, i32 1)
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %bytes, i1 false)
  ret void
lines:
  %last = sub i64 %bytes, {LINE}
  br label %line
line:
  %at = phi i64 [0, %lines], [%next, %line]
  %soon.p = getelementptr i8, ptr %soon, i64 %at
  call void @llvm.prefetch.p0(ptr %soon.p, i32 0, i32 3, i32 1)
  %from.p = getelementptr i8, ptr %from, i64 %at
  %to.p = getelementptr i8, ptr %to, i64 %at
  %value = load <{LINE} x i8>, ptr %from.p, align 1
  store <{LINE} x i8> %value, ptr %to.p, align 1
  %next = add i64 %at, {LINE}
  %more = icmp ule i64 %next, %last
  br i1 %more, label %line, label %rest
rest:
  ; What is left, together with bytes that are there already.
  %from.last = getelementptr i8, ptr %from, i64 %last
  %to.last = getelementptr i8, ptr %to, i64 %last
  %ending = load <{LINE} x i8>, ptr %from.last, align 1
  store <{LINE} x i8> %ending, ptr %to.last, align 1
  ret void
}}

define internal ptr @row(ptr %base, ptr %index, i64 %i, i64 %bytes) alwaysinline {{
  %number.p = getelementptr i64, ptr %index, i64 %i
  %number = load i64, ptr %number.p
  %offset = mul i64 %number, %bytes
  %row = getelementptr i8, ptr %base, i64 %offset
  ret ptr %row
}}

define internal void @{GATHER_SHARE}(ptr %base, ptr %index, ptr %to, i64 %bytes, i64 %ahead,
                                  i64 %rows, i64 %part, i64 %parts) alwaysinline {{
start:
  %first.n = mul i64 %part, %rows
  %first = udiv i64 %first.n, %parts
  %part1 = add i64 %part, 1
  %end.n = mul i64 %part1, %rows
  %end = udiv i64 %end.n, %parts
  %last = sub i64 %end, 1
  %some = icmp ult i64 %first, %end
  br i1 %some, label %loop, label %done
loop:
  %i = phi i64 [%first, %start], [%next, %loop]
  %from = call ptr @row(ptr %base, ptr %index, i64 %i, i64 %bytes)
  %later = add i64 %i, %ahead
  %soon.i = call i64 @llvm.umin.i64(i64 %later, i64 %last)
  %soon = call ptr @row(ptr %base, ptr %index, i64 %soon.i, i64 %bytes)
  %offset = mul i64 %i, %bytes
  %to.p = getelementptr i8, ptr %to, i64 %offset
  call void @copy_row(ptr %from, ptr %to.p, i64 %bytes, ptr %soon)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %end
  br i1 %more, label %loop, label %done
done:
  ret void
}}
"""

# The request: base, index, to, bytes of a row, rows ahead, number of rows.
GATHER_IR = f"""
define void @{GATHER}(ptr %request, i64 %part, i64 %parts) {{
  %index.p = getelementptr i64, ptr %request, i64 1
  %to.p = getelementptr i64, ptr %request, i64 2
  %bytes.p = getelementptr i64, ptr %request, i64 3
  %ahead.p = getelementptr i64, ptr %request, i64 4
  %rows.p = getelementptr i64, ptr %request, i64 5
  %base = load ptr, ptr %request
  %index = load ptr, ptr %index.p
  %to = load ptr, ptr %to.p
  %bytes = load i64, ptr %bytes.p
  %ahead = load i64, ptr %ahead.p
  %rows = load i64, ptr %rows.p
  call void @{GATHER_SHARE}(ptr %base, ptr %index, ptr %to, i64 %bytes, i64 %ahead,
    i64 %rows, i64 %part, i64 %parts)
  ret void
}}
"""


def rows_ahead(row_bytes: int) -> int:
    """How many rows ahead of the one that is copied to ask for."""
    return max(1, -(-AHEAD_BYTES // row_bytes))
