"""The pool as its callers see it, in LLVM IR: regions, barriers inside them, locks, and all of it without threads.

`pool_ir` puts the pieces together and fills in the names that begin with a dollar sign.
"""

from __future__ import annotations

RUNNING = """
define internal void @raise_tickets(i64 %parts) {
start:
  br label %loop
loop:
  %i = phi i64 [1, %start], [%next, %step]
  %slot = getelementptr [$slots x %slot], ptr @slots, i64 0, i64 %i
  %ticket = load i32, ptr %slot
  %new = add i32 %ticket, 1
  store atomic i32 %new, ptr %slot seq_cst, align 4
  %sleeping.p = getelementptr %slot, ptr %slot, i32 0, i32 1
  %sleeping = load atomic i32, ptr %sleeping.p seq_cst, align 4
  %asleep = icmp ne i32 %sleeping, 0
  br i1 %asleep, label %wake, label %step
wake:
  call void @wake_one(ptr %slot)
  br label %step
step:
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %parts
  br i1 %more, label %loop, label %done
done:
  ret void
}

; How many parts there can be, with that many threads up. Only for the one who has the pool.
define internal i64 @staff(i64 %parts) {
start:
  %set = call i64 @tapeout_pool_get_threads()
  %few = icmp slt i64 %parts, %set
  %wanted = select i1 %few, i64 %parts, i64 %set
  %last = sub i64 %wanted, 1
  %up = load i64, ptr @started
  %enough = icmp sge i64 %up, %last
  br i1 %enough, label %ready, label %hire
hire:
  call void @start_workers(i64 %last)
  br label %ready
ready:
  %now = load i64, ptr @started
  %staff = add i64 %now, 1
  %lack = icmp slt i64 %staff, %wanted
  %count = select i1 %lack, i64 %staff, i64 %wanted
  ret i64 %count
}

define internal void @wait_for_workers() {
start:
  br label %look
look:
  %left = load atomic i32, ptr @left acquire, align 4
  %none = icmp eq i32 %left, 0
  br i1 %none, label %done, label %wait
wait:
  call void @spin_while(ptr @left, i32 %left)
  br label %look
done:
  ret void
}

define void @tapeout_pool_run(ptr %function, ptr %argument, i64 %parts) {
start:
  %single = icmp sle i64 %parts, 1
  br i1 %single, label %alone, label %ask
ask:
  call void @tapeout_pool_prepare()
  %taken = atomicrmw xchg ptr @busy, i32 1 acquire
  %free = icmp eq i32 %taken, 0
  br i1 %free, label %mine, label %alone
alone:
  call void %function(ptr %argument, i64 0, i64 1)
  ret void
mine:
  %count = call i64 @staff(i64 %parts)
  %several = icmp sgt i64 %count, 1
  br i1 %several, label %together, label %by_myself
by_myself:
  store atomic i32 0, ptr @busy release, align 4
  br label %alone
together:
  store ptr %function, ptr @function
  store ptr %argument, ptr @argument
  store i64 %count, ptr @parts
  %workers = sub i64 %count, 1
  %workers32 = trunc i64 %workers to i32
  store atomic i32 %workers32, ptr @left monotonic, align 4
  call void @raise_tickets(i64 %count)
  call void %function(ptr %argument, i64 0, i64 %count)
  call void @wait_for_workers()
  store atomic i32 0, ptr @busy release, align 4
  ret void
}
"""

BARRIERS = """
; Nobody leaves before all have come. The last to come opens the next round.
define void @tapeout_pool_barrier(ptr %barrier, i64 %parts) {
start:
  %single = icmp sle i64 %parts, 1
  br i1 %single, label %done, label %arrive
arrive:
  %round.p = getelementptr i8, ptr %barrier, i64 64
  %round = load atomic i32, ptr %round.p monotonic, align 4
  %before = atomicrmw add ptr %barrier, i32 1 acq_rel
  %parts32 = trunc i64 %parts to i32
  %here = add i32 %before, 1
  %last = icmp eq i32 %here, %parts32
  br i1 %last, label %open, label %wait
open:
  store atomic i32 0, ptr %barrier monotonic, align 4
  %next = add i32 %round, 1
  store atomic i32 %next, ptr %round.p release, align 4
  ret void
wait:
  call void @spin_while(ptr %round.p, i32 %round)
  ret void
done:
  ret void
}
"""

LOCKS = """
; A lock is four zeroed bytes: 0 free, 1 taken, 2 taken and somebody sleeps for it.
define void @tapeout_pool_lock(ptr %lock) {
start:
  %swap = cmpxchg ptr %lock, i32 0, i32 1 acquire monotonic
  %got = extractvalue { i32, i1 } %swap, 1
  br i1 %got, label %mine, label %try
try:
  %was = atomicrmw xchg ptr %lock, i32 2 acquire
  %free = icmp eq i32 %was, 0
  br i1 %free, label %mine, label %sleep
sleep:
  call void @sleep_while(ptr %lock, i32 2)
  br label %try
mine:
  ret void
}

define void @tapeout_pool_unlock(ptr %lock) {
  %was = atomicrmw xchg ptr %lock, i32 0 release
  %waited = icmp eq i32 %was, 2
  br i1 %waited, label %wake, label %done
wake:
  call void @wake_one(ptr %lock)
  br label %done
done:
  ret void
}
"""

SERIAL = """
define void @tapeout_pool_run(ptr %function, ptr %argument, i64 %parts) {
  call void %function(ptr %argument, i64 0, i64 1)
  ret void
}
define void @tapeout_pool_barrier(ptr %barrier, i64 %parts) {
  ret void
}
define void @tapeout_pool_set_threads(i64 %count) {
  ret void
}
define i64 @tapeout_pool_get_threads() {
  ret i64 1
}
define void @tapeout_pool_prepare() {
  ret void
}
define void @tapeout_pool_lock(ptr %lock) {
start:
  br label %try
try:
  %was = atomicrmw xchg ptr %lock, i32 1 acquire
  %free = icmp eq i32 %was, 0
  br i1 %free, label %mine, label %try
mine:
  ret void
}
define void @tapeout_pool_unlock(ptr %lock) {
  store atomic i32 0, ptr %lock release, align 4
  ret void
}
"""
