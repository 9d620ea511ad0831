"""`einsum`: sums of products by index letters, as permutes, reshapes and one batched matrix product per operand."""

from __future__ import annotations

import math
from typing import Any

from .location import blame
from .pointwise import mul
from .products import matmul
from .reduction import sum as summed
from .shaping import permute, reshape, unsqueeze
from .slicing import diagonal
from .tensor import Tensor

Letters = str


def einsum(equation: str, *operands: Any) -> Tensor:
    """`einsum("bij,bjk->bik", a, b)`. Each letter is a dimension; letters missing on the right are summed over."""
    tensors = (
        list(operands[0])
        if len(operands) == 1 and isinstance(operands[0], (list, tuple))
        else list(operands)
    )
    inputs, output = _terms(equation, tensors)
    terms = [_diagonal_free(letters, t) for letters, t in zip(inputs, tensors, strict=True)]
    letters, result = terms[0]
    for number, (other_letters, other) in enumerate(terms[1:], 2):
        needed = set(output).union(*(n for n, _ in terms[number:]))
        letters, result = _pair(letters, result, other_letters, other, needed)
    return _arranged(letters, result, output)


def _terms(equation: str, tensors: list[Tensor]) -> tuple[list[Letters], Letters]:
    """The letters of each operand and of the result, with `...` spelled out."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    inputs = left.split(",")
    if len(inputs) != len(tensors):
        raise blame(
            RuntimeError(
                f"einsum(): '{equation}' describes {len(inputs)} operands, but {len(tensors)} are given"
            )
        )
    spare = "".join(c for c in map(chr, range(0x100, 0x140)))
    widest = max(
        (t.ndim - len(s.replace("...", "")) for s, t in zip(inputs, tensors, strict=True)),
        default=0,
    )
    dots = spare[:widest] if "..." in left else ""
    named = [_spelled(s, t, dots, equation) for s, t in zip(inputs, tensors, strict=True)]
    if arrow:
        return named, right.replace("...", dots)
    everything = "".join(named)
    once = sorted(c for c in set(everything) if everything.count(c) == 1 and c not in dots)
    return named, dots + "".join(once)


def _spelled(term: Letters, tensor: Tensor, dots: str, equation: str) -> Letters:
    own = tensor.ndim - len(term.replace("...", ""))
    fits = own >= 0 if "..." in term else own == 0
    if not fits:
        raise blame(
            RuntimeError(
                f"einsum(): the subscripts '{term}' in '{equation}' name {len(term.replace('...', ''))} dimensions, "
                f"but the operand has shape {list(tensor.shape)}"
            )
        )
    return term.replace("...", dots[len(dots) - own :] if own else "")


def _diagonal_free(letters: Letters, tensor: Tensor) -> tuple[Letters, Tensor]:
    """Each letter once: where one is repeated, the diagonal of its dimensions takes their place."""
    for letter in letters:
        first, second = letters.index(letter), letters.rindex(letter)
        if first != second:
            rest = letters[:first] + letters[first + 1 : second] + letters[second + 1 :]
            return _diagonal_free(rest + letter, diagonal(tensor, 0, first, second))
    return letters, tensor


def _pair(a: Letters, x: Tensor, b: Letters, y: Tensor, needed: set[str]) -> tuple[Letters, Tensor]:
    """The product of two terms, summed over the letters that nobody needs any more."""
    x, a = _dropped(a, x, needed | set(b))
    y, b = _dropped(b, y, needed | set(a))
    shared = [c for c in a if c in b]
    batch = [c for c in shared if c in needed or _size(a, x, c) != _size(b, y, c)]
    inner = [c for c in shared if c not in batch]
    if not inner:
        return _outer(a, x, b, y)
    only_a, only_b = [c for c in a if c not in b], [c for c in b if c not in a]
    left = _grouped(a, x, batch, only_a, inner)
    right = _grouped(b, y, batch, inner, only_b)
    product = matmul(left, right)
    sizes = [
        *product.shape[: len(batch)],
        *(_size(a, x, c) for c in only_a),
        *(_size(b, y, c) for c in only_b),
    ]
    return "".join(batch + only_a + only_b), reshape(product, *sizes)


def _outer(a: Letters, x: Tensor, b: Letters, y: Tensor) -> tuple[Letters, Tensor]:
    """No common letter to sum over: a broadcast product."""
    letters = a + "".join(c for c in b if c not in a)
    return letters, mul(_aligned(a, x, letters), _aligned(b, y, letters))


def _aligned(own: Letters, x: Tensor, letters: Letters) -> Tensor:
    x = permute(x, *(own.index(c) for c in letters if c in own))
    for place, c in enumerate(letters):
        if c not in own:
            x = unsqueeze(x, place)
    return x


def _size(letters: Letters, x: Tensor, c: str) -> int:
    return x.shape[letters.index(c)]


def _grouped(
    letters: Letters, x: Tensor, batch: list[str], rows: list[str], columns: list[str]
) -> Tensor:
    """x as a batch of matrices."""
    x = permute(x, *(letters.index(c) for c in [*batch, *rows, *columns]))
    split = len(batch), len(batch) + len(rows)
    shape = x.shape
    return reshape(
        x, *shape[: split[0]], math.prod(shape[split[0] : split[1]]), math.prod(shape[split[1] :])
    )


def _dropped(letters: Letters, x: Tensor, needed: set[str]) -> tuple[Tensor, Letters]:
    """Summed over the letters that nobody else has."""
    dims = tuple(i for i, c in enumerate(letters) if c not in needed)
    return (summed(x, dims) if dims else x), "".join(c for c in letters if c in needed)


def _arranged(letters: Letters, x: Tensor, output: Letters) -> Tensor:
    x, letters = _dropped(letters, x, set(output))
    for c in output:
        if c not in letters:
            raise blame(
                RuntimeError(f"einsum(): the output letter '{c}' does not appear in any operand")
            )
    order = [letters.index(c) for c in output]
    return x if order == list(range(len(order))) else permute(x, *order)
