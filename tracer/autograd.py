"""Backward: walk the tape that hangs off a Var, carry gradients to the leaves."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

from ..ir.autodiff import Step
from ..ir.autodiff import backward as walk
from ..ir.errors import IRError
from ..ir.ops.arithmetic import Add, Mul
from ..ir.ops.shaping import Expand
from ..ir.values import Const, Loc, Value
from .consumed import Consumed
from .eager import FREED, builder, emit
from .location import blame
from .modes import modes, no_grad
from .reading import read
from .tensor import Tensor, wrap
from .trace import known_name
from .var import Var, concrete
from .writing import write

Tensors = Tensor | Sequence[Tensor]
Grads = dict[Value, Value]
NOT_SCALAR = (
    "grad can be implicitly created only for scalar outputs, not for {}; "
    "pass gradient=, or take the mean() or sum() first"
)


def backward(
    tensors: Tensors,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> None:
    """Add d(tensors)/d(leaf) to the `.grad` of every leaf that requires it."""
    outputs = _listed(tensors)
    grads = _seeds(outputs, _listed(grad_tensors, len(outputs)))
    nodes = _nodes(grads)
    shared = {id(g.array) for g in grads.values() if isinstance(g, Var)}
    _walk(nodes, grads, create_graph)
    for node in nodes:
        tensor = node.leaf() if node.leaf else None
        if tensor is not None and node in grads:
            accumulate(tensor, _materialized(grads[node], node), create_graph, shared)
    if not (create_graph if retain_graph is None else retain_graph):
        _free(nodes)


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of outputs for inputs, without touching any `.grad`."""
    listed, targets = _listed(outputs), [read(t) for t in _listed(inputs)]
    for target in targets:
        if not target.needs_grad:
            raise blame(RuntimeError("One of the differentiated Tensors does not require grad"))
    grads = _seeds(listed, _listed(grad_outputs, len(listed)))
    nodes = _leading_to(targets, _nodes(grads))
    _walk(nodes, grads, create_graph)
    if not (create_graph if retain_graph is None else retain_graph):
        _free(nodes)
    return tuple(_result(t, grads, bool(allow_unused), materialize_grads) for t in targets)


def _result(target: Var, grads: Grads, allow_unused: bool, zeros: bool) -> Tensor | None:
    if target in grads or zeros:
        found = grads.get(target, Const(0.0, target.type.dtype))
        return wrap(_materialized(found, target))
    if allow_unused:
        return None
    raise blame(
        RuntimeError(
            "One of the differentiated Tensors appears to not have been used in the graph. "
            "Set allow_unused=True if this is the desired behavior."
        )
    )


def _materialized(value: Value, like: Var) -> Var:
    """A gradient as a Var; a constant one fills the shape."""
    return value if isinstance(value, Var) else emit(Expand(like.type.shape), value)


def _listed(tensors: Any, count: int | None = None) -> list[Any]:
    if tensors is None:
        return [None] * (count or 0)
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _seeds(outputs: list[Tensor], given: list[Tensor | None]) -> Grads:
    """The gradients to start from: 1 for a scalar, what the caller gave for anything else."""
    grads: Grads = {}
    for number, (output, g) in enumerate(zip(outputs, given, strict=True)):
        var = read(output)
        if not var.needs_grad:
            raise blame(
                RuntimeError(
                    f"element {number} of tensors does not require grad and does not have a grad_fn: it was made "
                    "without history, as under no_grad(), or by a compiled function that has gone backward itself"
                )
            )
        seed = _seed(var, g)
        grads[var] = builder().add(grads[var], seed) if var in grads else seed
    return grads


def _seed(var: Var, given: Tensor | None) -> Value:
    if given is None:
        if var.type.size != 1:
            raise blame(RuntimeError(NOT_SCALAR.format(var.type)))
        one = Const(1.0, var.type.dtype)
        return one if var.type.rank == 0 else builder().expand(one, shape=var.type.shape)
    seed = read(given)
    if seed.type.shape != var.type.shape:
        raise blame(
            RuntimeError(
                f"Mismatch in shape: grad_output[0] has a shape of {list(seed.type.shape)} and output[0] has a shape "
                f"of {list(var.type.shape)}."
            )
        )
    return builder().cast_to(seed, var.type.dtype)


def _nodes(grads: Grads) -> list[Var]:
    """Every Var that a gradient can reach, last made first."""
    found: set[Var] = set()
    waiting = [v for v in grads if isinstance(v, Var)]
    while waiting:
        var = waiting.pop()
        if var not in found:
            found.add(var)
            waiting += [o for o in var.operands if isinstance(o, Var) and o.needs_grad]
    return sorted(found, key=lambda v: v.sequence, reverse=True)


def _leading_to(targets: list[Var], nodes: list[Var]) -> list[Var]:
    """Those of the nodes (last made first) through which a gradient comes to a target."""
    useful = set(targets)
    for node in reversed(nodes):
        if any(o in useful for o in node.operands):
            useful.add(node)
    return [n for n in nodes if n in useful]


def _walk(nodes: list[Var], grads: Grads, create_graph: bool) -> None:
    saved, modes.grad = modes.grad, create_graph
    reached = set(nodes).__contains__
    locs = {} if modes.trace is None else modes.trace.locs()
    steps = (_step(n, locs.get(n)) for n in nodes if n.op is not None)
    try:
        walk(builder(), steps, grads, reached)
    except IRError as error:
        raise blame(error) from None
    finally:
        modes.grad = saved


def _step(node: Var, loc: Loc | None) -> Step:
    assert node.op is not None
    return Step(node.op, node.operands, node, _shell(node) if node.freed else None, loc)


def retain_grad(tensor: Tensor) -> None:
    """Treat a computed tensor as a leaf too: its gradient is kept."""
    var = read(tensor)
    if not var.needs_grad:
        raise blame(RuntimeError("can't retain_grad on Tensor that has requires_grad=False"))
    var.leaf = weakref.ref(tensor)


# ---- leaves


def accumulate(
    tensor: Tensor, share: Var, create_graph: bool = False, shared: set[int] | None = None
) -> None:
    """Add a share to a tensor's `.grad`, in place unless a graph of it is wanted."""
    shared = set() if shared is None else shared
    before = tensor.grad
    name = known_name(tensor)
    if name:
        share.name = share.name or f"d_{name}"
    if before is None:
        tensor.grad = wrap(_apart(share, shared) if create_graph else _owned(share, shared))
        return
    total = emit(Add(), read(before), share)
    if create_graph:
        tensor.grad = wrap(total)
    else:
        saved, modes.grad = modes.grad, False
        try:
            write(before, total)
        finally:
            modes.grad = saved


def _apart(share: Var, shared: set[int]) -> Var:
    """As `_owned`, for a gradient whose own history is wanted."""
    array = share.array
    if array is None or (array.flags.owndata and id(array) not in shared):
        shared.add(id(array))
        return share
    return emit(Mul(), share, Const(1.0, share.type.dtype))


def _owned(share: Var, shared: set[int]) -> Var:
    """A gradient whose memory nothing else uses: `g` itself may be many tensors' gradient, or a broadcast view."""
    array = share.array
    if array is None:
        return share
    if not array.flags.owndata or id(array) in shared:
        array = array.copy()
    shared.add(id(array))
    return concrete(array)


def clear_grad(tensor: Tensor, set_to_none: bool = True) -> None:
    """`zero_grad` of one tensor. What the gradient is does not matter, and so is not asked where it need not be."""
    if set_to_none:
        tensor.grad = None
    elif _is_consumed(tensor):
        tensor.grad = wrap(_owned(_zeros(tensor), set()))
    elif tensor.grad is not None:
        with no_grad():
            write(tensor.grad.detach_(), _zeros(tensor))


def _zeros(like: Tensor) -> Var:
    return emit(Expand(read(like).type.shape), Const(0.0, like.dtype))


def _is_consumed(tensor: Tensor) -> bool:
    if modes.trace is None:
        return isinstance(tensor._grad, Consumed)
    held = tensor.grad
    return held is not None and isinstance(held._var.storage, Consumed)


# ---- freeing


def _free(nodes: list[Var]) -> None:
    """Drop the values that a walked graph holds; its links stay, so that walking it again can say what is wrong."""
    shells: dict[Var, Var] = {}
    for node in reversed(nodes):
        if node.op is not None and not node.freed:
            node.operands = tuple(
                shells.setdefault(o, _shell(o)) if isinstance(o, Var) else o for o in node.operands
            )
            node.freed = True


def _shell(var: Var) -> Var:
    """A Var's place in the graph without its values."""
    if var.storage is FREED:
        return var
    shell = Var(var.type, None, FREED, var.name)
    shell.version = FREED.version + 1  # never current: reading it is an error
    shell.op, shell.operands, shell.needs_grad = var.op, var.operands, var.needs_grad
    shell.leaf, shell.label, shell.freed = var.leaf, var.label, var.freed
    shell.sequence = var.sequence
    return shell
