"""A module's state as a dictionary of tensors, and back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ...tracer import Tensor, no_grad
from ...tracer.inplace import copy_
from ...tracer.shaping import detach
from ..parameter import Parameter
from .traversal import Traversal, joined


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` found on one side only."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Entry(NamedTuple):
    """One tensor of the state, and where it lives."""

    owner: Traversal
    table: str
    name: str
    tensor: Tensor


class Stateful(Traversal):
    """Saves and loads parameters and persistent buffers."""

    def _entries(self, prefix: str = "") -> Iterator[tuple[str, Entry]]:
        """Each key of the state_dict and what stands behind it; shared tensors come up under all their names."""
        paths = self.named_modules(prefix=prefix.removesuffix("."), remove_duplicate=False)
        for path, module in paths:
            for table in ("_parameters", "_buffers"):
                for name, tensor in module.__dict__[table].items():
                    if tensor is not None and not (
                        table == "_buffers" and name in module._transient
                    ):
                        yield joined(path, name), Entry(module, table, name, tensor)

    def state_dict(
        self,
        *,
        destination: dict[str, Any] | None = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> dict[str, Any]:
        """Every parameter and persistent buffer by its path. The tensors share the module's memory."""
        found = OrderedDict() if destination is None else destination
        for key, entry in self._entries(prefix):
            found[key] = entry.tensor if keep_vars else detach(entry.tensor)
        return found

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy values from a state_dict into this module (`assign`: take its tensors over instead of copying)."""
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        entries = dict(self._entries())
        keys = IncompatibleKeys(
            [k for k in entries if k not in state_dict], [k for k in state_dict if k not in entries]
        )
        pairs = [(k, e, state_dict[k]) for k, e in entries.items() if k in state_dict]
        problems = [p for k, e, v in pairs if (p := _problem(k, e.tensor, v))]
        errors = (_key_errors(keys) if strict else []) + problems
        if errors:
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t"
                + "\n\t".join(errors)
            )
        with no_grad():
            for _, entry, value in pairs:
                _take_over(entry, value) if assign else copy_(entry.tensor, value)
        return keys


def _key_errors(keys: IncompatibleKeys) -> list[str]:
    """One line for each kind of mismatch, unexpected keys after missing ones."""
    kinds = (("Missing", keys.missing_keys), ("Unexpected", keys.unexpected_keys))
    return [f"{kind} key(s) in state_dict: {_quoted(found)}. " for kind, found in kinds if found]


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{k}"' for k in keys)


def _problem(key: str, have: Tensor, given: Any) -> str | None:
    """Why a value cannot be loaded, if it cannot."""
    if not isinstance(given, Tensor):
        return (
            f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint '
            f"but received {type(given)}"
        )
    if given.shape != have.shape:
        return (
            f"size mismatch for {key}: copying a param with shape {given.shape!r} from checkpoint, "
            f"the shape in current model is {have.shape!r}."
        )
    return None


def _take_over(entry: Entry, value: Tensor) -> None:
    """Put a tensor in an entry's place."""
    if isinstance(entry.tensor, Parameter) and not isinstance(value, Parameter):
        value = Parameter(value, requires_grad=entry.tensor.requires_grad)
    entry.owner.__dict__[entry.table][entry.name] = value
