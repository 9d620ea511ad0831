"""`torch.cuda`: what programs ask before they choose a device."""

from __future__ import annotations


def is_available() -> bool:
    """Is there a GPU backend?"""
    return False


def device_count() -> int:
    return 0


def manual_seed(seed: int) -> None:
    """Seed the GPUs' generators; with no GPU there is nothing to do."""


def manual_seed_all(seed: int) -> None:
    """As `manual_seed`."""


def empty_cache() -> None:
    """Give unused GPU memory back; with no GPU there is none."""


def synchronize() -> None:
    """Wait for the GPU; with no GPU nothing is pending."""
