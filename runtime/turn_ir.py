"""Turns as LLVM IR: a lock that knows which thread holds it, so that nobody waits for itself.

A turn is two zeroed words: the lock of the pool (of which it takes four bytes), and the thread that holds it, or 0.
"""

from __future__ import annotations

from .pool_ir import LOCK, UNLOCK

TRY, TAKE, GIVE = "tapeout_turn_try", "tapeout_turn_take", "tapeout_turn_give"
TURN_EXPORTS = (TRY, TAKE, GIVE)
WORDS = 2
THREAD = "PyThread_get_thread_ident"

# What `TRY` answers: the turn is the caller's now, it is another thread's, it has been the caller's all along.
TAKEN, BUSY, NESTED = 0, 1, 2

TURN_IR = f"""
declare void @{LOCK}(ptr)
declare void @{UNLOCK}(ptr)
declare i64 @{THREAD}()

define i64 @{TRY}(ptr %turn) {{
  %me = call i64 @{THREAD}()
  %holder.p = getelementptr i64, ptr %turn, i64 1
  %swap = cmpxchg ptr %turn, i32 0, i32 1 acquire monotonic
  %got = extractvalue {{ i32, i1 }} %swap, 1
  br i1 %got, label %taken, label %held
taken:
  store atomic i64 %me, ptr %holder.p monotonic, align 8
  ret i64 {TAKEN}
held:
  %holder = load atomic i64, ptr %holder.p monotonic, align 8
  %mine = icmp eq i64 %holder, %me
  %answer = select i1 %mine, i64 {NESTED}, i64 {BUSY}
  ret i64 %answer
}}

define void @{TAKE}(ptr %turn) {{
  call void @{LOCK}(ptr %turn)
  %me = call i64 @{THREAD}()
  %holder.p = getelementptr i64, ptr %turn, i64 1
  store atomic i64 %me, ptr %holder.p monotonic, align 8
  ret void
}}

; By a thread that does not hold it: nothing.
define void @{GIVE}(ptr %turn) {{
  %me = call i64 @{THREAD}()
  %holder.p = getelementptr i64, ptr %turn, i64 1
  %holder = load atomic i64, ptr %holder.p monotonic, align 8
  %mine = icmp eq i64 %holder, %me
  br i1 %mine, label %give, label %done
give:
  store atomic i64 0, ptr %holder.p monotonic, align 8
  call void @{UNLOCK}(ptr %turn)
  br label %done
done:
  ret void
}}
"""
