"""What differs between two Funcs: instructions are paired by what they compute, and names do not count.

The second Func is printed with the first one's names for the values that are the same; what remains is a difference.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterator, Sequence

from ..backends.cpu.kernel import canonical
from ..ir import Func, Instr, Value
from ..ir.passes.rewriter import operand_key
from ..ir.text.printer import attr_text, lines_of, printed_names

Names = dict[Value, str]
Pairs = dict[Value, Value]
"""For values of the second Func, those of the first."""
CONTEXT = 3


def diff(first: Func, second: Func, context: int = CONTEXT) -> list[str]:
    """The differing lines with some around them, as `diff -u` shows them; empty if both are the same program."""
    lines: list[str] = []
    for arguments in _arguments(first, second):
        lines = _compared(first, second, arguments, context)
        if not lines:
            break
    return lines


def _compared(first: Func, second: Func, arguments: Pairs, context: int) -> list[str]:
    names = printed_names(first)
    before = [line.text for line in lines_of(first)]
    named = _renamed(first, second, names, dict(arguments))
    after = [line.text for line in lines_of(second, names=named)]
    return list(difflib.unified_diff(before, after, n=context, lineterm=""))[2:]


def _renamed(first: Func, second: Func, names: Names, pairs: Pairs) -> Names:
    """What to call the second Func's values: as the first's counterparts, else not as any of the first's."""
    _pair(first.body, second.body, pairs)
    found = {mine: names[theirs] for mine, theirs in pairs.items()}
    for mine, theirs in _inner(first, second, pairs):
        if theirs in names:
            found[mine] = names[theirs]
    taken = set(names.values())
    for value, name in printed_names(second).items():
        if value not in found:
            found[value] = _free(name, taken)
            taken.add(found[value])
    return found


def _arguments(first: Func, second: Func) -> Iterator[Pairs]:
    """Ways to pair the arguments: by place, which counts if it leaves no difference; else by name."""
    by_name = dict(_by_name(first, second))
    if [a.type for a in first.args] == [a.type for a in second.args]:
        by_place = dict(zip(second.args, first.args, strict=True))
        if by_place != by_name:
            yield by_place
    yield by_name


def _by_name(first: Func, second: Func) -> Iterator[tuple[Value, Value]]:
    """Arguments of one name, or of one place where the names differ and the types do not."""
    named = {a.name: a for a in first.args if a.name}
    rest = [a for a in first.args if a.name not in {b.name for b in second.args}]
    for arg in second.args:
        if arg.name in named:
            yield arg, named[arg.name]
        else:
            alike = next((a for a in rest if a.type is arg.type), None)
            if alike is not None:
                rest.remove(alike)
                yield arg, alike


def _pair(first: Sequence[Instr], second: Sequence[Instr], pairs: Pairs) -> None:
    """Pair what computes the same of the same; between those, what does the same; then, what gives the same."""
    _paired(first, second, [*_numbered(first, second, pairs)], pairs, (_kind, _given))


def _paired(
    first: Sequence[Instr],
    second: Sequence[Instr],
    keys: Sequence[Sequence[Hashable]],
    pairs: Pairs,
    weaker: Sequence[Callable[[Instr], Hashable]],
) -> None:
    a = b = 0
    for block in _blocks(*keys):
        left, right = first[a : block.a], second[b : block.b]
        if weaker and left and right:
            listed = [[weaker[0](i) for i in body] for body in (left, right)]
            _paired(left, right, listed, pairs, weaker[1:])
        a, b = block.a + block.size, block.b + block.size
        for k in range(block.size):
            before, after = first[block.a + k], second[block.b + k]
            pairs.update(zip(after.results, before.results, strict=True))


def _blocks(first: Sequence[Hashable], second: Sequence[Hashable]) -> Iterator[difflib.Match]:
    """What both have in order. Equal beginnings and endings are found first: the rest is slow where much repeats."""
    shorter = min(len(first), len(second))
    head = next((n for n in range(shorter) if first[n] != second[n]), shorter)
    rest = shorter - head
    tail = next((n for n in range(rest) if first[-1 - n] != second[-1 - n]), rest)
    ends = len(first) - tail, len(second) - tail
    yield difflib.Match(0, 0, head)
    inner = difflib.SequenceMatcher(None, first[head : ends[0]], second[head : ends[1]])
    for a, b, size in inner.get_matching_blocks()[:-1]:
        yield difflib.Match(head + a, head + b, size)
    yield difflib.Match(*ends, tail)
    yield difflib.Match(len(first), len(second), 0)


def _numbered(
    first: Sequence[Instr], second: Sequence[Instr], pairs: Pairs
) -> tuple[list[int], list[int]]:
    """A number for each instruction: equal for equal ops on operands that are equal all the way up."""
    numbers: dict[Hashable, int] = {}
    known: dict[Value, Hashable] = {}
    for mine, theirs in pairs.items():
        known[mine] = known[theirs] = id(theirs)

    def number(instr: Instr) -> int:
        operands = tuple(known.get(o, operand_key(o)) for o in instr.operands)
        found = numbers.setdefault((_kind(instr), operands), len(numbers))
        known.update({r: (found, place) for place, r in enumerate(instr.results)})
        return found

    return [number(i) for i in first], [number(i) for i in second]


def _kind(instr: Instr) -> Hashable:
    """What an instruction does, whatever it does it to."""
    attrs = tuple((k, attr_text(v)) for k, v in instr.op.attrs().items())
    body = canonical(instr.op.body) if instr.op.body else ""
    types = tuple(v.type for v in (*instr.operands, *instr.results))
    return instr.op.name, attrs, types, body


def _given(instr: Instr) -> Hashable:
    """What an instruction gives, whatever it does."""
    return tuple(r.type for r in instr.results)


def _inner(first: Func, second: Func, pairs: Pairs) -> Iterator[tuple[Value, Value]]:
    """Values of fused bodies whose instructions are paired."""
    made = {r: i for i in first.body for r in i.results}
    for instr in second.body:
        other = made.get(pairs.get(instr.results[0], instr.results[0]))
        if instr.op.body and other is not None and other.op.body:
            inside = dict(zip(instr.op.body.args, other.op.body.args, strict=False))
            _pair(other.op.body.body, instr.op.body.body, inside)
            yield from inside.items()


def _free(name: str, taken: set[str]) -> str:
    found, count = name, 0
    while found in taken:
        count += 1
        found = f"{name}_{count}"
    return found
