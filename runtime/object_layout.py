"""Where Python keeps the slots of an object, so that compiled code can follow them without calling Python.

Offsets are read from the class and then tried on an object of it, so an interpreter that keeps its objects otherwise is
found out before any code relies on them.
"""

from __future__ import annotations

import ctypes
import inspect
import platform
import types
from dataclasses import dataclass
from typing import Any

# In a member descriptor: its class, its definition; in the definition: what it is, and where in the object.
_OWNER, _DEFINITION = 16, 40
_KIND, _OFFSET = 8, 16
_SLOT = 16  # the kind of a member that `__slots__` made
_POINTER_BYTES = 8


class LayoutError(RuntimeError):
    """A class whose objects compiled code cannot look into."""


@dataclass(frozen=True)
class Unwrap:
    """How to get from an object to the array in it: follow object pointers at these byte offsets.

    Objects of exactly one of `types` are followed, and only if every path in `require`, from the same object, ends at
    the very object given with it. A slot that holds nothing ends the attempt.
    """

    types: tuple[type, ...]
    hops: tuple[int, ...]
    require: tuple[tuple[tuple[int, ...], object], ...] = ()

    def __post_init__(self) -> None:
        if not self.types:
            raise ValueError("an Unwrap without types finds nothing; name the classes it is for")
        if not self.hops or not all(path for path, _ in self.require):
            raise ValueError(
                f"the paths of an Unwrap need one offset or more, not {self.hops} with requirements "
                f"at {[path for path, _ in self.require]}; slot_offset() finds offsets"
            )


def slot_offset(cls: type, name: str) -> int:
    """How many bytes into an object of a class its slot `name` lies; subclasses have it there too."""
    member = inspect.getattr_static(cls, name, None)
    if not isinstance(member, types.MemberDescriptorType):
        raise LayoutError(
            f"{cls.__name__}.{name} is no slot but {_kind(member)}; compiled code can follow only "
            f"what the class names in __slots__"
        )
    offset = _offset_of(member)
    if offset is None or not _reads_back(cls, member, offset):
        raise LayoutError(
            f"slot {cls.__name__}.{name} is not where compiled code would look for it in "
            f"{platform.python_implementation()} {platform.python_version()}"
        )
    return offset


def _kind(member: object) -> str:
    return "missing" if member is None else f"a {type(member).__name__}"


def _offset_of(member: Any) -> int | None:
    if ctypes.sizeof(ctypes.c_void_p) != _POINTER_BYTES:
        return None
    if pointer_at(id(member) + _OWNER) != id(member.__objclass__):
        return None
    definition = pointer_at(id(member) + _DEFINITION)
    if ctypes.c_int.from_address(definition + _KIND).value != _SLOT:
        return None
    return ctypes.c_ssize_t.from_address(definition + _OFFSET).value


def _reads_back(cls: type, member: Any, offset: int) -> bool:
    if not 2 * _POINTER_BYTES <= offset <= cls.__basicsize__ - _POINTER_BYTES:
        return False
    probe: Any = object.__new__(cls)
    content = object()
    if pointer_at(id(probe) + offset) != 0:
        return False
    member.__set__(probe, content)
    found = pointer_at(id(probe) + offset)
    member.__delete__(probe)
    return found == id(content)


def pointer_at(address: int) -> int:
    """The pointer that memory holds at an address; 0 for null."""
    return ctypes.c_void_p.from_address(address).value or 0
