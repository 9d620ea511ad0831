"""Elementwise ops as LLVM vector code: any number of lanes, one lane being a plain scalar. Needs llvmlite only."""

from __future__ import annotations

from .expression import emit_body as emit_body
from .expression import emit_instructions as emit_instructions
from .expression import emit_op as emit_op
from .kinds import Vector as Vector
from .kinds import first_lanes as first_lanes
from .kinds import load as load
from .kinds import splat as splat
from .kinds import storage_type as storage_type
from .kinds import store as store
