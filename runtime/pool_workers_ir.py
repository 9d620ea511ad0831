"""The pool's threads as LLVM IR: their slots, how they wait, work, start, and vanish in a forked child.

`pool_ir` puts the pieces together and fills in the names that begin with a dollar sign.
"""

from __future__ import annotations

STATE = """
$declare_pause
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_detach(i64)
declare i32 @pthread_sigmask(i32, ptr, ptr)
declare i32 @$atfork(ptr, ptr, ptr, ptr)
declare i32 @sched_yield()
declare i32 @sched_getaffinity(i32, i64, ptr)
declare i32 @clock_gettime(i32, ptr)
declare i64 @syscall(i64, ...)
declare i64 @llvm.ctpop.i64(i64)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)

; A slot: the ticket, then whether its worker sleeps. Two cache lines, because lines are fetched in pairs.
%slot = type { i32, i32, [120 x i8] }
@slots = internal global [$slots x %slot] zeroinitializer, align 128
@left = internal global i32 0, align 128
@busy = internal global i32 0, align 128
@threads = internal global i64 0, align 128
@started = internal global i64 0
@guarded = internal global i32 0
@function = internal global ptr null
@argument = internal global ptr null
@parts = internal global i64 0
"""

WAITING = """
define internal i64 @now() {
  %time = alloca { i64, i64 }
  %failed = call i32 @clock_gettime(i32 1, ptr %time)
  %seconds = load i64, ptr %time
  %rest.p = getelementptr { i64, i64 }, ptr %time, i32 0, i32 1
  %rest = load i64, ptr %rest.p
  %whole = mul i64 %seconds, 1000000000
  %all = add i64 %whole, %rest
  ret i64 %all
}

define internal void @sleep_while(ptr %word, i32 %value) noinline {
  %r = call i64 (i64, ...) @syscall(i64 $futex, ptr %word, i32 128, i32 %value, ptr null, ptr null, i32 0)
  ret void
}

define internal void @wake_one(ptr %word) noinline {
  %r = call i64 (i64, ...) @syscall(i64 $futex, ptr %word, i32 129, i32 1, ptr null, ptr null, i32 0)
  ret void
}

; Wait, in a running region, until a word differs from a value: others need the processor if that takes long.
define internal void @spin_while(ptr %word, i32 %value) {
start:
  br label %look
look:
  %k = phi i32 [0, %start], [%next, %pause], [%next, %yield]
  %found = load atomic i32, ptr %word acquire, align 4
  %same = icmp eq i32 %found, %value
  br i1 %same, label %pause, label %done
pause:
  $pause
  %next = add i32 %k, 1
  %low = and i32 %next, 63
  %long = icmp eq i32 %low, 0
  br i1 %long, label %yield, label %look
yield:
  %r = call i32 @sched_yield()
  br label %look
done:
  ret void
}
"""

WORKER = """
; The next ticket after %seen: spin for a while, then sleep.
define internal i32 @next_ticket(ptr %slot, i32 %seen) {
start:
  %begun = call i64 @now()
  br label %look
look:
  %k = phi i32 [0, %start], [%next, %pause], [%next, %clock]
  %ticket = load atomic i32, ptr %slot acquire, align 4
  %new = icmp ne i32 %ticket, %seen
  br i1 %new, label %awake, label %pause
pause:
  $pause
  %next = add i32 %k, 1
  %low = and i32 %next, 63
  %ask = icmp eq i32 %low, 0
  br i1 %ask, label %clock, label %look
clock:
  ; Whoever has the work may be waiting for this very core.
  %r = call i32 @sched_yield()
  %time = call i64 @now()
  %spent = sub i64 %time, %begun
  %enough = icmp sgt i64 %spent, $spin
  br i1 %enough, label %bed, label %look
awake:
  ret i32 %ticket
bed:
  %sleeping = getelementptr %slot, ptr %slot, i32 0, i32 1
  ; The caller writes the ticket and then asks who sleeps; this writes that it sleeps and then asks for the ticket.
  store atomic i32 1, ptr %sleeping seq_cst, align 4
  br label %check
check:
  %late = load atomic i32, ptr %slot seq_cst, align 4
  %came = icmp ne i32 %late, %seen
  br i1 %came, label %up, label %sleep
sleep:
  call void @sleep_while(ptr %slot, i32 %seen)
  br label %check
up:
  store atomic i32 0, ptr %sleeping seq_cst, align 4
  ret i32 %late
}

define internal ptr @worker(ptr %number) {
start:
  %part = ptrtoint ptr %number to i64
  %slot = getelementptr [$slots x %slot], ptr @slots, i64 0, i64 %part
  br label %loop
loop:
  %seen = phi i32 [0, %start], [%ticket, %loop]
  %ticket = call i32 @next_ticket(ptr %slot, i32 %seen)
  %function = load ptr, ptr @function
  %argument = load ptr, ptr @argument
  %parts = load i64, ptr @parts
  call void %function(ptr %argument, i64 %part, i64 %parts)
  %before = atomicrmw sub ptr @left, i32 1 release
  br label %loop
}
"""

START = """
; A child has none of its parent's threads, and nobody in it is inside a region.
define internal void @forked() {
  store i64 0, ptr @started
  store i32 0, ptr @busy
  store i32 0, ptr @left
  call void @llvm.memset.p0.i64(ptr @slots, i8 0, i64 $slots_bytes, i1 false)
  ret void
}

; Be told of forks. A fork that has begun already goes by what was so when it began, so this is called before there is
; anything to be told of: when the pool is brought into a process, and, for those who do not, before its first region.
; Twice does no harm.
define void @tapeout_pool_prepare() {
start:
  %guarded = load atomic i32, ptr @guarded monotonic, align 4
  %done = icmp ne i32 %guarded, 0
  br i1 %done, label %prepared, label %watch
watch:
  %w = call i32 @$atfork(ptr null, ptr null, ptr @forked, ptr null)
  store atomic i32 1, ptr @guarded release, align 4
  br label %prepared
prepared:
  ret void
}

define internal i64 @cores() {
start:
  %mask = alloca [128 x i64]
  call void @llvm.memset.p0.i64(ptr %mask, i8 0, i64 1024, i1 false)
  %failed = call i32 @sched_getaffinity(i32 0, i64 1024, ptr %mask)
  br label %loop
loop:
  %i = phi i64 [0, %start], [%next, %loop]
  %sum = phi i64 [0, %start], [%sum1, %loop]
  %word.p = getelementptr [128 x i64], ptr %mask, i64 0, i64 %i
  %word = load i64, ptr %word.p
  %bits = call i64 @llvm.ctpop.i64(i64 %word)
  %sum1 = add i64 %sum, %bits
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 128
  br i1 %more, label %loop, label %done
done:
  %none = icmp eq i64 %sum1, 0
  %some = select i1 %none, i64 1, i64 %sum1
  %many = icmp ugt i64 %some, $slots
  %count = select i1 %many, i64 $slots, i64 %some
  ret i64 %count
}

define void @tapeout_pool_set_threads(i64 %count) {
  store atomic i64 %count, ptr @threads monotonic, align 8
  ret void
}

define i64 @tapeout_pool_get_threads() {
  %set = load atomic i64, ptr @threads monotonic, align 8
  %unset = icmp eq i64 %set, 0
  br i1 %unset, label %ask, label %known
known:
  ret i64 %set
ask:
  %count = call i64 @cores()
  ; Somebody may set the number right now, and that counts.
  %swap = cmpxchg ptr @threads, i64 0, i64 %count monotonic monotonic
  %before = extractvalue { i64, i1 } %swap, 0
  %won = extractvalue { i64, i1 } %swap, 1
  %result = select i1 %won, i64 %count, i64 %before
  ret i64 %result
}

; Start workers up to number %last, with all signals blocked: signals are for the program's own threads.
define internal void @start_workers(i64 %last) noinline {
start:
  %thread = alloca i64
  %blocked = alloca [128 x i8]
  %saved = alloca [128 x i8]
  call void @llvm.memset.p0.i64(ptr %blocked, i8 -1, i64 128, i1 false)
  %b = call i32 @pthread_sigmask(i32 2, ptr %blocked, ptr %saved)
  br label %loop
loop:
  %up = load i64, ptr @started
  %more = icmp slt i64 %up, %last
  br i1 %more, label %create, label %restore
create:
  %number = add i64 %up, 1
  %number.p = inttoptr i64 %number to ptr
  %failed = call i32 @pthread_create(ptr %thread, ptr null, ptr @worker, ptr %number.p)
  %ok = icmp eq i32 %failed, 0
  br i1 %ok, label %created, label %restore
created:
  %id = load i64, ptr %thread
  %d = call i32 @pthread_detach(i64 %id)
  store i64 %number, ptr @started
  br label %loop
restore:
  %r = call i32 @pthread_sigmask(i32 2, ptr %saved, ptr null)
  ret void
}
"""
