"""Numba as the front end: a kernel's Python source becomes an LLVM module with one exported C function.

Kernels are compiled under our own flags: no reference counting, no Python wrappers, pointer arguments. What Numba
leaves in the module beside the kernel is made internal, so that nothing of Numba's is needed when the code runs. This
uses parts of Numba that carry no promise of stability, which is why its version is pinned.
"""

from __future__ import annotations

import gc
import linecache
from collections.abc import Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, ClassVar

import llvmlite.binding as llvm
from llvmlite import ir as ll
from numba.core import types
from numba.core.compiler import CompilerBase, Flags, compile_extra
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import PassManager
from numba.core.cpu import CPUContext, FastMathOptions
from numba.core.fastmathpass import rewrite_module
from numba.core.target_extension import (
    CPU,
    dispatcher_registry,
    jit_registry,
    target_override,
    target_registry,
)
from numba.core.typed_passes import (
    IRLegalization,
    NativeLowering,
    NoPythonBackend,
    NopythonTypeInference,
    PreLowerStripPhis,
)
from numba.core.typing import mathdecl
from numba.core.typing.context import BaseContext
from numba.core.untyped_passes import FixupArgs, IRProcessing, ReconstructSSA, TranslateByteCode
from numba.cpython import (  # noqa: F401 - all but the last are registered by being imported
    builtins,
    iterators,
    mathimpl,
    numbers,
    rangeobj,
    tupleobj,
)

from .target import Target

TARGET = "tapeout"


class KernelError(RuntimeError):
    """A kernel that Numba refuses; the message ends in the source."""


class Slim(CompilerBase):
    """Numba's pipeline without what kernels never use: closures, contexts, literal unrolling, rewrites, inlining."""

    def define_pipelines(self) -> list[Any]:
        passes = PassManager("kernel")
        for step in (
            TranslateByteCode,
            FixupArgs,
            IRProcessing,
            ReconstructSSA,
            NopythonTypeInference,
            PreLowerStripPhis,
            IRLegalization,
            NativeLowering,
            NoPythonBackend,
        ):
            passes.add_pass(step, step.name())
        passes.finalize()
        return [passes]


def flags(fastmath: frozenset[str]) -> Flags:
    """How kernels are compiled: as plain C would be."""
    made = Flags()
    made.no_compile = True
    made.no_cpython_wrapper = True
    made.no_cfunc_wrapper = True
    made.nrt = False
    made.boundscheck = False
    made.error_model = "numpy"
    made.enable_looplift = False
    made.fastmath = FastMathOptions(set(fastmath))
    return made


class Typing(BaseContext):
    """What Numba knows about types, without NumPy: numbers, ranges, pointers, tuples, the math module."""

    def load_additional_registries(self) -> None:
        self.install_registry(mathdecl.registry)


class Lowering(CPUContext):
    """What Numba knows about code, as far as `Typing` goes. Loading all of it would take longer than a kernel takes."""

    def load_additional_registries(self) -> None:
        self.install_registry(mathimpl.registry)

    def post_lowering(self, module: Any, library: Any) -> None:
        """As Numba's, without linking its memory management."""
        if self.fastmath:
            rewrite_module(module, self.fastmath)


class Native(CPU):
    """A target of our own: Numba looks into our contexts for what it needs, and leaves its own, large ones alone."""


class Described:
    """How Numba finds a target's contexts."""

    targetdescr: ClassVar[Any]


def not_a_kernel(*options: Any, **named: Any) -> Any:
    """What Numba would implement in Python is compiled as a function of its own, slowly; kernels do without."""

    def refuse(function: Any) -> Any:
        raise KernelError(f"kernels cannot call {function.__qualname__}; write it out")

    return refuse


target_registry[TARGET] = Native
dispatcher_registry[Native] = Described
jit_registry[Native] = not_a_kernel


@cache
def _context(cpu: str) -> Any:
    own = Lowering(Typing(), TARGET)
    Described.targetdescr = SimpleNamespace(target_context=own, typing_context=own.typing_context)
    return own.with_aot_codegen("tapeout", cpu_name=cpu)


@global_compiler_lock
def compile_source(
    source: str,
    symbol: str,
    argument_types: Sequence[Any],
    target: Target,
    scope: Mapping[str, Any] | None = None,
    fastmath: frozenset[str] = frozenset({"contract"}),
) -> Any:
    """The unoptimised LLVM module of a kernel: `source` defines one function, exported as `symbol`."""
    context = _context(target.cpu)
    with target_override(TARGET):
        context.refresh()
    library = context.codegen().create_library(symbol)
    library._optimize_functions = _untouched  # LLVM's pipeline runs once, over the whole module
    function = _define(source, symbol, dict(scope or {}))
    collecting = gc.isenabled()
    gc.disable()  # it would run a dozen times, and find nothing
    try:
        with target_override(TARGET):
            compiled = compile_extra(
                context.typing_context,
                context,
                function,
                tuple(argument_types),
                types.void,
                flags(fastmath),
                locals={},
                library=library,
                pipeline_class=Slim,
            )
    except Exception as error:
        raise KernelError(
            f"Numba cannot compile the kernel '{symbol}': {error}\n\n{source}"
        ) from error
    finally:
        if collecting:
            gc.enable()
    module = library._final_module
    for linked in dict.fromkeys(library._linking_libraries):
        module.link_in(linked._get_module_for_linking(), preserve=True)
    module.link_in(llvm.parse_assembly(_export(context, compiled.fndesc, symbol)))
    return _internalized(module, symbol)


def _untouched(module: Any) -> None:
    """In place of Numba's own first optimisation."""


def _define(source: str, symbol: str, scope: dict[str, Any]) -> Any:
    """The Python function that a source defines; tracebacks and Numba's messages can show its lines."""
    filename = f"<kernel {symbol}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    before = set(scope)
    exec(compile(source, filename, "exec"), scope)
    (name,) = (n for n in scope if n not in before and not n.startswith("__"))
    return scope[name]


def _export(context: Any, description: Any, symbol: str) -> str:
    """A C function that calls the compiled kernel, as LLVM text."""
    glue = ll.Module(f"export.{symbol}")
    glue.triple = llvm.get_process_triple()
    kernel_type = context.call_conv.get_function_type(description.restype, description.argtypes)
    kernel = ll.Function(glue, kernel_type, description.llvm_func_name)
    arguments = [context.get_value_type(t) for t in description.argtypes]
    wrapper = ll.Function(glue, ll.FunctionType(ll.VoidType(), arguments), symbol)
    builder = ll.IRBuilder(wrapper.append_basic_block())
    places = [builder.alloca(p.type.pointee) for p in kernel.args[:2]]
    packed = context.get_arg_packer(description.argtypes).as_arguments(builder, list(wrapper.args))
    builder.call(kernel, [*places, *packed])
    builder.ret_void()
    return str(glue)


def _internalized(module: Any, symbol: str) -> Any:
    """Hide everything but the export."""
    for function in module.functions:
        if not function.is_declaration and function.name != symbol:
            function.linkage = "internal"
    for variable in module.global_variables:
        if not variable.is_declaration and variable.linkage != llvm.Linkage.private:
            variable.linkage = "internal"
    return module
