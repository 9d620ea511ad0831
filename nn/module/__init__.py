"""`Module`, in rooms: what it holds, how it is walked, saved and loaded, cast, called and printed."""

from __future__ import annotations

from .hooks import RemovableHandle as RemovableHandle
from .module import Module as Module
