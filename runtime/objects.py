"""Which symbols an object file defines and which it needs: read from ELF, Mach-O and COFF files.

The loader asks before it links, because LLVM's linker binds whatever name happens to be in the process.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

ELF_SYMBOL_TABLE = 2
MACHO_SYMBOL_TABLE = 2
COFF_MACHINES = (0x8664, 0xAA64)
COFF_EXTERNAL = 2


class ObjectError(ValueError):
    """Bytes that are not an object file of a known format."""


@dataclass(frozen=True)
class Symbols:
    """The global names of an object file."""

    defined: frozenset[str]
    undefined: frozenset[str]


def symbols(code: bytes) -> Symbols:
    """Read an object file's table of global symbols."""
    try:
        found = list(_reader(code))
    except (struct.error, ValueError, IndexError) as error:
        if isinstance(error, ObjectError):
            raise
        raise ObjectError(f"the object file ({len(code)} bytes) is damaged: {error}") from error
    return Symbols(
        frozenset(name for name, defined in found if defined),
        frozenset(name for name, defined in found if not defined),
    )


def _reader(code: bytes) -> Iterator[tuple[str, bool]]:
    """The (name, is defined) pairs of a file in whichever format it is."""
    if code[:6] == b"\x7fELF\x02\x01":
        return _elf(code)
    if code[:4] == b"\xcf\xfa\xed\xfe":
        return _macho(code)
    if len(code) > 20 and struct.unpack_from("<H", code)[0] in COFF_MACHINES:
        return _coff(code)
    raise ObjectError(
        f"{len(code)} bytes that begin with {code[:8]!r} are no 64-bit little-endian ELF, "
        "Mach-O or COFF object file"
    )


def _elf(code: bytes) -> Iterator[tuple[str, bool]]:
    (sections_at,) = struct.unpack_from("<Q", code, 0x28)
    section_size, section_count = struct.unpack_from("<HH", code, 0x3A)
    headers = [
        struct.unpack_from("<IIQQQQIIQQ", code, sections_at + index * section_size)
        for index in range(section_count)
    ]
    for _, kind, _, _, offset, size, link, _, _, entry_size in headers:
        if kind == ELF_SYMBOL_TABLE:
            names_at = headers[link][4]
            for at in range(offset, offset + size, entry_size):
                name, info, _, section = struct.unpack_from("<IBBH", code, at)
                if info >> 4 and name:  # binding: local symbols are nobody else's business
                    yield _text(code, names_at + name), section != 0


def _macho(code: bytes) -> Iterator[tuple[str, bool]]:
    (command_count,) = struct.unpack_from("<I", code, 16)
    at = 32
    for _ in range(command_count):
        command, size = struct.unpack_from("<II", code, at)
        if command == MACHO_SYMBOL_TABLE:
            yield from _macho_table(code, *struct.unpack_from("<III", code, at + 8))
        at += size


def _macho_table(
    code: bytes, table_at: int, count: int, names_at: int
) -> Iterator[tuple[str, bool]]:
    for at in range(table_at, table_at + 16 * count, 16):
        name, kind = struct.unpack_from("<IB", code, at)
        if kind & 0x01 and not kind & 0xE0:  # external, and not for a debugger
            # C names carry an underscore in front.
            yield _text(code, names_at + name).removeprefix("_"), bool(kind & 0x0E)


def _coff(code: bytes) -> Iterator[tuple[str, bool]]:
    table_at, count = struct.unpack_from("<II", code, 8)
    names_at = table_at + 18 * count
    index = 0
    while index < count:
        at = table_at + 18 * index
        value, section, _, storage, auxiliary = struct.unpack_from("<IhHBB", code, at + 8)
        if storage == COFF_EXTERNAL:
            yield _coff_name(code, at, names_at), section != 0 or value != 0
        index += 1 + auxiliary


def _coff_name(code: bytes, at: int, names_at: int) -> str:
    if code[at : at + 4] == b"\0\0\0\0":
        return _text(code, names_at + int(struct.unpack_from("<I", code, at + 4)[0]))
    return code[at : at + 8].rstrip(b"\0").decode()


def _text(code: bytes, at: int) -> str:
    return code[at : code.index(b"\0", at)].decode()
