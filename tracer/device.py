"""Devices. There is the CPU; a GPU backend, where one is installed, adds "cuda"."""

from __future__ import annotations

from typing import Any


class Device:
    """`torch.device("cpu")`, `torch.device("cuda:0")`, `torch.device("cuda", 1)`."""

    __slots__ = ("index", "type")
    KINDS = ("cpu", "cuda", "mps", "xpu", "meta")

    def __init__(self, type: str | Device = "cpu", index: int | None = None) -> None:
        kind, _, number = str(type).partition(":")
        if kind not in self.KINDS or (number and not number.isdigit()):
            raise RuntimeError(
                f"Expected one of {', '.join(self.KINDS)} device type at start of device string: {type}"
            )
        self.type = kind
        self.index: int | None = int(number) if number else index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"


CPU = Device("cpu")


class MissingDeviceError(RuntimeError, AssertionError):
    """There is no such device here. PyTorch raises one or the other of the bases, depending on how it was built."""


def check_device(device: Any) -> None:
    """Refuse a device that is not here."""
    if device is None or device is CPU:
        return
    wanted = device if isinstance(device, Device) else Device(device)
    if wanted.type != "cpu":
        raise MissingDeviceError(
            f"tapeout has no '{wanted.type}' backend on this machine: found no device for '{wanted}'. "
            "Ask is_available() first, or use the device 'cpu'"
        )
