"""Modules that hold modules or parameters."""

from __future__ import annotations

from .mapping import ModuleDict as ModuleDict
from .numbered import ModuleList as ModuleList
from .parameters import ParameterList as ParameterList
from .sequential import Sequential as Sequential
