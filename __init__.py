"""tapeout: PyTorch-style programs, traced once and compiled ahead of time. This page only re-exports.

>>> import tapeout as torch
>>> torch.tensor([1.0, 2.0]) * 2
tensor([2., 4.])
"""

from __future__ import annotations

from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi
from typing import TYPE_CHECKING

from . import ir as ir
from . import lazy
from . import nn as nn
from . import tracer as tracer
from .ir.dtypes import DType as dtype
from .ir.dtypes import bfloat16 as bfloat16
from .ir.dtypes import bool_ as bool
from .ir.dtypes import float16 as float16
from .ir.dtypes import float16 as half
from .ir.dtypes import float32 as float
from .ir.dtypes import float32 as float32
from .ir.dtypes import float64 as double
from .ir.dtypes import float64 as float64
from .ir.dtypes import int8 as int8
from .ir.dtypes import int16 as int16
from .ir.dtypes import int16 as short
from .ir.dtypes import int32 as int
from .ir.dtypes import int32 as int32
from .ir.dtypes import int64 as int64
from .ir.dtypes import int64 as long
from .ir.dtypes import uint8 as uint8
from .nn.summary import summary as summary
from .torch_alias import install_as_torch as install_as_torch
from .tracer import autograd as autograd
from .tracer import cuda as cuda
from .tracer import return_types as return_types
from .tracer.creation import BoolTensor as BoolTensor
from .tracer.creation import DoubleTensor as DoubleTensor
from .tracer.creation import FloatTensor as FloatTensor
from .tracer.creation import IntTensor as IntTensor
from .tracer.creation import LongTensor as LongTensor
from .tracer.creation import arange as arange
from .tracer.creation import as_tensor as as_tensor
from .tracer.creation import empty as empty
from .tracer.creation import empty_like as empty_like
from .tracer.creation import eye as eye
from .tracer.creation import from_numpy as from_numpy
from .tracer.creation import full as full
from .tracer.creation import full_like as full_like
from .tracer.creation import linspace as linspace
from .tracer.creation import ones as ones
from .tracer.creation import ones_like as ones_like
from .tracer.creation import tensor as tensor
from .tracer.creation import zeros as zeros
from .tracer.creation import zeros_like as zeros_like
from .tracer.device import Device as device
from .tracer.einsum import einsum as einsum
from .tracer.errors import StaleError as StaleError
from .tracer.errors import TraceError as TraceError
from .tracer.indexing import bincount as bincount
from .tracer.indexing import gather as gather
from .tracer.indexing import index_add as index_add
from .tracer.indexing import index_copy as index_copy
from .tracer.indexing import index_fill as index_fill
from .tracer.indexing import index_select as index_select
from .tracer.indexing import masked_select as masked_select
from .tracer.indexing import nonzero as nonzero
from .tracer.indexing import scatter as scatter
from .tracer.indexing import scatter_add as scatter_add
from .tracer.indexing import take as take
from .tracer.indexing import take_along_dim as take_along_dim
from .tracer.indexing import unique as unique
from .tracer.inquiry import finfo as finfo
from .tracer.inquiry import iinfo as iinfo
from .tracer.inquiry import is_floating_point as is_floating_point
from .tracer.inquiry import is_tensor as is_tensor
from .tracer.inquiry import numel as numel
from .tracer.modes import enable_grad as enable_grad
from .tracer.modes import inference_mode as inference_mode
from .tracer.modes import is_grad_enabled as is_grad_enabled
from .tracer.modes import is_inference_mode_enabled as is_inference_mode_enabled
from .tracer.modes import no_grad as no_grad
from .tracer.modes import set_grad_enabled as set_grad_enabled
from .tracer.pointwise import abs as abs
from .tracer.pointwise import absolute as absolute
from .tracer.pointwise import add as add
from .tracer.pointwise import addcdiv as addcdiv
from .tracer.pointwise import addcmul as addcmul
from .tracer.pointwise import allclose as allclose
from .tracer.pointwise import bitwise_and as bitwise_and
from .tracer.pointwise import bitwise_not as bitwise_not
from .tracer.pointwise import bitwise_or as bitwise_or
from .tracer.pointwise import bitwise_xor as bitwise_xor
from .tracer.pointwise import ceil as ceil
from .tracer.pointwise import clamp as clamp
from .tracer.pointwise import clamp_max as clamp_max
from .tracer.pointwise import clamp_min as clamp_min
from .tracer.pointwise import clip as clip
from .tracer.pointwise import cos as cos
from .tracer.pointwise import div as div
from .tracer.pointwise import divide as divide
from .tracer.pointwise import eq as eq
from .tracer.pointwise import equal as equal
from .tracer.pointwise import erf as erf
from .tracer.pointwise import exp as exp
from .tracer.pointwise import expm1 as expm1
from .tracer.pointwise import floor as floor
from .tracer.pointwise import floor_divide as floor_divide
from .tracer.pointwise import fmod as fmod
from .tracer.pointwise import ge as ge
from .tracer.pointwise import greater as greater
from .tracer.pointwise import greater_equal as greater_equal
from .tracer.pointwise import gt as gt
from .tracer.pointwise import isclose as isclose
from .tracer.pointwise import isfinite as isfinite
from .tracer.pointwise import isinf as isinf
from .tracer.pointwise import isnan as isnan
from .tracer.pointwise import le as le
from .tracer.pointwise import lerp as lerp
from .tracer.pointwise import less as less
from .tracer.pointwise import less_equal as less_equal
from .tracer.pointwise import log as log
from .tracer.pointwise import log1p as log1p
from .tracer.pointwise import log2 as log2
from .tracer.pointwise import log10 as log10
from .tracer.pointwise import logical_and as logical_and
from .tracer.pointwise import logical_not as logical_not
from .tracer.pointwise import logical_or as logical_or
from .tracer.pointwise import logical_xor as logical_xor
from .tracer.pointwise import lt as lt
from .tracer.pointwise import masked_fill as masked_fill
from .tracer.pointwise import maximum as maximum
from .tracer.pointwise import minimum as minimum
from .tracer.pointwise import mul as mul
from .tracer.pointwise import multiply as multiply
from .tracer.pointwise import ne as ne
from .tracer.pointwise import neg as neg
from .tracer.pointwise import negative as negative
from .tracer.pointwise import not_equal as not_equal
from .tracer.pointwise import positive as positive
from .tracer.pointwise import pow as pow
from .tracer.pointwise import reciprocal as reciprocal
from .tracer.pointwise import relu as relu
from .tracer.pointwise import remainder as remainder
from .tracer.pointwise import round as round
from .tracer.pointwise import rsqrt as rsqrt
from .tracer.pointwise import sigmoid as sigmoid
from .tracer.pointwise import sign as sign
from .tracer.pointwise import sin as sin
from .tracer.pointwise import sqrt as sqrt
from .tracer.pointwise import square as square
from .tracer.pointwise import sub as sub
from .tracer.pointwise import subtract as subtract
from .tracer.pointwise import tan as tan
from .tracer.pointwise import tanh as tanh
from .tracer.pointwise import true_divide as true_divide
from .tracer.pointwise import trunc as trunc
from .tracer.pointwise import where as where
from .tracer.printing import set_printoptions as set_printoptions
from .tracer.products import addmm as addmm
from .tracer.products import addmv as addmv
from .tracer.products import addr as addr
from .tracer.products import baddbmm as baddbmm
from .tracer.products import bmm as bmm
from .tracer.products import dot as dot
from .tracer.products import matmul as matmul
from .tracer.products import mm as mm
from .tracer.products import mv as mv
from .tracer.products import outer as outer
from .tracer.program import Spec as Spec
from .tracer.program import spec as spec
from .tracer.program import trace as trace
from .tracer.program import trace_program as trace_program
from .tracer.promotion import can_cast as can_cast
from .tracer.promotion import get_default_dtype as get_default_dtype
from .tracer.promotion import promote_types as promote_types
from .tracer.promotion import result_type as result_type
from .tracer.promotion import set_default_dtype as set_default_dtype
from .tracer.random import Generator as Generator
from .tracer.random import bernoulli as bernoulli
from .tracer.random import default_generator as default_generator
from .tracer.random import get_rng_state as get_rng_state
from .tracer.random import initial_seed as initial_seed
from .tracer.random import manual_seed as manual_seed
from .tracer.random import multinomial as multinomial
from .tracer.random import normal as normal
from .tracer.random import rand as rand
from .tracer.random import rand_like as rand_like
from .tracer.random import randint as randint
from .tracer.random import randint_like as randint_like
from .tracer.random import randn as randn
from .tracer.random import randn_like as randn_like
from .tracer.random import randperm as randperm
from .tracer.random import seed as seed
from .tracer.random import set_rng_state as set_rng_state
from .tracer.reduction import all as all
from .tracer.reduction import amax as amax
from .tracer.reduction import amin as amin
from .tracer.reduction import any as any
from .tracer.reduction import argmax as argmax
from .tracer.reduction import argmin as argmin
from .tracer.reduction import argsort as argsort
from .tracer.reduction import count_nonzero as count_nonzero
from .tracer.reduction import cumprod as cumprod
from .tracer.reduction import cumsum as cumsum
from .tracer.reduction import log_softmax as log_softmax
from .tracer.reduction import logsumexp as logsumexp
from .tracer.reduction import max as max
from .tracer.reduction import mean as mean
from .tracer.reduction import median as median
from .tracer.reduction import min as min
from .tracer.reduction import norm as norm
from .tracer.reduction import prod as prod
from .tracer.reduction import softmax as softmax
from .tracer.reduction import sort as sort
from .tracer.reduction import std as std
from .tracer.reduction import std_mean as std_mean
from .tracer.reduction import sum as sum
from .tracer.reduction import topk as topk
from .tracer.reduction import var as var
from .tracer.reduction import var_mean as var_mean
from .tracer.shaping import broadcast_to as broadcast_to
from .tracer.shaping import cat as cat
from .tracer.shaping import chunk as chunk
from .tracer.shaping import clone as clone
from .tracer.shaping import concat as concat
from .tracer.shaping import concatenate as concatenate
from .tracer.shaping import detach as detach
from .tracer.shaping import diag as diag
from .tracer.shaping import diagonal as diagonal
from .tracer.shaping import expand as expand
from .tracer.shaping import flatten as flatten
from .tracer.shaping import flip as flip
from .tracer.shaping import hstack as hstack
from .tracer.shaping import meshgrid as meshgrid
from .tracer.shaping import moveaxis as moveaxis
from .tracer.shaping import movedim as movedim
from .tracer.shaping import narrow as narrow
from .tracer.shaping import permute as permute
from .tracer.shaping import repeat_interleave as repeat_interleave
from .tracer.shaping import reshape as reshape
from .tracer.shaping import roll as roll
from .tracer.shaping import select as select
from .tracer.shaping import split as split
from .tracer.shaping import squeeze as squeeze
from .tracer.shaping import stack as stack
from .tracer.shaping import swapaxes as swapaxes
from .tracer.shaping import swapdims as swapdims
from .tracer.shaping import t as t
from .tracer.shaping import tile as tile
from .tracer.shaping import transpose as transpose
from .tracer.shaping import tril as tril
from .tracer.shaping import triu as triu
from .tracer.shaping import unbind as unbind
from .tracer.shaping import unflatten as unflatten
from .tracer.shaping import unsqueeze as unsqueeze
from .tracer.shaping import vstack as vstack
from .tracer.size import Size as Size
from .tracer.tensor import Tensor as Tensor

if TYPE_CHECKING:
    from . import data as data
    from . import optim as optim
    from . import utils as utils
    from .compiler import compile as compile
    from .data.checkpoint import load as load
    from .data.checkpoint import save as save
    from .runtime.pool import get_num_threads as get_num_threads
    from .runtime.pool import set_num_threads as set_num_threads
else:
    __getattr__, __dir__ = lazy.page(
        __name__,
        {
            "data": ".data",
            "optim": ".optim",
            "utils": ".utils",
            "load": ".data.checkpoint",
            "save": ".data.checkpoint",
            "compile": ".compiler",
            "get_num_threads": ".runtime.pool",
            "set_num_threads": ".runtime.pool",
        },
    )

__version__ = "0.1.0"
