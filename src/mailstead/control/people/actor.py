"""The actor: in whose name something is asked or done; the first argument of every service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Actor:
    """Who acts. `kind` decides what is visible and permitted, `name` stands in the audit trail."""

    kind: Literal["system", "operator"]
    name: str

    @classmethod
    def system(cls) -> Actor:
        """Mailstead itself: the worker, a node's event."""
        return cls(kind="system", name="system")

    @classmethod
    def operator(cls, name: str) -> Actor:
        """A person who runs the company; on the command line the name of the system's user."""
        return cls(kind="operator", name=name[:100] or "operator")

    @property
    def sees_everything(self) -> bool:
        """Whether every tenant's objects are visible to this actor."""
        return self.kind in ("system", "operator")

    def __str__(self) -> str:
        return self.name if self.kind == "system" else f"{self.kind}:{self.name}"
