"""The table of functions that must do what PyTorch's do: one entry each, with calls that show its options."""

from __future__ import annotations

from function_table_arithmetic import ARITHMETIC
from function_table_creation import CASTS, CREATION
from function_table_picking import PICKING
from function_table_pointwise import COMPARISON, ELEMENTARY
from function_table_products import PRODUCTS
from function_table_reduction import REDUCTION
from function_table_shape import SHAPE

TABLE = (
    *CREATION,
    *ARITHMETIC,
    *COMPARISON,
    *ELEMENTARY,
    *REDUCTION,
    *SHAPE,
    *PICKING,
    *PRODUCTS,
    *CASTS,
)
