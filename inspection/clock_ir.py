"""Reading the clock from compiled code: `now`, in LLVM IR. Nanoseconds of a clock that only goes forward."""

from __future__ import annotations

import time

NOW = f"""
declare i32 @clock_gettime(i32, ptr)
define internal i64 @now() noinline {{
  %time = alloca {{ i64, i64 }}
  %failed = call i32 @clock_gettime(i32 {time.CLOCK_MONOTONIC}, ptr %time)
  %seconds = load i64, ptr %time
  %rest.p = getelementptr {{ i64, i64 }}, ptr %time, i32 0, i32 1
  %rest = load i64, ptr %rest.p
  %whole = mul i64 %seconds, 1000000000
  %all = add i64 %whole, %rest
  ret i64 %all
}}
"""
LINES = 16
"""Words in two cache lines: threads that write side by side would disturb each other."""
