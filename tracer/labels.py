"""The names that PyTorch gives the nodes of its autograd graph, by which a tensor's `grad_fn` prints."""

from __future__ import annotations

from .var import Var

# Where PyTorch's name is not simply the op's.
SPECIAL = {
    "reshape": "View",
    "linear": "Addmm",
    "matmul": "Mm",
    "cast": "ToCopy",
    "log1p": "Log1P",
    "amax": "Amax",
    "amin": "Amin",
    "clamp_min": "ClampMin",
    "clamp_max": "ClampMax",
    "normalize": "NativeLayerNorm",
    "cross_entropy": "NllLoss",
    "take": "IndexSelect",
    "put": "IndexPut",
}


def default_label(op_name: str) -> str:
    """`log_softmax` -> `LogSoftmaxBackward0`."""
    camel = SPECIAL.get(op_name) or "".join(part.capitalize() for part in op_name.split("_"))
    return f"{camel}Backward0"


def node_name(var: Var) -> str:
    """The name of the graph node that made a Var."""
    if var.op is None:
        return "AccumulateGrad"
    return var.label or default_label(var.op.name)
