"""Pushing a domain's records over the API; each act answers as it does on the machine itself."""

from __future__ import annotations

from typing import Any

from mailstead.cli.remote.client import part
from mailstead.cli.session import SESSION


def call(act: str, name: str, body: Any, number: int) -> dict[str, Any]:
    """`list`, `plan`, `show`, `apply` or `undo` for a domain."""
    path = f"/domains/{part(name)}/dns/pushes" + (f"/{number}" if number else "")
    if act in ("list", "show"):
        found: dict[str, Any] = SESSION.api().get(path)
        return found
    path += "" if act == "plan" else f"/{act}"
    done: dict[str, Any] = SESSION.api().call("POST", path, body)
    return done
