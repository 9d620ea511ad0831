"""Loading object code: linking, what is refused, lifetimes; and reading the symbols of object files."""

from __future__ import annotations

import ctypes
import gc
import math
import weakref
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from tapeout.runtime import objects
from tapeout.runtime.assemble import assemble
from tapeout.runtime.loader import LoadError, load

USES = """
declare double @exp(double)
declare i64 @helper(i64)
define double @grow(double %x) {
  %y = call double @exp(double %x)
  ret double %y
}
define i64 @call_helper(i64 %x) {
  %y = call i64 @helper(i64 %x)
  ret i64 %y
}
define internal i64 @private(i64 %x) noinline {
  ret i64 %x
}
"""
HELPS = "define i64 @helper(i64 %x) {\n  %y = mul i64 %x, 7\n  ret i64 %y\n}"
EVIL = """
declare i64 @system(ptr)
define i64 @never_called(ptr %x) {
  %y = call i64 @system(ptr %x)
  ret i64 %y
}
"""


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TAPEOUT_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("TAPEOUT_CACHE", raising=False)


def _object(text: str, triple: str) -> bytes:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(triple).create_target_machine(reloc="pic")
    module = llvm.parse_assembly(text)
    module.triple = triple
    module.data_layout = str(machine.target_data)
    return bytes(machine.emit_object(module))


def test_objects_are_linked_with_each_other_and_with_libm() -> None:
    library = load([assemble(USES), assemble(HELPS)])
    grow = library.function("grow", ctypes.c_double, ctypes.c_double)
    call = library.function("call_helper", ctypes.c_int64, ctypes.c_int64)
    assert grow(1.5) == pytest.approx(math.exp(1.5), rel=1e-15)
    assert call(6) == 42


def test_an_import_gives_an_address_to_a_name() -> None:
    callback = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(lambda x: x + 1000)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    assert address
    library = load([assemble(USES)], ["call_helper"], {"helper": address})
    assert library.function("call_helper", ctypes.c_int64, ctypes.c_int64)(5) == 1005


def test_only_what_is_exported_has_an_address() -> None:
    library = load([assemble(USES), assemble(HELPS)], ["grow"])
    assert library.address("grow") > 0
    with pytest.raises(LoadError, match=r"does not export 'helper'; it exports grow"):
        library.address("helper")


def test_missing_symbols_are_named() -> None:
    with pytest.raises(LoadError, match=r"needs 'helper', which no object defines.*`imports`"):
        load([assemble(USES)])


def test_what_happens_to_be_in_the_process_is_refused_even_where_never_called() -> None:
    assert ctypes.CDLL(None).system
    with pytest.raises(LoadError, match=r"needs 'system'.*not among the C functions"):
        load([assemble(HELPS), assemble(EVIL)], ["helper"])


def test_a_symbol_defined_twice_is_named() -> None:
    with pytest.raises(LoadError, match="more than one object defines 'helper'"):
        load([assemble(USES), assemble(HELPS), assemble(HELPS + "\n; again")])


def test_a_symbol_both_defined_and_imported_is_named() -> None:
    with pytest.raises(LoadError, match="'helper' is imported, but the objects define it too"):
        load([assemble(HELPS)], imports={"helper": 1})


def test_an_export_that_nobody_defines_is_named() -> None:
    with pytest.raises(LoadError, match="'nope' is to be exported, but no object defines it"):
        load([assemble(HELPS)], ["helper", "nope"])


@pytest.mark.parametrize("code", [b"", b"not an object file at all, whatever it may be"])
def test_what_is_no_object_file_is_refused(code: bytes) -> None:
    with pytest.raises(
        LoadError, match=rf"object 1 cannot be loaded: {len(code)} bytes that begin"
    ):
        load([assemble(HELPS), code])


def test_an_object_cut_short_is_refused() -> None:
    with pytest.raises(LoadError, match=r"object 0 cannot be loaded: .* is damaged"):
        load([assemble(HELPS)[:200]])


def test_a_function_keeps_its_library_and_the_last_one_releases_it() -> None:
    library = load([assemble(HELPS)])
    gone, code = weakref.ref(library), weakref.ref(library._tracker)
    function = library.function("helper", ctypes.c_int64, ctypes.c_int64)
    del library
    gc.collect()
    assert code() is not None
    assert function(3) == 21
    del function
    gc.collect()
    assert gone() is None
    assert code() is None


def test_libraries_with_the_same_symbols_live_side_by_side() -> None:
    texts = [HELPS.replace("7", str(factor)) for factor in (2, 3, 5)]
    libraries = [load([assemble(text)]) for text in texts]
    helpers = [each.function("helper", ctypes.c_int64, ctypes.c_int64) for each in libraries]
    assert [helper(10) for helper in helpers] == [20, 30, 50]


@pytest.mark.parametrize(
    "triple, magic",
    [
        ("x86_64-unknown-linux-gnu", b"\x7fELF"),
        ("aarch64-unknown-linux-gnu", b"\x7fELF"),
        ("arm64-apple-darwin24.1.0", b"\xcf\xfa\xed\xfe"),
        ("x86_64-apple-darwin24.1.0", b"\xcf\xfa\xed\xfe"),
        ("x86_64-pc-windows-msvc", b"\x64\x86"),
    ],
)
def test_symbols_are_read_from_the_objects_of_every_system(triple: str, magic: bytes) -> None:
    code = _object(USES.replace("call_helper", "a_name_of_more_than_eight_letters"), triple)
    assert code.startswith(magic)
    found = objects.symbols(code)
    assert {"grow", "a_name_of_more_than_eight_letters"} <= found.defined
    assert {"exp", "helper"} <= found.undefined
    assert not {"private", "exp", "helper"} & found.defined
    assert not found.defined & found.undefined


def test_assembled_code_is_kept_on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = HELPS.replace("helper", "kept_helper")
    code = assemble(text)
    assemble.cache_clear()
    (stored,) = tmp_path.glob("??/*.bin")
    assert stored.read_bytes().endswith(code)
    monkeypatch.delattr("tapeout.runtime.assemble._assemble")
    assert assemble(text) == code
    with pytest.raises(NameError, match="_assemble"):
        assemble(text + "\n; changed")
