"""Functions that fold dimensions away or work along one, gathered: this page only re-exports."""

from __future__ import annotations

from .extremum import amax as amax
from .extremum import amin as amin
from .extremum import argmax as argmax
from .extremum import argmin as argmin
from .extremum import max as max
from .extremum import min as min
from .ordering import argsort as argsort
from .ordering import median as median
from .ordering import sort as sort
from .ordering import topk as topk
from .running import cumprod as cumprod
from .running import cumsum as cumsum
from .running import log_softmax as log_softmax
from .running import softmax as softmax
from .totals import all as all
from .totals import any as any
from .totals import count_nonzero as count_nonzero
from .totals import logsumexp as logsumexp
from .totals import mean as mean
from .totals import norm as norm
from .totals import prod as prod
from .totals import std as std
from .totals import std_mean as std_mean
from .totals import sum as sum
from .totals import var as var
from .totals import var_mean as var_mean
