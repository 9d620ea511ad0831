"""Optimizers and learning-rate schedulers, with PyTorch's interface and PyTorch's numbers.

Each optimizer is one update rule in tensor operations, which runs eagerly or as part of a traced training step. State
and numeric hyper-parameters are tensors that such a program reads anew in every call.
"""

from __future__ import annotations

from . import lr_scheduler as lr_scheduler
from .adagrad import Adagrad as Adagrad
from .adam import Adam as Adam
from .adam import AdamW as AdamW
from .groups import ParamGroup as ParamGroup
from .optimizer import Optimizer as Optimizer
from .rmsprop import RMSprop as RMSprop
from .sgd import SGD as SGD
