"""`nn.functional`: what layers and losses compute, as plain functions. This page only re-exports."""

from __future__ import annotations

from .binary import binary_cross_entropy as binary_cross_entropy
from .binary import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from .classification import cross_entropy as cross_entropy
from .classification import nll_loss as nll_loss
from .divergence import kl_div as kl_div
from .dropout import dropout as dropout
from .linear import embedding as embedding
from .linear import linear as linear
from .linear import one_hot as one_hot
from .normalization import batch_norm as batch_norm
from .normalization import layer_norm as layer_norm
from .normalization import normalize as normalize
from .rectifier import celu as celu
from .rectifier import elu as elu
from .rectifier import hardsigmoid as hardsigmoid
from .rectifier import hardswish as hardswish
from .rectifier import hardtanh as hardtanh
from .rectifier import leaky_relu as leaky_relu
from .rectifier import prelu as prelu
from .rectifier import relu as relu
from .rectifier import relu6 as relu6
from .rectifier import selu as selu
from .regression import huber_loss as huber_loss
from .regression import l1_loss as l1_loss
from .regression import mse_loss as mse_loss
from .regression import smooth_l1_loss as smooth_l1_loss
from .smooth import gelu as gelu
from .smooth import logsigmoid as logsigmoid
from .smooth import mish as mish
from .smooth import sigmoid as sigmoid
from .smooth import silu as silu
from .smooth import softplus as softplus
from .smooth import softsign as softsign
from .smooth import tanh as tanh
from .smooth import tanhshrink as tanhshrink
from .softmax import log_softmax as log_softmax
from .softmax import softmax as softmax
from .softmax import softmin as softmin
