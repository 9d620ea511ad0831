"""The Mersenne Twister's words in native code, and the units of [0, 1) that they hold.

A kernel asks for many words at a time. They come out of loops that LLVM makes vectors of, into memory of the kernel's
own; what is made of them are vectors again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir as ll
from numba.core import cgutils

from ....ir.random.mersenne import KEY_WORDS, POSITION
from ..vector.real import DOUBLE, Format, Real, repeated, shaped

I32, I64 = ll.IntType(32), ll.IntType(64)
Value = Any

MIDDLE = 397
UPPER, LOWER, MATRIX = 0x8000_0000, 0x7FFF_FFFF, 0x9908_B0DF


def draw_words(builder: Any, state: Value, target: Value, count: Value) -> None:
    """Write the next `count` words of a state to memory; the state moves on."""
    name = "mersenne_words"
    function = builder.module.globals.get(name) or _words_function(builder.module, name)
    builder.call(function, [state, target, count])


def counted(
    builder: Any, start: Value, stop: Value, body: Callable[[Value], None], step: int = 1
) -> None:
    """Run `body(index)` for start, start + step, ... below stop. The code stays short: the loops are, too."""
    before, test, inside, after = builder.block, *(builder.append_basic_block() for _ in range(3))
    builder.branch(test)
    builder.position_at_end(test)
    index = builder.phi(I64)
    index.add_incoming(start, before)
    builder.cbranch(builder.icmp_signed("<", index, stop), inside, after)
    builder.position_at_end(inside)
    body(index)
    index.add_incoming(builder.add(index, I64(step)), builder.block)
    builder.branch(test).set_metadata("llvm.loop", _kept_short(builder.module))
    builder.position_at_end(after)


def _kept_short(module: Any) -> Any:
    """The name of a loop that LLVM may make vectors of, but not unroll; such a name begins with itself."""
    wishes = [["llvm.loop.unroll.disable"], ["llvm.loop.interleave.count", I32(1)]]
    nodes = [module.add_metadata(wish) for wish in wishes]
    name = ll.values.MDValue(module, [], name=str(len(module.metadata)))
    name.operands = (name, *nodes)
    return name


def own_words(builder: Any, count: int) -> Value:
    """Memory for words that lasts as long as the kernel runs."""
    return cgutils.alloca_once(builder, I32, count)


def integers(builder: Any, words: Value, each: int, lanes: int) -> Value:
    """A vector of single words (`each` is 1), or of longs: two words, the first on top."""
    kind = shaped(ll.IntType(32 * each), lanes)
    raw = builder.load(builder.bitcast(words, kind.as_pointer()))
    raw.align = 4
    if each == 1:
        return raw
    half = repeated(I64, lanes, 32)
    return builder.or_(builder.shl(raw, half), builder.lshr(raw, half))


def words_in(format: Format) -> int:
    """How many words a unit takes."""
    return 2 if format is DOUBLE else 1


def unit_integers(builder: Any, words: Value, format: Format, lanes: int) -> Value:
    """Units as whole numbers below 2²⁴ or 2⁵³."""
    each = words_in(format)
    mask = repeated(ll.IntType(32 * each), lanes, 2 ** (format.digits + 1) - 1)
    return builder.and_(integers(builder, words, each, lanes), mask)


def unit(builder: Any, words: Value, format: Format, lanes: int) -> Real:
    """Samples of [0, 1)."""
    whole = unit_integers(builder, words, format, lanes)
    number = builder.sitofp(whole, shaped(format.scalar, lanes))
    return Real(builder, number, format, lanes) * 2.0 ** -(format.digits + 1)


def _words_function(module: Any, name: str) -> Any:
    """`void name(state, target, count)`: takes what is left of the key, twists the key, and so on."""
    word = I32.as_pointer()
    function = ll.Function(module, ll.FunctionType(ll.VoidType(), [word, word, I64]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    for pointer in function.args[:2]:
        pointer.add_attribute("noalias")
    builder = ll.IRBuilder(function.append_basic_block())
    _deliver(builder, *function.args)
    builder.ret_void()
    return function


def _deliver(builder: Any, state: Value, target: Value, count: Value) -> None:
    """Words are numbered from the beginning of the key; each further round of the loop twists it."""
    place = builder.gep(state, [I64(POSITION)])
    first = builder.zext(builder.load(place), I64)
    end = builder.add(first, count)
    rounds = builder.udiv(builder.add(end, I64(KEY_WORDS - 1)), I64(KEY_WORDS))

    def turn(number: Value) -> None:
        again = builder.icmp_signed(">", number, I64(0))
        with builder.if_then(again):
            _twist(builder, state)
        base = builder.mul(number, I64(KEY_WORDS))
        start = builder.select(again, base, first)
        stop = _least(builder, builder.add(base, I64(KEY_WORDS)), end)

        def hand_out(index: Value) -> None:
            raw = builder.load(builder.gep(state, [builder.sub(index, base)]))
            there = builder.gep(target, [builder.sub(index, first)])
            builder.store(_tempered(builder, raw), there)

        counted(builder, start, stop, hand_out)

    counted(builder, I64(0), rounds, turn)
    before = builder.select(
        builder.icmp_signed(">", rounds, I64(0)), builder.sub(rounds, I64(1)), I64(0)
    )
    position = builder.sub(end, builder.mul(before, I64(KEY_WORDS)))
    builder.store(builder.trunc(position, I32), place)


def _twist(builder: Any, state: Value) -> None:
    """The next key, in place. Within each of the loops a word needs none that the loop made just before."""
    turning = KEY_WORDS - MIDDLE

    def renew(far: int) -> Callable[[Value], None]:
        return lambda index: _renew(builder, state, index, 1, far)

    counted(builder, I64(0), I64(turning), renew(MIDDLE))
    counted(builder, I64(turning), I64(KEY_WORDS - 1), renew(-turning))
    _renew(builder, state, I64(KEY_WORDS - 1), 1 - KEY_WORDS, -turning)


def _renew(builder: Any, state: Value, index: Value, following: int, far: int) -> None:
    here, after, other = (
        builder.gep(state, [builder.add(index, I64(offset))]) for offset in (0, following, far)
    )
    upper = builder.and_(builder.load(here), I32(UPPER))
    mixed = builder.or_(upper, builder.and_(builder.load(after), I32(LOWER)))
    odd = builder.sub(I32(0), builder.and_(mixed, I32(1)))
    turned = builder.xor(builder.lshr(mixed, I32(1)), builder.and_(odd, I32(MATRIX)))
    builder.store(builder.xor(builder.load(other), turned), here)


def _tempered(builder: Any, word: Value) -> Value:
    word = builder.xor(word, builder.lshr(word, I32(11)))
    word = builder.xor(word, builder.and_(builder.shl(word, I32(7)), I32(0x9D2C_5680)))
    word = builder.xor(word, builder.and_(builder.shl(word, I32(15)), I32(0xEFC6_0000)))
    return builder.xor(word, builder.lshr(word, I32(18)))


def _least(builder: Any, x: Value, y: Value) -> Value:
    return builder.select(builder.icmp_signed("<", x, y), x, y)
