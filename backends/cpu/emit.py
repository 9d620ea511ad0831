"""LLVM module -> optimised module -> object code."""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm

from .target import Target, machine
from .unlocked import alone, object_file, run_passes


def optimize(module: Any, target: Target, explicit: bool = False) -> Any:
    """A copy after LLVM's pipeline, without whatever nothing refers to.

    Code that is vectors and unrolled loops already, because we emitted it so, needs the short pipeline only.
    """
    generator, module = machine(target), alone(module)
    module.triple = target.triple
    module.data_layout = str(generator.target_data)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=1 if explicit else 3)
    tuning.loop_vectorization = tuning.slp_vectorization = not explicit
    tuning.loop_unrolling = tuning.loop_interleaving = not explicit
    passes = llvm.create_pass_builder(generator, tuning)
    run_passes(passes, module)
    cleaning = llvm.create_new_module_pass_manager()
    cleaning.add_global_dead_code_eliminate_pass()
    cleaning.run(module, passes)
    return module


def object_code(module: Any, target: Target) -> bytes:
    """What `optimize` returned as a relocatable object file."""
    return object_file(machine(target), module)


def undefined_symbols(module: Any) -> set[str]:
    """The functions that code expects to find when it is loaded."""
    return {f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")}
