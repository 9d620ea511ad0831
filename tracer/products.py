"""Matrix products in all their spellings."""

from __future__ import annotations

from ..ir.ops.products import Linear, MatMul
from ..ir.values import Value
from .arithmetic import add, mul
from .eager import builder, emit
from .labelled import labelled, relabelled
from .location import blame, not_a_tensor
from .promotion import operand_value, result_type
from .reading import read
from .rounding import sign
from .tensor import Tensor

MATMUL, LINEAR = MatMul(), Linear()


def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product: of vectors, matrices, or batches of matrices (which broadcast)."""
    a, b = _matched("matmul", input, other)
    rank_a, rank_b = a.type.rank, b.type.rank
    if rank_a == 0 or rank_b == 0:
        raise blame(
            RuntimeError(
                f"both arguments to matmul need to be at least 1D, but they are {rank_a}D and {rank_b}D"
            )
        )
    left = a if rank_a > 1 else builder().reshape(a, shape=(1, *a.type.shape))
    right = b if rank_b > 1 else builder().reshape(b, shape=(*b.type.shape, 1))
    product: Value = emit(MATMUL, left, right)
    shape = product.type.shape
    if rank_a == 1:
        shape = (*shape[:-2], shape[-1])
    if rank_b == 1:
        shape = shape[:-1]
    return labelled(builder().reshape_to(product, shape), _product_label(rank_a, rank_b))


def _product_label(rank_a: int, rank_b: int) -> str:
    if (rank_a, rank_b) == (1, 1):
        return "DotBackward0"
    if rank_b == 1 and rank_a == 2:
        return "MvBackward0"
    if rank_a <= 2 and rank_b <= 2:
        return "MmBackward0" if rank_a == 2 else "SqueezeBackward4"
    if rank_a == 2:
        return "CloneBackward0"
    return "UnsafeViewBackward0"


def _matched(name: str, *tensors: Tensor) -> list[Value]:
    """Matrix products do not promote: the dtypes must be equal."""
    for given in tensors:
        if not isinstance(given, Tensor):
            raise not_a_tensor(given)
    first = tensors[0]
    for other in tensors[1:]:
        if other.dtype is not first.dtype:
            raise blame(
                RuntimeError(
                    f"{name}: expected m1 and m2 to have the same dtype, but got: {first.dtype} != {other.dtype}; cast "
                    "one of them with .to()"
                )
            )
    return [read(t) for t in tensors]


def _ranked(name: str, rank: int, *tensors: Tensor) -> None:
    for tensor in tensors:
        if tensor.ndim != rank:
            raise blame(
                RuntimeError(
                    f"{name}: expected tensors of {rank} dimensions, but one has shape {list(tensor.shape)}"
                )
            )


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices."""
    _ranked("mm", 2, input, mat2)
    return matmul(input, mat2)


def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices."""
    _ranked("bmm", 3, input, mat2)
    if input.shape[0] != mat2.shape[0]:
        raise blame(
            RuntimeError(
                f"bmm: the batch sizes differ, {input.shape[0]} and {mat2.shape[0]} "
                f"(shapes {list(input.shape)} and {list(mat2.shape)})"
            )
        )
    return labelled(emit(MATMUL, *_matched("bmm", input, mat2)), "BmmBackward0")


def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix times a vector."""
    _ranked("mv", 1, vec)
    return matmul(input, vec)


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The inner product of two vectors."""
    _ranked("dot", 1, input, tensor)
    if input.shape != tensor.shape:
        raise blame(
            RuntimeError(
                "inconsistent tensor size, expected tensor "
                f"[{input.shape[0]}] and src [{tensor.shape[0]}] to have the same number of elements"
            )
        )
    return matmul(input, tensor)


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every product of an element of one vector with one of the other."""
    _ranked("outer", 1, input, vec2)
    column = builder().reshape(read(input), shape=(input.shape[0], 1))
    return labelled(
        builder().mul(column, operand_value(vec2, result_type(input, vec2))), "MulBackward0"
    )


def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta·input + alpha·(mat1 @ mat2)."""
    _ranked("addmm", 2, mat1, mat2)
    return _added(input, mm(mat1, mat2), beta, alpha, "AddmmBackward0")


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input @ weightᵀ + bias, the weight being [out, in]."""
    operands = _matched("linear", input, weight, *([] if bias is None else [bias]))
    if weight.ndim == 1:
        product = matmul(input, weight)
        return product if bias is None else add(product, bias)
    return labelled(emit(LINEAR, *operands), _linear_label(input.ndim, bias is not None))


def _linear_label(rank: int, biased: bool) -> str:
    if rank == 2:
        return "AddmmBackward0" if biased else "MmBackward0"
    if rank == 1:
        return "ViewBackward0" if biased else "SqueezeBackward4"
    return "ViewBackward0" if biased else "UnsafeViewBackward0"


def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta·input + alpha·(batch1 @ batch2), batch by batch."""
    return _added(input, bmm(batch1, batch2), beta, alpha, "BaddbmmBackward0")


def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta·input + alpha·(mat @ vec)."""
    return _added(input, mv(mat, vec), beta, alpha, "AddmvBackward0")


def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta·input + alpha·(the outer product of two vectors)."""
    return _added(input, outer(vec1, vec2), beta, alpha, "AddrBackward0")


def _added(input: Tensor, product: Tensor, beta: float, alpha: float, label: str) -> Tensor:
    """A product added to something; beta=0 leaves even NaN out."""
    scaled = product if alpha == 1 else mul(product, alpha)
    if beta == 0:
        return relabelled(add(scaled, mul(sign(input), 0)), label)
    return relabelled(add(input if beta == 1 else mul(input, beta), scaled), label)
