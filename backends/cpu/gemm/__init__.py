"""Matrix products: kernels made for one product's sizes and strides, with whatever follows the product built in."""

from __future__ import annotations

from .choice import choose_tiling as choose_tiling
from .epilogue import Body as Body
from .epilogue import Epilogue as Epilogue
from .epilogue import Store as Store
from .kernel import gemm_kernel as gemm_kernel
from .product import Operand as Operand
from .product import Product as Product
from .product import ProductError as ProductError
from .tiling import Tiling as Tiling
