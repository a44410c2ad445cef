"""Is this machine fit to host mail? One check a file, each with a mend where there is one.

A check is a module of this folder with `check(context) -> Finding` and `mend(context)`; adding a
file adds a check.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from mailstead.mailplane.node.doctor._finding import Context, Finding

__all__ = ["Context", "Finding", "checks"]


def checks() -> dict[str, ModuleType]:
    """Every check by name."""
    names = [info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_")]
    return {name: importlib.import_module(f"{__name__}.{name}") for name in sorted(names)}
